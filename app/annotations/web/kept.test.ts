// What is kept of annotations: answers in and out of order, and what is shown of them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Annotation, Changes } from "./annotation.ts";
import { byTarget, has, isShown, type Kept, keyOf, merge, type Shown } from "./kept.ts";

/** Return an annotation, as the server says it. */
function note(id: number, changed: number, given: Partial<Annotation> = {}): Annotation {
  const time = "2026-01-01T00:00:00+00:00";
  return {
    id,
    changed,
    target: { kind: "class", id: 3, filter: null, first: null, last: null },
    class: 3,
    position: null,
    name: "cat",
    about: "cat",
    author: "Ann",
    author_id: 1,
    body: "Look",
    tag: "",
    version: 1,
    created_at: time,
    edited_at: null,
    resolved_at: null,
    resolved_by: null,
    unread: false,
    link: "",
    replies: [],
    ...given,
  };
}
const keep = (...notes: Annotation[]): Kept => new Map(notes.map((one) => [one.id, one]));
const answer = (version: number, ids?: number[], annotations?: Annotation[]): Changes => ({
  version,
  ids,
  annotations,
  unread: 0,
  me: 1,
  may: {},
});

const MERGED: [what: string, kept: Kept, given: Changes, expected: [number, number][]][] = [
  ["nothing new", keep(note(1, 1)), answer(5), [[1, 1]]],
  [
    "the first answer",
    keep(),
    answer(2, [1, 2], [note(1, 1), note(2, 2)]),
    [
      [1, 1],
      [2, 2],
    ],
  ],
  ["a changed one", keep(note(1, 1)), answer(3, [1], [note(1, 3)]), [[1, 3]]],
  ["the same once more", keep(note(1, 3)), answer(3, [1], [note(1, 3)]), [[1, 3]]],
  ["a late answer changes nothing back", keep(note(1, 5)), answer(3, [1], [note(1, 3)]), [[1, 5]]],
  ["a deleted one goes", keep(note(1, 1), note(2, 2)), answer(3, [1], []), [[1, 1]]],
  ["all go", keep(note(1, 1)), answer(3, [], []), []],
  ["our own, newer than the answer, stays", keep(note(9, 7)), answer(6, [], []), [[9, 7]]],
  ["one of the answer's own version goes", keep(note(9, 6)), answer(6, [], []), []],
];

describe("an answer is taken over", () => {
  for (const [what, kept, given, expected] of MERGED) {
    test(what, () => {
      merge(kept, given);
      assert.deepEqual(
        [...kept.values()].map((one) => [one.id, one.changed]),
        expected,
      );
    });
  }
});

const SHOWN: [show: Shown, resolved: boolean, expected: boolean][] = [
  ["open", false, true],
  ["open", true, false],
  ["resolved", false, false],
  ["resolved", true, true],
  ["all", false, true],
  ["all", true, true],
];

describe("which are shown", () => {
  for (const [show, resolved, expected] of SHOWN) {
    test(`${show}: ${resolved ? "resolved" : "open"}`, () =>
      assert.equal(isShown(note(1, 1, { resolved_at: resolved ? "2026" : null }), show), expected));
  }
});

const KEYS: [target: Parameters<typeof keyOf>[0], expected: string][] = [
  [{ kind: "class", id: 0 }, "class 0"],
  [{ kind: "image", id: 12, filter: null }, "image 12"],
  [{ kind: "filter", id: 2, filter: 0 }, "filter 2.0"],
  [{ kind: "iteration", id: null }, "iteration null"],
];

describe("what a target is known by", () => {
  for (const [target, expected] of KEYS)
    test(expected, () => assert.equal(keyOf(target), expected));
});

describe("annotations by their target, as slowly chosen", () => {
  for (const show of ["open", "resolved", "all"] as const) {
    for (const many of [0, 1, 1000]) {
      test(`${many}, ${show}`, () => {
        const notes = Array.from({ length: many }, (_, at) =>
          note(at, at, {
            target: { kind: "filter", id: at % 3, filter: at % 5, first: null, last: null },
            resolved_at: at % 2 ? "2026" : null,
          }),
        );
        const found = byTarget(keep(...notes), show);
        for (const [key, ones] of found) {
          const slow = notes.filter((one) => keyOf(one.target) === key && isShown(one, show));
          assert.deepEqual(ones, slow);
        }
        const total = [...found.values()].flat().length;
        assert.equal(
          total,
          show === "all" ? many : show === "open" ? Math.ceil(many / 2) : many >> 1,
        );
      });
    }
  }
});

describe("what is found by words", () => {
  const reply = {
    id: 1,
    author: "Bo",
    author_id: 2,
    body: "Not at all",
    version: 1,
    created_at: "2026",
    edited_at: null,
  };
  const one = note(1, 1, { body: "Look HERE", tag: "odd", about: "class cat", replies: [reply] });
  for (const [words, expected] of [
    [[], true],
    [["look"], true],
    [["her"], true],
    [["odd", "ann", "cat"], true],
    [["not", "all"], true],
    [["look", "dog"], false],
    [["bo"], false], // who replied is not searched for
  ] as const) {
    test(words.join(" ") || "none", () => assert.equal(has(one, words), expected));
  }
});
