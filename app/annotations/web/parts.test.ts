// What people wrote is taken apart: links, mentions, and how long ago.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressAt, ago, partsOf } from "./parts.ts";

const HANDLES = ["ann lee", "ann", "bö", "c.d"];
const MARKS = { text: ["", ""], link: ["<", ">"], mention: ["[", "]"] } as const;
/** Write links as <link> and mentions as [mention]. */
const marked = (text: string) =>
  partsOf(text, HANDLES)
    .map((part) => MARKS[part.kind].join(part.text))
    .join("");

const TEXTS: [text: string, expected: string][] = [
  ["", ""],
  ["plain", "plain"],
  ["<b>bold</b>", "<b>bold</b>"],
  ["http://a.b", "<http://a.b>"],
  ["see https://a.b/c?d=e#f now", "see <https://a.b/c?d=e#f> now"],
  ["see https://a.b.", "see <https://a.b>."],
  ["(https://a.b/c)", "(<https://a.b/c>)"],
  ["https://a.b/c!?):", "<https://a.b/c>!?):"],
  ['"https://a.b"', '"<https://a.b>"'],
  ["ftp://a.b", "ftp://a.b"],
  ["javascript:alert(1)", "javascript:alert(1)"],
  ["/run/3/layers?cursor=5,6", "</run/3/layers?cursor=5,6>"],
  ["/run", "</run>"],
  ["/annotations and /jobs", "</annotations> and </jobs>"],
  ["/admin/users", "/admin/users"],
  ["a/run/3", "a/run/3"],
  ["https://a.b/run/3", "<https://a.b/run/3>"],
  ["@ann", "[@ann]"],
  ["@ANN!", "[@ANN]!"],
  ["@ann lee and @ann", "[@ann lee] and [@ann]"],
  ["@anna", "@anna"],
  ["@ann_", "@ann_"],
  ["@ann, @bö.", "[@ann], [@bö]."],
  ["@böse", "@böse"],
  ["@c.d", "[@c.d]"],
  ["me@ann", "me@ann"],
  ["me.@ann", "me.@ann"],
  ["@@ann", "@[@ann]"],
  ["@nobody", "@nobody"],
  ["https://a.b/@ann", "<https://a.b/@ann>"],
  ["@ann https://a.b @bö", "[@ann] <https://a.b> [@bö]"],
];

describe("a text is marked", () => {
  for (const [text, expected] of TEXTS) {
    test(JSON.stringify(text), () => assert.equal(marked(text), expected));
  }
});

describe("the parts give the text again, and none is empty", () => {
  const long = TEXTS.map(([text]) => text).join(" ");
  for (const text of [...TEXTS.map(([one]) => one), long, long.repeat(50)]) {
    test(`${text.slice(0, 30)} (${text.length})`, () => {
      const parts = partsOf(text, HANDLES);
      assert.equal(parts.map((part) => part.text).join(""), text);
      assert.ok(parts.every((part) => part.text));
    });
  }
});

test("without handles nobody is mentioned", () => {
  assert.deepEqual(partsOf("@ann"), [{ kind: "text", text: "@ann" }]);
});

const ADDRESSES: [text: string, expected: string | null][] = [
  ["/run/3", "https://here.test/run/3"],
  ["http://a.b", "http://a.b/"],
  ["https://a.b/c", "https://a.b/c"],
  ["javascript:alert(1)", null],
  ["data:text/html,x", null],
  ["http://", null],
  ["http://[", null],
];

describe("a link leads only where it may", () => {
  for (const [text, expected] of ADDRESSES) {
    test(text, () => assert.equal(addressAt(text, "https://here.test")?.href ?? null, expected));
  }
});

const NOW = Date.parse("2026-03-31T12:00:00Z");
const DAY = 86400;
const AGES: [seconds: number, expected: string][] = [
  [-100, "just now"],
  [0, "just now"],
  [9.9, "just now"],
  [10, "10 seconds ago"],
  [59, "59 seconds ago"],
  [60, "1 minute ago"],
  [89, "1 minute ago"],
  [91, "2 minutes ago"],
  [3599, "60 minutes ago"],
  [3600, "1 hour ago"],
  [7200, "2 hours ago"],
  [DAY - 1, "24 hours ago"],
  [DAY, "1 day ago"],
  [30 * DAY, "30 days ago"],
  [31 * DAY, "2026-02-28"],
  [1000 * DAY, "2023-07-05"],
];

describe("how long ago it was", () => {
  for (const [seconds, expected] of AGES) {
    test(`${seconds} s`, () => {
      assert.equal(ago(new Date(NOW - seconds * 1000).toISOString(), NOW), expected);
    });
  }
});
