// The ends of a scale.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { between, powers, wider } from "./ranges.ts";

describe("the ends of a scale", () => {
  test("leave out a share at each end, as numpy's quantile", () => {
    assert.deepEqual(between(Float64Array.of(9, 1, 5, 3, 7), 0, 1), [1, 9]);
    assert.deepEqual(between(Float64Array.of(9, 1, 5, 3, 7), 0.125, 0.5), [2, 5]);
    assert.deepEqual(between(Float64Array.of(4), 0.05, 0.95), [4, 4]);
    assert.equal(between(new Float64Array(0), 0, 1), null);
  });

  test("have air about them, also where all values are the same", () => {
    assert.deepEqual(wider([0, 10], 0.1, false), [-1, 11]);
    assert.deepEqual(wider([1, 100], 0.5, true), [0.1, 1000]);
    assert.deepEqual(wider([0, 0], 0.1, false), [-1, 1]);
    const [low, high] = wider([100 - 2e-14, 100], 0.1, false); // by rounding alone
    assert.ok(low < 60 && high > 140);
    assert.deepEqual(wider([8, 8], 0.1, true), [4, 16]);
  });

  test("have powers of ten between them", () => {
    assert.deepEqual(powers(0.05, 200, 9), [0.1, 1, 10, 100]);
    assert.deepEqual(powers(1e-8, 1, 3), [1e-8, 1e-5, 1e-2]);
  });
});
