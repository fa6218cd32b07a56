// Curves of histograms keep what the bins hold; axes go there and back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { axisOf, endsOf, threshold } from "./axis.ts";
import { binOf, cumulative, density, edgeAt, evenly, nearest, slopes } from "./density.ts";
import type { Spread } from "./types.ts";

const EDGES = [-10, -1, -0.1, 0.1, 1, 10]; // seven bins, the fourth around zero

function spread(counts: number[], least: number, most: number): Spread {
  const percentile = new Float32Array(9).fill(NaN);
  percentile[0] = least;
  percentile[8] = most;
  return {
    iteration: new Int32Array([100]),
    place: [],
    over: "iteration",
    count: Uint32Array.from(counts),
    bins: 7,
    first: 0,
    percentile,
    lowest: new Float32Array([least]),
    highest: new Float32Array([most]),
    odd: new Uint8Array(1),
  };
}

describe("density", () => {
  const one = spread([0, 0, 20, 50, 20, 10, 0], -0.5, 4);
  for (const kind of ["linear", "symlog"]) {
    test(`${kind}: each bin keeps its numbers, and none is negative`, () => {
      const axis = axisOf(kind, [one], EDGES)!;
      const cells = 10_000;
      const found = density(cumulative(one, 0, EDGES, axis)!, cells);
      assert.ok(found.every((value) => value >= 0));
      for (const [bin, count] of one.count.entries()) {
        const from = Math.max(0, axis.to(Math.max(edgeAt(EDGES, bin), -0.5)));
        const to = Math.min(1, axis.to(Math.min(edgeAt(EDGES, bin + 1), 4)));
        let held = 0;
        for (let cell = 0; cell < cells; cell++) {
          const middle = (cell + 0.5) / cells;
          if (middle >= from && middle < to) held += found[cell] / cells;
        }
        assert.ok(Math.abs(held - count / 100) < 0.002, `bin ${bin}: ${held}`);
      }
    });
  }

  test("equal bins are a straight line", () => {
    const curve = { place: [0, 0.5, 1], below: [0, 5, 10] };
    assert.deepEqual(slopes(curve), [10, 10, 10]);
    assert.deepEqual([...density(curve, 4)], [1, 1, 1, 1]);
  });

  test("one value stands in one cell", () => {
    const same = spread([0, 0, 0, 0, 7, 0, 0], 0.5, 0.5);
    const found = density(cumulative(same, 0, EDGES, axisOf("linear", [same], EDGES)!)!, 11);
    assert.equal(found.filter((value) => value > 0).length, 1);
    assert.equal(found[5], 11);
  });

  test("no number has no curve", () => {
    const none = spread([0, 0, 0, 0, 0, 0, 0], NaN, NaN);
    assert.equal(axisOf("linear", [none], EDGES), null);
    const axis = axisOf("linear", [one], EDGES)!;
    assert.equal(cumulative(none, 0, EDGES, axis), null);
  });
});

describe("axis", () => {
  test("goes there and back, with ticks inside", () => {
    const wide = spread([5, 10, 1, 0, 1, 10, 5], -30, 200);
    for (const kind of ["linear", "symlog"]) {
      const axis = axisOf(kind, [wide], EDGES)!;
      for (const value of [-30, -2, 0, 0.05, 3, 200])
        assert.ok(Math.abs(axis.from(axis.to(value)) - value) < 1e-9 * 200);
      const ticks = axis.ticks(5);
      assert.ok(ticks.length > 1 && ticks.length < 9, String(ticks));
      assert.ok(
        ticks.every((tick, at) => tick >= -30 && tick <= 200 && (!at || tick > ticks[at - 1])),
      );
    }
  });

  test("is linear where hardly a number lies", () => {
    assert.equal(threshold([spread([0, 50, 0, 1, 0, 50, 0], -5, 5)], EDGES, 5), 1);
    assert.equal(threshold([spread([0, 0, 0, 50, 0, 50, 0], 0, 5)], EDGES, 5), 0.1);
  });

  test("has room for one value only", () => {
    assert.deepEqual(endsOf([spread([0, 0, 0, 1, 0, 0, 0], 0, 0)]), [-1, 1]);
    assert.equal(endsOf([]), null);
  });
});

test("bins hold their lower edge", () => {
  assert.deepEqual(
    [-99, -10, -0.1, 0, 0.1, 10].map((value) => binOf(EDGES, value)),
    [0, 1, 3, 3, 4, 6],
  );
  assert.deepEqual([edgeAt(EDGES, 0), edgeAt(EDGES, 7)], [-Infinity, Infinity]);
});

test("snapshots are chosen evenly, with both ends", () => {
  assert.deepEqual(evenly(3, 5), [0, 1, 2]);
  assert.deepEqual(evenly(9, 3), [0, 4, 8]);
  assert.deepEqual(evenly(9, 1), [8]);
  assert.equal(nearest([10, 20, 40], 29), 1);
  assert.equal(nearest([10, 20, 40], null), -1);
  assert.equal(nearest([], 5), -1);
});
