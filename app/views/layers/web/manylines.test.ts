// Lines as pixels: where they run, and how they are mixed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cover, mix, paint } from "./manylines.ts";

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
  const column = new Float32Array(4 * 4);
  mix(column, 0.5, 2.5, [200, 100, 0], 0.5);
  const alphas = () => [0, 1, 2, 3].map((y) => column[4 * y + 3]);
  assert.deepEqual(alphas(), [0.25, 0.5, 0.25, 0]);
  assert.deepEqual([...column.subarray(4, 7)], [100, 50, 0]);
  mix(column, 0.5, 2.5, [0, 0, 100], 0.5);
  assert.deepEqual(alphas(), [0.4375, 0.75, 0.4375, 0]);
  assert.deepEqual([...column.subarray(4, 7)], [50, 25, 50]);
});

test("each column of a picture has its own lines, in their order, and nothing of the one before", () => {
  const [width, height] = [3, 4];
  const image = { data: new Uint8ClampedArray(width * height * 4), width, height };
  const first = {
    low: new Float32Array([1, 0, Infinity]),
    high: new Float32Array([1, 0, -Infinity]),
  };
  const second = {
    low: new Float32Array([1, 9, Infinity]),
    high: new Float32Array([1, 9, -Infinity]),
  };
  const look = {
    colours: [
      [200, 0, 0],
      [0, 0, 100],
    ],
    alpha: 0.5,
  };
  paint(image as unknown as ImageData, [first, second], 1, look);
  const pixel = (x: number, y: number) => [
    ...image.data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
  ];
  // The second lies over the first; a colour is what its lines share in, without the alpha.
  assert.deepEqual(pixel(0, 1), [67, 0, 67, 191]);
  assert.deepEqual(pixel(1, 0), [200, 0, 0, 128]);
  // What lies outside the picture, and where there is no line, is left out.
  for (const [x, y] of [
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 3],
    [2, 1],
  ])
    assert.equal(pixel(x, y)[3], 0);
});
