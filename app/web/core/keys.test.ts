// A key acts where it is registered, and the help tells of it nowhere else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";
import { keysHere, keyTable, nameOfKey } from "./keys.ts";

const { document, KeyboardEvent } = new Window();
const press = (key: string, more = {}) =>
  new KeyboardEvent("keydown", { key, ...more }) as unknown as globalThis.KeyboardEvent;

let allowed = true;
const done: string[] = [];
const pressed = keyTable<string>({ title: "Rows", within: ".rows", when: () => allowed }, [
  { keys: ["o"], says: "opens it", act: (row, _event, key) => done.push(row + key) },
  { keys: ["x"], says: "does nothing yet", act: () => false },
]);

test("a registered key acts on what it is pressed on; no other does", () => {
  assert.equal(pressed("a", press("O")), true);
  assert.deepEqual(done, ["ao"]);
  assert.equal(pressed("a", press("p")), false);
  assert.equal(pressed("a", press("x")), false);
  assert.equal(pressed("a", press("o", { ctrlKey: true })), false);
  assert.deepEqual(done, ["ao"]);
});

test("the help tells of keys where they act", () => {
  const page = document as unknown as Document;
  assert.deepEqual(keysHere(page), []);
  page.body.innerHTML = '<div class="rows"></div>';
  assert.deepEqual(
    keysHere(page).map(({ title, lines }) => [title, lines.map(({ says }) => says)]),
    [["Rows", ["opens it", "does nothing yet"]]],
  );
  allowed = false;
  assert.deepEqual(keysHere(page), []);
});

test("keys are called what the keyboard calls them", () => {
  assert.deepEqual(["ArrowUp", " ", "z", "Home"].map(nameOfKey), ["↑", "Space", "Z", "Home"]);
});
