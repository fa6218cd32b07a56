// What an annotation is about, in words and as the server takes it.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Thing } from "#app/web/index.ts";
import { targetOf, timeWords, wordsOf } from "./about.ts";

const CLASS: Thing = { kind: "class", id: 3, name: "cat" };
const FILTER: Thing = { kind: "filter", id: 2, filter: 0, name: "filter 0 of conv1" };

const WORDS: [thing: Thing, expected: string][] = [
  [CLASS, "class cat"],
  [{ ...CLASS, name: "class 3" }, "class 3"],
  [{ kind: "layer", id: 0, name: "classifier" }, "layer classifier"],
  [FILTER, "filter 0 of conv1"],
];

describe("what a thing is called", () => {
  for (const [thing, expected] of WORDS)
    test(expected, () => assert.equal(wordsOf(thing), expected));
});

test("one iteration and several are told apart", () => {
  assert.equal(timeWords([1200, 1200]), "iteration 1,200");
  assert.equal(timeWords([0, 1200]), "iterations 0 – 1,200");
});

const TIMES: [from: string, to: string, expected: [number | null, number | null]][] = [
  ["", "", [null, null]],
  ["5", "", [5, 5]],
  ["", "7", [7, 7]],
  ["0", "", [0, 0]],
  ["5", "7", [5, 7]],
  ["7", "5", [5, 7]],
  ["4.6", "", [5, 5]],
];

describe("iterations as they were written", () => {
  for (const [from, to, [first, last]] of TIMES) {
    test(`“${from}” to “${to}”`, () => {
      const kind = first === null ? "run" : "iteration";
      assert.deepEqual(targetOf(null, from, to), { kind, id: null, filter: null, first, last });
      assert.deepEqual(targetOf(CLASS, from, to), {
        kind: "class",
        id: 3,
        filter: null,
        first,
        last,
      });
    });
  }
});

test("a filter is known by its layer and its number", () => {
  const { id, filter } = targetOf(FILTER, "", "");
  assert.deepEqual([id, filter], [2, 0]);
});
