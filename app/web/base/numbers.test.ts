// How numbers are written: what people read beside every chart.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { numbers } from "./numbers.ts";

const WRITTEN: [string, (value: number) => string, number, string][] = [
  ["integer", numbers.integer, 1234567, "1,234,567"],
  ["integer", numbers.integer, 0, "0"],
  ["integer", numbers.integer, NaN, "NaN"],
  ["integer", numbers.integer, Infinity, "+Inf"],
  ["integer", numbers.integer, -Infinity, "−Inf"],
  ["number", numbers.number, 0, "0"],
  ["number", numbers.number, 0.001, "0.001"],
  ["number", numbers.number, 0.00012, "1.2e−4"],
  ["number", numbers.number, -0.00012, "−1.2e−4"],
  ["number", numbers.number, 1234567, "1.23e6"],
  ["number", numbers.number, 999999, "1,000,000"],
  ["number", numbers.number, -2.5, "−2.5"],
  ["number", numbers.number, 1 / 3, "0.3333"],
  ["percent", numbers.percent, 0, "0.0 %"],
  ["percent", numbers.percent, 0.1234, "12.3 %"],
  ["percent", numbers.percent, -0.5, "−50.0 %"],
  ["short", numbers.short, 0, "0"],
  ["short", numbers.short, 1200, "1,200"],
  ["short", numbers.short, 120000, "120k"],
  ["short", numbers.short, 1200000, "1.2M"],
];

describe("a number is written", () => {
  for (const [name, write, value, expected] of WRITTEN) {
    test(`${name} of ${value}`, () => assert.equal(write(value), expected));
  }
});

describe("what is not there is said", () => {
  for (const write of [numbers.integer, numbers.number, numbers.percent]) {
    for (const value of [null, undefined]) {
      test(`${write.name} of ${value}`, () => assert.equal(write(value), "none"));
    }
  }
});

test("the end of a scale is short", () => {
  assert.equal(numbers.tick("percent", 1), "100 %");
  assert.equal(numbers.tick("percent", 0.125), "12.5 %");
  assert.equal(numbers.tick("integer", 2000), "2,000");
  assert.equal(numbers.tick(undefined, 0.123456), "0.123");
  // Of a scale no two values read alike.
  assert.deepEqual(numbers.ticks("number", [0, 0.5, 1]), ["0", "0.5", "1"]);
  assert.deepEqual(numbers.ticks("number", [0.4971, 0.4972, 0.4973]), [
    "0.4971",
    "0.4972",
    "0.4973",
  ]);
  assert.deepEqual(numbers.ticks("number", [99999.5, 100000, 100000.5]), [
    "99,999.5",
    "100,000",
    "100,000.5",
  ]);
  assert.deepEqual(numbers.ticks("number", [1, 1]), ["1", "1"]);
  assert.deepEqual(numbers.ticks("percent", [0.001, 0.0011]), ["0.1 %", "0.1 %"]);
});

test("one of a thing is no plural", () => {
  assert.equal(numbers.plural(1, "class", "classes"), "1 class");
  assert.equal(numbers.plural(0, "class", "classes"), "0 classes");
  assert.equal(numbers.plural(1500, "class", "classes"), "1,500 classes");
});
