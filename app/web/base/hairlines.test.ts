// Where hairlines lie that make a wider line together.

import assert from "node:assert/strict";
import { test } from "node:test";
import { offsets } from "./hairlines.ts";

test("a line of a pixel or less is one hairline", () => {
  for (const width of [0.5, 1]) assert.deepEqual(offsets(width, 1), [0]);
});

test("a wider one is as many as leave no gap, and they reach from edge to edge", () => {
  for (const width of [1.1, 1.5, 1.75, 2.2, 3.5]) {
    const found = offsets(width, 1);
    const reach = found.at(-1)! - found[0] + 1;
    assert.ok(Math.abs(reach - width) < 1e-9, `${width}: ${found}`);
    for (let at = 1; at < found.length; at++) assert.ok(found[at] - found[at - 1] <= 1);
    assert.ok(Math.abs(found[0] + found.at(-1)!) < 1e-9);
  }
});

test("what is seen through is drawn once", () => assert.deepEqual(offsets(1.75, 0.5), [0]));
