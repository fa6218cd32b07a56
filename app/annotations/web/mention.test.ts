// Whom a mention that is being written may mean.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { begunIn, meantBy, type Person } from "./mention.ts";

const BEGUN: [before: string, expected: string | null][] = [
  ["", null],
  ["@", ""],
  ["@an", "an"],
  ["see @an", "an"],
  ["(@an", "an"],
  ["@ann le", "ann le"],
  ["@ann\n", null],
  ["@ann @b", "b"],
  ["me@home", null],
  ["a.@b", null],
  ["a-@b", null],
  [`@${"a".repeat(40)}`, "a".repeat(40)],
  [`@${"a".repeat(41)}`, null],
];

describe("where a mention was begun", () => {
  for (const [before, expected] of BEGUN)
    test(JSON.stringify(before.slice(0, 20)), () => assert.equal(begunIn(before), expected));
});

const person = (name: string, handle = name): Person => ({ name, handle });
const PEOPLE = [person("Ann Lee"), person("Bo Ann", "bo"), person("Hannah"), person("Öz", "oez")];

const MEANT: [begun: string, expected: string[]][] = [
  ["", ["Ann Lee", "bo", "Hannah", "oez"]],
  ["an", ["Ann Lee", "bo"]],
  ["ANN", ["Ann Lee", "bo"]],
  ["ann l", ["Ann Lee"]],
  ["le", ["Ann Lee"]],
  ["nn", []],
  ["ö", ["oez"]],
  ["bo", []], // named whole: there is nothing to complete
  ["ann lee ", []],
];

describe("whom it may mean", () => {
  for (const [begun, expected] of MEANT)
    test(JSON.stringify(begun), () =>
      assert.deepEqual(
        meantBy(begun, PEOPLE).map(({ handle }) => handle),
        expected,
      ),
    );
});

test("no more are listed than are read at a glance", () => {
  const many = Array.from({ length: 50 }, (_, at) => person(`Ann ${at}`));
  assert.deepEqual(meantBy("ann", many), many.slice(0, 6));
});
