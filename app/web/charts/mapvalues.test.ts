// Ratios that a pixel map derives: what nobody counted is NaN, never 0.

import assert from "node:assert/strict";
import { test } from "node:test";
import { derive, looked } from "./mapvalues.ts";

test("counts become shares; nothing to count, and nobody who counted, is NaN", () => {
  assert.deepEqual([...derive([1, 4, -1, 0, 0, -1], 3, [4, 0])], [0.25, 1, NaN, NaN, NaN, NaN]);
  assert.deepEqual([...derive([1, 4, -1], 3, [4], true)], [0.75, 0, NaN]);
});

test("values without a divisor stay as they are", () => {
  assert.deepEqual([...derive([-1, 2], 2)], [-1, 2]);
});

test("what was derived is known to have gaps, and values", () => {
  const shares = (source: number[], sizes: number[]) => looked(derive(source, 2, sizes, true));
  assert.deepEqual(shares([1, 4], [4]), [false, true]);
  assert.deepEqual(shares([1, -1, 0, 0], [4, 0]), [true, true]);
  assert.deepEqual(shares([-1, -1], [4]), [true, false]);
});
