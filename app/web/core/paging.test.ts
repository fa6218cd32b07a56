// Arrows of lists of pages: with and without edges, made later, and never twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";
import { nameArrows } from "./paging.ts";

const page = (...texts: string[]): Document => {
  const { document } = new Window();
  const buttons = texts.map(
    (text) => `<button class="mantine-Pagination-control">${text || "<svg></svg>"}</button>`,
  );
  document.body.innerHTML = `<div class="mantine-Pagination-root">${buttons.join("")}</div>`;
  return document as unknown as Document;
};
const labels = (document: Document): (string | null)[] => {
  nameArrows(document);
  return [...document.querySelectorAll("button")].map((one) => one.getAttribute("aria-label"));
};

test("two arrows lead to the pages beside", () => {
  assert.deepEqual(labels(page("", "1", "2", "")), ["Previous page", null, null, "Next page"]);
});

test("with edges there are four", () => {
  const named = labels(page("", "", "1", "", ""));
  assert.deepEqual(named, ["First page", "Previous page", null, "Next page", "Last page"]);
});

test("numbers alone keep their texts", () => {
  assert.deepEqual(labels(page("1", "2")), [null, null]);
});
