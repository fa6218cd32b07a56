// What the text of still elements says before they are made.

import assert from "node:assert/strict";
import { test } from "node:test";
import { attributesIn } from "./still.ts";

test("attributes are found wherever their element stands", () => {
  const chart = { "data-chart": "strip", "data-options": "{}" };
  const tree = [
    "div",
    { id: "a" },
    "text",
    0,
    ["p", {}, null, ["div", chart]],
    ["div", chart, "x"],
  ];
  assert.deepEqual(attributesIn(JSON.stringify(tree), "data-chart"), [chart, chart]);
  assert.deepEqual(attributesIn(JSON.stringify(tree), "data-fields"), []);
});
