// When what happened in a run lies on the axis of several, and which mark a place means.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Arrays, type Mark, nearest, tickOf, words } from "./eventmarks.ts";

const whole = (...values: number[]) => Int32Array.from(values);
const ARRAYS = {
  "own.0": whole(100, 200, 400),
  "place.0": whole(0, 3, 4),
  "at.0": whole(200),
  "classes.0": whole(1),
  "images.0": whole(12),
  "right.0": Uint8Array.of(1),
} as Partial<Arrays> as Arrays;

describe("the tick of an iteration", () => {
  for (const [iteration, tick] of [
    [100, 0],
    [200, 3],
    [400, 4],
    [150, 1.5],
    [300, 3.5],
    [50, 0], // before the first snapshot, and after the last
    [900, 4],
  ])
    test(`${iteration}`, () => assert.equal(tickOf(ARRAYS, 0, iteration), tick));
});

const mark = (x: number, y: number): Mark => ({ at: 0, x, y, kind: "anomaly", row: 0 });

test("the nearest mark is meant, and none that is far away", () => {
  const marks = [mark(0, 0), mark(6, 0), mark(50, 0)];
  assert.deepEqual(
    [0, 2, 4, 10, 13, 30, 43].map((x) => nearest(marks, x, 0)?.x ?? null),
    [0, 0, 6, 6, 6, null, 50],
  );
  assert.equal(nearest(marks, 0, 8), null);
  assert.equal(nearest([], 0, 0), null);
});

test("an anomaly leads to its iteration, pinned", () => {
  const run = { href: "/run/3" } as Parameters<typeof words>[1];
  assert.deepEqual(words(mark(0, 0), run, ARRAYS), [
    "iteration 200: ▲ flipped, then stable for 12 images, 1 anomalous class",
    "/run/3/validation?cursor=200&pins=200",
  ]);
});

test("a long annotation is cut, and leads to its thread", () => {
  const run = { href: "/run/3" } as Parameters<typeof words>[1];
  const target = { first: 1, last: 1 };
  const note = {
    target,
    author: "Ann",
    body: "a".repeat(400),
    about: "",
    link: "/run/3/annotations?annotation=1",
    resolved_at: null,
  };
  const [text, address] = words({ at: 0, x: 0, y: 0, kind: "note", note }, run, ARRAYS);
  assert.equal(text, `Ann: ${"a".repeat(135)}`);
  assert.equal(address, note.link);
});
