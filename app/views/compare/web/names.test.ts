import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { common, parts } from "./names.ts";

describe("names that begin alike", () => {
  test("are told apart by what is never cut", () => {
    const names = ["sweep-of-the-rate-0.1", "sweep-of-the-rate-0.03", "sweep-of-the-rate-1"];
    const start = common(names);
    assert.equal(start, "sweep-of-the-rate-".length);
    const kept = names.map((name) => parts(name, start)[1]);
    assert.equal(new Set(kept).size, names.length);
    for (const name of names) assert.equal(parts(name, start).join(""), name);
  });
  test("of one run have nothing in common", () => assert.equal(common(["alone"]), 0));
  test("stay whole where they are short", () =>
    assert.deepEqual(parts("digits", 3), ["", "digits"]));
  test("that differ in many letters keep their end", () => {
    const name = `a${"b".repeat(40)}-end`;
    assert.ok(parts(name, 1)[1].endsWith("-end"));
  });
});
