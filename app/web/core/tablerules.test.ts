// The rules of a table's columns: set widths, columns in sight beside each other, titles of cards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { quoted, rules } from "./tablerules.ts";

const column = { title: "T", width: null, pinned: false, drawn: 100 };

test("pinned columns stand beside each other, as long as others are seen", () => {
  const columns = [2, 3, 4, 5].map((place) => ({ ...column, place, pinned: place !== 3 }));
  const text = rules({ name: "runs", columns, frame: 400 });
  assert.match(text, /:nth-child\(2\) \{ position: sticky; left: 0px/);
  assert.match(text, /:nth-child\(4\) \{ position: sticky; left: 100px/);
  assert.doesNotMatch(text, /:nth-child\((3|5)\) \{ position: sticky/);
});

test("a set width holds for head and cells", () => {
  const text = rules({ name: "runs", columns: [{ ...column, place: 2, width: 77 }], frame: 400 });
  assert.match(text, /\[data-table="runs"\] > \* > tr > :nth-child\(2\) \{ width: 77px/);
});

test("a title is a text and nothing else", () => {
  assert.equal(quoted('a"}\\b\nc'), '"a\\"}\\\\b c"');
});
