// The moving average against its definition, and against the numbers that Python's is tested on.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { smoothed } from "./smoothing.ts";

/** The definition, in quadratic time: what each value still counts, over what all do. */
function slow(places: number[], values: number[], weight: number, span: number): number[] {
  const kept = Math.min(Math.sqrt(weight), 0.999);
  return values.map((_, at) => {
    const shares = values
      .slice(0, at + 1)
      .map((_, before) => kept ** (((places[at] - places[before]) / span) * 1000));
    const all = shares.reduce((a, b) => a + b, 0);
    return shares.reduce((sum, share, before) => sum + share * values[before], 0) / all;
  });
}
const near = (found: ArrayLike<number>, wanted: ArrayLike<number>) => {
  assert.equal(found.length, wanted.length);
  for (let at = 0; at < wanted.length; at++)
    assert.ok(Math.abs(found[at] - wanted[at]) < 1e-9 * (1 + Math.abs(wanted[at])), `at ${at}`);
};

describe("a moving average", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const places = Array.from({ length: 80 }, () => random() * 40).sort((a, b) => a - b);
  const values = places.map(() => random() * 4 - 1);

  for (const weight of [0.2, 0.6, 0.9, 0.99])
    test(`is what the definition says, weight ${weight}`, () => {
      near(smoothed(places, values, weight, 60), slow(places, values, weight, 60));
    });

  test("has no bias at its beginning, and none of a constant", () => {
    assert.equal(smoothed([3, 4], [5, 9], 0.99, 10)[0], 5);
    near(
      smoothed(
        places,
        places.map(() => 2.5),
        0.9,
        60,
      ),
      places.map(() => 2.5),
    );
  });

  test("counts a mean as often as it is the mean of", () => {
    const several = smoothed([0, 1, 1, 1], [1, 2, 3, 7], 0.9, 10);
    near([smoothed([0, 1], [1, 4], 0.9, 10, [1, 3])[1]], [several[3]]);
  });

  test("of no weight is the values; of none it is empty", () => {
    assert.deepEqual([...smoothed([0, 1, 1], [4, 5, 6], 0, 1)], [4, 5, 6]);
    assert.equal(smoothed([], [], 0.5, 1).length, 0);
  });

  test("is the same in Python", () => {
    const file = new URL("../../../tests/deeptracker/smoothing.json", import.meta.url);
    for (const { places, values, weight, span, found } of JSON.parse(readFileSync(file, "utf8")))
      near(smoothed(places, values, weight, span), found);
  });
});
