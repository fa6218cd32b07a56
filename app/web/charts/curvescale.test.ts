// The scale of a chart of curves: what is chosen holds, and there is always a scale where it can be.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { beyond, endsOf, projection, ticksOf, valueAtShare, withAside } from "./curvescale.ts";

describe("the scale of curves", () => {
  const lines = [
    [1, 2],
    [-3, 5],
  ];

  test("holds all values, with air", () => {
    const { low, high } = endsOf(lines, {})!;
    assert.ok(low < -3 && low > -4 && high > 5 && high < 6);
    assert.equal(beyond(lines, { low, high, log: false }), 0);
  });

  test("has the ends that were chosen", () => {
    assert.deepEqual(endsOf(lines, { low: 0, high: 4 }), { low: 0, high: 4, log: false });
    assert.equal(beyond(lines, { low: 0, high: 4, log: false }), 2);
    assert.equal(endsOf(lines, { low: 0 })!.low, 0);
    assert.deepEqual(endsOf([[]], { low: 0, high: 4 }), { low: 0, high: 4, log: false });
  });

  test("has air above values that lie close together, far from a chosen end", () => {
    const { high } = endsOf([[34, 34.1]], { low: 0 })!;
    assert.ok(high > 35 && high < 37, String(high));
  });

  test("rises, whatever was chosen", () => {
    for (const chosen of [{ low: 9 }, { high: -9 }, { low: 4, high: 4 }, { low: 4, high: 1 }]) {
      const { low, high } = endsOf(lines, chosen)!;
      assert.ok(low < high, JSON.stringify([chosen, low, high]));
    }
  });

  test("of a logarithm knows no zero and nothing below", () => {
    const found = endsOf([[0, -1, 0.1, 10]], { log: true, low: -5 })!;
    assert.ok(found.low > 0 && found.low < 0.1);
    assert.equal(endsOf([[0, -1]], { log: true }), null);
    assert.equal(endsOf([[]], {}), null);
  });

  test("leaves out what is extreme", () => {
    const values = Array.from({ length: 101 }, (_, at) => (at === 100 ? 1e9 : at));
    assert.ok(endsOf([values], { clip: true })!.high < 110);
    assert.ok(endsOf([values], {})!.high > 1e9);
  });

  for (const log of [false, true])
    test(`leads from values to pixels and back${log ? " on a logarithmic scale" : ""}`, () => {
      const ends = { low: 0.01, high: 100, log };
      const y = projection(ends, 80);
      assert.deepEqual([y(0.01), y(100)], [80, 0]);
      for (const value of [0.02, 1, 33])
        assert.ok(Math.abs(valueAtShare(ends, y(value) / 80) - value) < 1e-9);
      for (const tick of ticksOf(ends, 4)) assert.ok(tick >= 0.01 - 1e-9 && tick <= 100);
    });
});

test("what stands aside makes a scale a little larger, or is left out", () => {
  assert.deepEqual(withAside([[1, 2]], [[5], [7]]), [[1, 2], [5]]);
  assert.deepEqual(withAside([], [[7]]), [[7]]);
});
