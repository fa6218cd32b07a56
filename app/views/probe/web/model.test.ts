// Places and orders equal those that one finds by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bundles,
  byMean,
  decoded,
  ends,
  framed,
  nearest,
  spread,
  strongest,
  whereOf,
} from "./model.ts";

test("the probe nearest to the cursor, the last without one", () => {
  assert.equal(nearest([10, 50, 90], null), 2);
  assert.deepEqual(
    [0, 29, 31, 60, 1000].map((cursor) => nearest([10, 50, 90], cursor)),
    [0, 0, 1, 1, 2],
  );
  // Half-way the later one.
  assert.equal(nearest([10, 50, 90], 30), 1);
  assert.equal(nearest([], 5), -1);
});

test("filters by their mean, those without one last", () => {
  assert.deepEqual(byMean(Float32Array.of(1, NaN, 3, 1, -2)), [2, 0, 3, 4, 1]);
});

test("codes are values between the ends", () => {
  assert.deepEqual(
    [0, 127, 254].map((code) => decoded(code, -1, 3)),
    [-1, 1, 3],
  );
  assert.ok(Number.isNaN(decoded(255, -1, 3)));
  assert.deepEqual(ends([-2, NaN, 1], [0, NaN, 5]), [-2, 5]);
  assert.deepEqual(ends([1], [2]), [0, 2]);
});

test("a few of many probes: first, last and the one at the cursor among them", () => {
  assert.deepEqual(spread(3, 5, 1), [0, 1, 2]);
  assert.deepEqual(spread(9, 5, 4), [0, 2, 4, 6, 8]);
  assert.deepEqual(spread(9, 5, 5), [0, 2, 5, 6, 8]);
  assert.deepEqual(spread(9, 5, 8), [0, 2, 4, 6, 8]);
});

test("the frame of what a filter sees, in the square that the picture is drawn into", () => {
  const where = whereOf([0, 0, 51, 204], 1, [0.2, 0.4]);
  assert.deepEqual(where, { middle: [0.2, 0.8], size: [0.2, 0.4] });
  const near = (frame: object, expected: number[]) =>
    assert.deepEqual(
      Object.values(frame).map((one) => Math.round(one)),
      expected,
    );
  near(framed(where, [40, 40]), [60, 10, 40, 20]);
  // Half as high as it is wide: a quarter of the square is empty above it.
  near(framed(where, [40, 20]), [60, 30, 40, 10]);
  near(framed({ middle: [0, 1], size: [0.5, 0.5] }, [8, 8]), [75, 0, 25, 25]);
});

test("edges of the same targets and sign are one bundle", () => {
  const found = bundles([0, 0, 1, 1, 2, 2], [4, 3, 3, 4, 3, 4], [0.9, 0.8, 0.7, 0.9, 0.8, -0.8]);
  assert.deepEqual(found, [
    { sources: [0, 1], targets: [3, 4], positive: true },
    { sources: [2], targets: [3], positive: true },
    { sources: [2], targets: [4], positive: false },
  ]);
  assert.deepEqual(bundles([], [], []), []);
});

test("the classes that a cluster likes most", () => {
  assert.deepEqual(strongest([0.5, -1, 2, NaN, 0], 3), [2, 0]);
  assert.deepEqual(strongest([1, 3, 2], 2), [1, 2]);
});
