// What becomes of cells without a value, and of marked ones, in a painted matrix.

import assert from "node:assert/strict";
import { test } from "node:test";
import { paint } from "./raster.ts";

const [MISSING, GROUND, LINE, WRONG] = [11, 12, 21, 22];

/** Paint one row of cells, each 16 pixels wide and high; return the colours of each. */
function painted(values: number[]): Set<number>[] {
  const [width, height] = [16 * values.length, 16];
  const pixels = new Uint32Array(width * height);
  paint(pixels, width, height, {
    matrix: { data: values, width: values.length },
    order: [0],
    view: [0, values.length],
    columns: values.length,
    extreme: "min",
    scale: {
      colours: Uint32Array.of(1, 2),
      index: (value) => (value !== value ? -1 : value < 0 ? -2 : value),
    },
    empty: 9,
    missing: [MISSING, GROUND],
    marked: [LINE, WRONG],
  });
  return values.map((_, cell) => new Set(pixels.filter((_, at) => (at % width) >> 4 === cell)));
}

test("what has no value and what is marked are hatched, each in its own colours", () => {
  const [wrong, right, missing, marked] = painted([0, 1, NaN, -1]);
  assert.deepEqual(wrong, new Set([1]));
  assert.deepEqual(right, new Set([2]));
  assert.deepEqual(missing, new Set([MISSING, GROUND]));
  assert.deepEqual(marked, new Set([LINE, WRONG]));
});

test("the first cell may be marked", () => {
  assert.deepEqual(painted([-1, 1])[0], new Set([LINE, WRONG]));
});
