// What a control says back undoes nothing, and what somebody chose is never overwritten.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { controlState } from "./controlstate.ts";

const DEFAULT = "accuracy";
let selected = DEFAULT;
/** Let a control say a value, and return what is selected then. */
const write = (value: string, at = "one"): string => {
  if (controlState.hear(at, value, DEFAULT)) selected = value;
  return selected;
};
/** Let a control that shows a value follow the selection, and return what it is told. */
const read = (shows: string, at = "one"): string =>
  controlState.tell(at, selected, shows, DEFAULT) ? selected : "nothing";

beforeEach(() => {
  selected = DEFAULT;
  controlState.forget();
});

describe("a control", () => {
  test("that says back what it was told undoes nothing", () => {
    selected = "safe";
    const steps = [read("accuracy")];
    selected = "accuracy"; // before the control has answered
    steps.push(write("safe"), read("safe"), write("accuracy"));
    steps.push(write("safe"), read("safe"));
    steps.push(read("accuracy"), selected, write("accuracy")); // chosen, and not heard yet
    selected = "safe";
    steps.push(read("accuracy"), read("accuracy")); // the first answer was lost
    const first = ["safe", "accuracy", "accuracy", "accuracy", "safe", "nothing"];
    assert.deepEqual(steps, [...first, "nothing", "safe", "accuracy", "safe", "safe"]);
  });

  test("that appears with the page's default does not overwrite what is selected", () => {
    selected = "safe";
    assert.equal(write(DEFAULT), "safe");
    assert.equal(read(DEFAULT), "safe");
  });

  test("follows another one of the same field", () => {
    assert.equal(write("safe", "one"), "safe");
    assert.equal(read("safe", "one"), "nothing");
    assert.equal(read(DEFAULT, "two"), "safe");
    assert.equal(write("safe", "two"), "safe");
    assert.equal(write(DEFAULT, "two"), DEFAULT);
    assert.equal(read("safe", "one"), DEFAULT);
  });

  test("that came anew is told again what it was told before", () => {
    selected = "safe";
    assert.equal(read(DEFAULT), "safe");
    controlState.forget();
    assert.equal(read(DEFAULT), "safe");
  });

  test("compares lists by what is in them", () => {
    assert.equal(controlState.hear("list", [1, 2], []), true);
    assert.equal(controlState.tell("list", [1, 2], [1, 2], []), false);
    assert.equal(controlState.tell("list", [2], [1, 2], []), true);
    assert.equal(controlState.hear("list", [2], []), false);
  });
});
