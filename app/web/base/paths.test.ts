// Lines of runs over their common axis: whole, broken, in steps; and where a band can be.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { follow, stretches } from "./paths.ts";

/** Return the path of values as text: x doubled, y negated. */
function pathOf(values: number[], from = 0, columns = values.length, step = false): string {
  const said: string[] = [];
  const pen = {
    moveTo: (x: number, y: number) => void said.push(`M${x} ${y}`),
    lineTo: (x: number, y: number) => void said.push(`L${x} ${y}`),
  };
  follow(
    pen,
    values,
    from,
    columns,
    (column) => 2 * column,
    (value) => -value,
    step,
  );
  return said.join(" ");
}

const LINES: [what: string, path: string, expected: string][] = [
  ["nothing", pathOf([]), ""],
  ["nothing finite", pathOf([NaN, Infinity, -Infinity]), ""],
  ["one value is a short line", pathOf([3]), "M1 -3 L6 -3"],
  ["a line", pathOf([1, 2, 3]), "M1 -1 L3 -2 L5 -3"],
  ["a gap", pathOf([1, 2, NaN, 4, 5]), "M1 -1 L3 -2 M7 -4 L9 -5"],
  ["a lone value before a gap", pathOf([1, NaN, 3, 4]), "M1 -1 L6 -1 M5 -3 L7 -4"],
  ["a lone value after a gap", pathOf([1, 2, NaN, 4]), "M1 -1 L3 -2 M7 -4 L12 -4"],
  ["a gap at both ends", pathOf([NaN, 1, 2, NaN]), "M3 -1 L5 -2"],
  ["steps", pathOf([1, 2, 2], 0, 3, true), "M1 -1 L3 -1 L3 -2 L5 -2 L5 -2"],
  ["steps with a gap", pathOf([1, NaN, 2, 3], 0, 4, true), "M1 -1 L6 -1 M5 -2 L7 -2 L7 -3"],
  ["a row of a matrix", pathOf([9, 9, 1, 2, 9], 2, 2), "M1 -1 L3 -2"],
  ["past the end", pathOf([1, 2], 0, 4), "M1 -1 L3 -2"],
];

describe("a line follows values", () => {
  for (const [what, path, expected] of LINES) test(what, () => assert.equal(path, expected));
});

/** The slow way: every pair of ends, asked of each column. */
function slowly(known: boolean[]): [number, number][] {
  const found: [number, number][] = [];
  for (let start = 0; start < known.length; start++) {
    for (let end = start + 2; end <= known.length; end++) {
      const all = known.slice(start, end).every(Boolean);
      if (all && !known[start - 1] && !known[end]) found.push([start, end]);
    }
  }
  return found;
}

describe("a band is where two columns in a row are known", () => {
  for (let pattern = 0; pattern < 32; pattern++) {
    const known = Array.from({ length: 5 }, (_, at) => Boolean(pattern & (1 << at)));
    test(known.map(Number).join(""), () => {
      const values = known.map((one) => (one ? 1 : NaN));
      const ones = known.map(() => 1);
      const expected = slowly(known);
      assert.deepEqual(stretches({ low: values, high: ones }, 0, 5), expected);
      assert.deepEqual(stretches({ low: ones, high: values }, 0, 5), expected);
      const later = { low: [1, 1, ...values, 1], high: [1, 1, ...ones, 1] };
      assert.deepEqual(stretches(later, 2, 5), expected);
    });
  }
  test("of a long run in one go", () => {
    const ones = new Float32Array(100_000).fill(1);
    assert.deepEqual(stretches({ low: ones, high: ones }, 0, 100_000), [[0, 100_000]]);
  });
});
