// What becomes of cells without a value, and of marked ones, in a painted matrix.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bins, paint } from "./raster.ts";

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

test("where snapshots share columns a pixel shows the most extreme of its rows and columns", () => {
  const [rows, width, columns, wide, high] = [17, 5, 23, 9, 6];
  let seed = 1;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  // Of each size there are both signs, so that which one comes first counts.
  const data = Float32Array.from({ length: rows * width }, () =>
    random() < 0.2 ? NaN : Math.round(6 * random()) - 3,
  );
  const columnOf = Int32Array.from({ length: columns }, (_, at) => Math.floor(at / 5) - 1);
  const order = Int32Array.from({ length: rows }, (_, at) => (at * 7) % rows);
  for (const extreme of ["max", "min", "absolute"] as const) {
    const pixels = new Uint32Array(wide * high);
    const index = (value: number) => (value === value ? value + 10 : 0);
    paint(pixels, wide, high, {
      matrix: { data, width, columnOf },
      order,
      view: [0, columns],
      columns,
      extreme,
      scale: { colours: Uint32Array.from({ length: 20 }, (_, at) => at), index },
      empty: 99,
      missing: [MISSING, GROUND],
    });
    const [across, down] = [bins(wide, 0, columns, columns), bins(high, 0, rows, rows)];
    pixels.forEach((colour, at) => {
      const [x, y] = [at % wide, Math.floor(at / wide)];
      const found: number[] = [];
      let known = false;
      for (let column = across.from[x]; column < across.to[x]; column++) {
        known ||= columnOf[column] >= 0;
        for (let row = down.from[y]; row < down.to[y]; row++)
          if (columnOf[column] >= 0) found.push(data[order[row] * width + columnOf[column]]);
      }
      const size = (value: number) =>
        extreme === "absolute" ? Math.abs(value) : extreme === "min" ? -value : value;
      const best = found.reduce((a, b) => (b === b && !(size(b) <= size(a)) ? b : a), NaN);
      assert.equal(colour, known ? index(best) : 99);
    });
  }
});
