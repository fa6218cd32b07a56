// What the address says of charts is read as it was written, within its length.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fold, isFolded, PLAIN, readOwn, withKey, writeOwn } from "./own.ts";

describe("what charts have of their own", () => {
  test("is read as it was written", () => {
    const all = new Map([
      ["0a1b2c3d", { low: -1e-7, high: 2.5, log: false, zoom: null }],
      ["00000001", { low: null, high: null, log: true, zoom: [10, 90] as [number, number] }],
      ["00000002", PLAIN],
    ]);
    const text = writeOwn(all)!;
    assert.equal(text, "0a1b2c3d:-1e-7:2.5,00000001:::1:10_90");
    assert.deepEqual([...readOwn(text)], [...all].slice(0, 2));
  });

  test("is left out where it cannot be read", () => {
    assert.deepEqual([...readOwn("<x>:1:2,ab:x:Infinity:2:9_3,")], [["ab", PLAIN]]);
  });

  test("does not grow beyond what an address takes", () => {
    const own = { low: -1.234e-10, high: 1.234e-10, log: true, zoom: null };
    const many = new Map(Array.from({ length: 30 }, (_, at) => [`0000000${at}`, own]));
    assert.equal(writeOwn(many), null);
    assert.equal(withKey("x".repeat(195), "12345678", true), null);
  });
});

test("a list has a key once, or not at all", () => {
  assert.equal(withKey("", "a", true), "a");
  assert.equal(withKey("a,b", "a", true), "b,a");
  assert.equal(withKey("a,b", "a", false), "b");
});

test("groups fold and unfold, also where all are folded", () => {
  const one = fold("", "val", true)!;
  assert.ok(isFolded(one, "val") && !isFolded(one, "train"));
  assert.equal(fold(one, "val", false), "");
  const others = fold("*", "val", false)!;
  assert.ok(!isFolded(others, "val") && isFolded(others, "train"));
  assert.equal(fold(others, "val", true), "*");
});

test("the machine is folded until somebody opens it", () => {
  assert.ok(isFolded("", "machine", true) && !isFolded("", "val", true));
  assert.ok(!isFolded("", "machine")); // while something is searched for
  const open = fold("", "machine", false)!;
  assert.ok(!isFolded(open, "machine", true));
  const again = fold(open, "machine", true)!;
  assert.ok(isFolded(again, "machine", true) && isFolded(again, "machine"));
  assert.equal(fold(again, "machine", false), open);
  assert.ok(!isFolded(fold("*", "machine", false)!, "machine", true));
});
