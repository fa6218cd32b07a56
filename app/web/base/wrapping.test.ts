import assert from "node:assert/strict";
import { test } from "node:test";

import { wrapped } from "./wrapping.ts";

const letters = (text: string) => text.length;

test("lines hold as many words as fit, in their order", () => {
  assert.deepEqual(wrapped("put a table beside the files", 12, letters), [
    "put a table",
    "beside the",
    "files",
  ]);
  assert.deepEqual(wrapped("one line", 8, letters), ["one line"]);
});

test("a word that is wider than a line is whole on its own", () => {
  assert.deepEqual(wrapped("a validation_error b", 6, letters), ["a", "validation_error", "b"]);
});
