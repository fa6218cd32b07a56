// Places and orders equal those that one finds by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { byMean, decoded, ends, nearest, spread } from "./model.ts";

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
