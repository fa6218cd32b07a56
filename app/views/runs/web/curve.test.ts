// The small curve of a run's error: its path, its gaps, values that are all equal.

import assert from "node:assert/strict";
import { test } from "node:test";
import { curvePath } from "./curve.ts";

test("a curve goes from left to right, the greatest on top", () => {
  assert.equal(curvePath([0, 1], 96, 22), "M1.0 20.0L95.0 2.0");
});

test("what was not measured is a gap", () => {
  assert.equal(curvePath([0, Number.NaN, 1], 96, 22), "M1.0 20.0M95.0 2.0");
});

test("one value, and equal ones, stand at the bottom", () => {
  assert.equal(curvePath([0.5], 96, 22), "M48.0 20.0");
  assert.equal(curvePath([2, 2], 96, 22), "M1.0 20.0L95.0 20.0");
});
