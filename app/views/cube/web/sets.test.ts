// The correlation's sets as slices look them up, against the lists that they were made of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf, heldAt, momentOf, setsOf } from "./sets.ts";
import type { SetArrays } from "./types.ts";

const LAYERS = [1, 4]; // of six
const CLASSES: Record<number, number[]> = { 2: [0, 2], 5: [1], 7: [] }; // of nine: their moments
const ITERATIONS = [100, 300, 400];
const HELD = [
  [3, 0, 1],
  [0, 8, 2],
];

const lists = Object.values(CLASSES);
const starts = lists.reduce((found, list) => [...found, found.at(-1)! + list.length], [0]);
const arrays = {
  layer: Int32Array.from(LAYERS),
  class: Int32Array.from(Object.keys(CLASSES), Number),
  iteration: Int32Array.from(ITERATIONS),
  class_start: Int32Array.from(starts),
  class_iteration: Int32Array.from(lists.flat()),
  holds: Uint8Array.from(HELD.flat()),
} as Partial<SetArrays> as SetArrays;
const meta = { layers: 6, classes: 9, snapshots: 5, reason: null, message: "" };
const sets = setsOf({ arrays, meta });

test("layers and classes that the grid leaves out have no row and no column", () => {
  assert.deepEqual([...sets.row], [-1, 0, -1, -1, 1, -1]);
  assert.deepEqual([...sets.column], [-1, -1, 0, -1, -1, 1, -1, 2, -1]);
  assert.deepEqual([sets.width, sets.grid], [3, 3]);
});

test("each class has its moments; of others, and of those that the run has not, there are none", () => {
  for (let id = -1; id < 12; id++) {
    const [from, to] = entriesOf(sets, id);
    assert.deepEqual([...sets.class_iteration.subarray(from, to)], CLASSES[id] ?? []);
  }
});

test("a layer holds at a moment what it held", () => {
  for (let layer = 0; layer < 6; layer++) {
    const held = ITERATIONS.map((_, moment) => heldAt(sets, layer, moment));
    assert.deepEqual(held, HELD[LAYERS.indexOf(layer)] ?? [0, 0, 0]);
  }
});

test("a moment is found by its iteration", () => {
  assert.deepEqual(
    [100, 200, 300, 400].map((iteration) => momentOf(sets, iteration)),
    [0, -1, 1, 2],
  );
});
