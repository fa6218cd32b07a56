// The history of an image is told in stretches of one prediction.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stretches } from "./imagehistory.ts";

const told = (prediction: number[], probability: number[]) =>
  stretches({
    prediction: Int32Array.from(prediction),
    probability: Float32Array.from(probability),
  });

test("without snapshots there is nothing to tell", () => assert.deepEqual(told([], []), []));

test("equal neighbours make one stretch, with the mean of the known probabilities", () => {
  const [nan, half] = [NaN, 0.5];
  assert.deepEqual(told([3, 3, 1, -1, -2, 3], [0.25, 0.75, nan, nan, nan, half]), [
    { from: 0, to: 1, taken: 3, probability: half },
    { from: 2, to: 2, taken: 1, probability: nan },
    { from: 3, to: 3, taken: -1, probability: nan },
    { from: 4, to: 4, taken: -2, probability: nan },
    { from: 5, to: 5, taken: 3, probability: half },
  ]);
  assert.equal(told([3, 3], [nan, 0.25])[0].probability, 0.25);
});
