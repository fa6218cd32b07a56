// The core can be imported without a page: unit tests of what draws need none for its plain functions.

import assert from "node:assert/strict";
import { test } from "node:test";

test("the door opens without a page", async () => {
  assert.equal(typeof globalThis.window, "undefined");
  const door = await import("./index.ts");
  assert.deepEqual(door.chartRegistry.kinds(), ["curves", "pixelmap", "scalarlist", "strip"]);
  assert.deepEqual(door.roundTicks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  // No step lies between these ends; it would be taken for ever.
  assert.deepEqual(door.roundTicks(100 - 2e-14, 100, 5), [100 - 2e-14]);
});
