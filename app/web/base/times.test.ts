// Times on the axis of runs, against the plainest way to the same.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { duration, roundTimes } from "./times.ts";

const WRITTEN: [seconds: number, expected: string][] = [
  [0, "0 s"],
  [0.004, "0 s"],
  [0.125, "0.13 s"],
  [1.5, "1.5 s"],
  [9.876, "9.88 s"],
  [10.04, "10 s"],
  [59.94, "59.9 s"],
  [60, "1:00 min"],
  [61.4, "1:01 min"],
  [3599, "59:59 min"],
  [3599.6, "1:00:00 h"],
  [3600, "1:00:00 h"],
  [3723, "1:02:03 h"],
  [360_000, "100:00:00 h"],
];

describe("a time is written", () => {
  for (const [seconds, expected] of WRITTEN) {
    test(`${seconds} s`, () => assert.equal(duration(seconds), expected));
  }
});

const SPANS: [first: number, last: number, count: number, expected: number[]][] = [
  [0, 10, 5, [0, 2, 4, 6, 8, 10]],
  [1, 9, 5, [2, 4, 6, 8]],
  [0, 60, 4, [0, 15, 30, 45, 60]],
  [0, 3600, 6, [0, 600, 1200, 1800, 2400, 3000, 3600]],
  [7, 7, 4, [7]],
  [7.05, 7.05, 4, []],
  [0, 86400 * 10, 5, [0, 2, 4, 6, 8, 10].map((days) => days * 86400)],
  [NaN, NaN, 4, []],
];

describe("the scale is marked", () => {
  for (const [first, last, count, expected] of SPANS) {
    test(`${first} .. ${last} by ${count}`, () =>
      assert.deepEqual(roundTimes(first, last, count), expected));
  }
});

describe("marks lie within, evenly and no more than one above the count", () => {
  for (const span of [0.3, 1, 7, 59, 61, 1000, 5000, 40_000, 86_400, 1e6, 1e8]) {
    for (const first of [0, 3.7, 1234]) {
      for (const count of [2, 5, 12]) {
        test(`${first} + ${span} by ${count}`, () => {
          const found = roundTimes(first, first + span, count);
          assert.ok(found.length <= count + 1);
          assert.ok(found.every((at) => at >= first && at <= first + span));
          const gaps = found.slice(1).map((at, before) => at - found[before]);
          assert.ok(gaps.every((gap) => Math.abs(gap - gaps[0]) < 1e-6 * gaps[0]));
        });
      }
    }
  }
});
