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

test("shares that are looked up are those that would be divided", () => {
  for (const complement of [false, true]) {
    // A row of counts, one that holds more than its whole, one of halves, one too large for a table.
    const source = [0, 1, 2, 3, 2, 1, 3, 4, 0.5, 0, 1, 2, 1, 0, 2, 70000];
    const sizes = [3, 3, 3, 80000];
    const found = derive(source, 4, sizes, complement);
    const divided = source.map((count, at) => count / sizes[at >> 2]);
    assert.deepEqual(
      found,
      Float32Array.from(divided, (share) => (complement ? 1 - share : share)),
    );
    assert.deepEqual(looked(found), [false, true]);
  }
});
