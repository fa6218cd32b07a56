// What becomes one mark of a lane, and which marks have a line through the charts.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Mark } from "../core/marks.ts";
import { grouped } from "./lane.ts";
import { lined } from "./plotarea.ts";

const marks = (kind: Mark["kind"], count: number): Mark[] =>
  Array.from({ length: count }, (_, at) => ({ iteration: at, kind, text: String(at) }));

describe("marks of a lane", () => {
  const of = (...places: number[]) => places.map((from) => ({ one: from, from }));

  test("closer than their width to the first of them become one", () => {
    assert.deepEqual(grouped(of(30, 0, 14, 20), 15, 100), [
      { at: 0, all: [0, 14] },
      { at: 20, all: [20, 30] },
    ]);
  });

  test("what begins beyond an end stands at it", () => {
    assert.deepEqual(grouped(of(-40, 140), 15, 100), [
      { at: 0, all: [-40] },
      { at: 100, all: [140] },
    ]);
  });
});

describe("lines through the charts", () => {
  test("are of all marks while these are few", () => {
    const few = [...marks("event", 9), ...marks("resume", 2)];
    assert.deepEqual(lined(few), few);
  });

  test("are of the seams alone where events would hatch the charts", () => {
    const many = [...marks("event", 40), ...marks("resume", 2)];
    assert.deepEqual(lined(many), marks("resume", 2));
  });

  test("are none where seams would", () => assert.deepEqual(lined(marks("resume", 40)), []));
});
