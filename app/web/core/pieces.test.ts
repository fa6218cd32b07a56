// Answers in pieces: asked for once, and again after they failed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pieces } from "./pieces.ts";
import { packed } from "./testanswer.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("a piece is asked for once, told of when it has come, and again after it failed", async () => {
  const asked: string[] = [];
  let status = 500;
  globalThis.fetch = async (address) => {
    asked.push(String(address));
    return new Response(packed({ of: String(address) }), { status });
  };
  const told: unknown[] = [];
  const pieces = new Pieces<{ arrays: object; meta: { of: string } }>((error) => told.push(error));
  assert.equal(pieces.of("/piece"), null);
  assert.equal(pieces.of("/piece"), null);
  await settled();
  assert.equal(asked.length, 1);
  assert.match((told[0] as Error).message, /500/);
  status = 200;
  assert.equal(pieces.of("/piece"), null);
  await settled();
  assert.deepEqual(pieces.of("/piece")?.meta, { of: "/piece" });
  assert.deepEqual([asked.length, told.length, told[1]], [2, 2, null]);
  // Whoever asks for the same elsewhere need not wait.
  const other = new Pieces<{ arrays: object; meta: { of: string } }>(() => assert.fail("no news"));
  assert.deepEqual(other.of("/piece")?.meta, { of: "/piece" });
});
