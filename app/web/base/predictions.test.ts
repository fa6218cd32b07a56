import assert from "node:assert/strict";
import { test } from "node:test";
import {
  NO_PREDICTION,
  NOT_VALIDATED,
  predictedAs,
  predictedClass,
  rightness,
} from "./predictions.ts";

const names = ["cat", "dog"];

test("no prediction is no class, and wrong for every class", () => {
  assert.equal(predictedClass(names, NO_PREDICTION), "no prediction");
  assert.equal(predictedAs(names, NO_PREDICTION), "no prediction");
  assert.deepEqual(
    [0, 1].map((id) => rightness(NO_PREDICTION, id)),
    [0, 0],
  );
});

test("what was not validated is neither right nor wrong", () => {
  assert.equal(predictedAs(names, NOT_VALIDATED), "not validated");
  assert.equal(rightness(NOT_VALIDATED, 0), NaN);
});

test("a predicted class has its name", () => {
  assert.equal(predictedAs(names, 1), "predicted as dog");
  assert.deepEqual(
    [0, 1].map((id) => rightness(1, id)),
    [0, 1],
  );
});
