// What the small charts of filters share: the snapshots around the iterations, and one scale.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { around, shared } from "./series.ts";

const EVERY = Int32Array.from({ length: 100 }, (_, at) => 10 * at);
for (const [iterations, span] of [
  [[500], [44, 57]],
  [[0], [0, 7]],
  [[990], [93, 100]],
  [[5000], [93, 100]],
  [
    [0, 990],
    [0, 100],
  ],
  [
    [300, 500],
    [24, 57],
  ],
  [
    [200, 700],
    [14, 77],
  ],
  [
    [100, 900],
    [0, 100],
  ],
  [[495], [44, 57]],
] as const) {
  test(`around ${iterations.join(", ")} lie the snapshots ${span.join(" to ")}`, () =>
    assert.deepEqual(around(EVERY, iterations), [...span]));
}

test("a single snapshot is its own surroundings", () =>
  assert.deepEqual(around(Int32Array.of(7), [7]), [0, 1]));

test("all series share one scale: the largest finite value around the iterations", () => {
  const series = (values: readonly [at: number, value: number][]) => {
    const made = new Float32Array(EVERY.length).fill(1);
    for (const [at, value] of values) made[at] = value;
    return made;
  };
  const of = new Map([
    [
      3,
      series([
        [30, 5],
        [31, Infinity],
        [32, NaN],
      ]),
    ],
    [
      8,
      series([
        [40, 7],
        [90, 100],
      ]),
    ],
  ]);
  const iterations = Int32Array.of(300, 500);
  assert.deepEqual(shared({ iteration: EVERY, of }, iterations), {
    span: around(EVERY, iterations),
    marks: [30, 50],
    most: 7,
  });
});

test("of series without a change the scale ends at 1", () => {
  const of = new Map([[0, new Float32Array(EVERY.length)]]);
  assert.equal(shared({ iteration: EVERY, of }, Int32Array.of(500)).most, 1);
});
