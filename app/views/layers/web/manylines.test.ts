// Lines as pixels: where they run, and how they are mixed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cover, mix } from "./manylines.ts";

const nothing = (width: number) => ({
  low: new Float32Array(width).fill(Infinity),
  high: new Float32Array(width).fill(-Infinity),
});

test("a line is in each column of pixels from where it comes in to where it goes out", () => {
  const covered = nothing(6);
  cover(covered, 1.5, 0, 4.5, 6);
  assert.deepEqual([...covered.low], [Infinity, 0, 1, 3, 5, Infinity]);
  assert.deepEqual([...covered.high], [-Infinity, 1, 3, 5, 6, -Infinity]);
});

test("what has several values in one column reaches from the lowest to the highest", () => {
  const covered = nothing(2);
  cover(covered, 0.2, 5, 0.4, 9);
  cover(covered, 0.4, 9, 0.6, 2);
  assert.deepEqual([covered.low[0], covered.high[0]], [2, 9]);
  assert.equal(covered.low[1], Infinity);
});

test("what lies outside is left out", () => {
  const covered = nothing(2);
  cover(covered, -5, 0, 7, 12);
  assert.deepEqual([...covered.low], [5, 6]);
  assert.deepEqual([...covered.high], [6, 7]);
});

test("a line over another is mixed with it, its ends by what they cover", () => {
  const pixels = new Float32Array(4 * 4);
  const covered = { low: new Float32Array([1.5]), high: new Float32Array([1.5]) };
  mix(pixels, covered, 4, 1, [200, 100, 0], 0.5);
  const alphas = () => [0, 1, 2, 3].map((y) => pixels[4 * y + 3]);
  assert.deepEqual(alphas(), [0.25, 0.5, 0.25, 0]);
  assert.deepEqual([...pixels.subarray(4, 7)], [100, 50, 0]);
  mix(pixels, covered, 4, 1, [0, 0, 100], 0.5);
  assert.deepEqual(alphas(), [0.4375, 0.75, 0.4375, 0]);
  assert.deepEqual([...pixels.subarray(4, 7)], [50, 25, 50]);
});
