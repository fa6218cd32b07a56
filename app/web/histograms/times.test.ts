// Snapshots lie where the run says; where it does not say so of all, nowhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOf, words } from "./times.ts";

test("places by each kind of time", () => {
  const iterations = [10, 20, 30];
  const clock = Float64Array.of(0.5, 1, 1.5, 4, 2, 9, NaN, 100, 200);
  assert.deepEqual(placesOf("iteration", iterations, clock), iterations);
  assert.deepEqual([...Array.from(placesOf("epoch", iterations, clock)!)], [0.5, 1, 1.5]);
  // A clock that was set back stands still.
  assert.deepEqual([...Array.from(placesOf("relative", iterations, clock)!)], [4, 4, 9]);
  assert.equal(placesOf("wall", iterations, clock), null);
  assert.equal(placesOf("epoch", iterations, undefined), null);
  assert.equal(placesOf("moon", iterations, clock), iterations);
});

test("a place in words", () => {
  assert.equal(words("epoch", 1.5), "epoch 1.5");
  assert.equal(words("relative", 90), "1:30 min after the start");
  assert.equal(words("iteration", 90), "");
});
