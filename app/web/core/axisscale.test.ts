// The scales of a time axis: from iterations to places and back, with gaps and resumes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { coordinateOf, scaleOf, valueAt } from "./axisscale.ts";

const clocks = {
  iteration: [100, 200, 400, 800],
  epoch: [1, NaN, 4, 8],
  recorded_at: [1000, 1010, 1005, 1100],
};

describe("the scale of a time axis", () => {
  test("begins at iteration 0 and goes half a step beyond the last snapshot", () => {
    const { knots } = scaleOf("iteration", clocks)!;
    assert.deepEqual([...knots], [0, 100, 200, 400, 800, 1000]);
  });

  test("fills what was not recorded evenly", () => {
    assert.deepEqual([...scaleOf("epoch", clocks)!.knots], [0, 1, 2, 4, 8, 10]);
  });

  test("counts from the start, and never falls after a resume", () => {
    assert.deepEqual([...scaleOf("relative", clocks)!.knots], [0, 10, 20, 20, 110, 155]);
    assert.equal(scaleOf("wall", clocks)!.knots[1], 1000);
  });

  test("is none where nothing was recorded, or but one snapshot", () => {
    const nothing = { ...clocks, epoch: [NaN, NaN, NaN, NaN] };
    assert.equal(scaleOf("epoch", nothing), null);
    assert.equal(scaleOf("iteration", { iteration: [5], epoch: [1], recorded_at: [1] }), null);
    assert.equal(scaleOf("snapshot", clocks), null);
  });

  test("leads from coordinates to values and back", () => {
    const { knots } = scaleOf("iteration", clocks)!;
    assert.deepEqual(
      [0, 0.5, 1, 1.5, 3, 3.5, 4].map((at) => valueAt(knots, at)),
      [0, 100, 150, 200, 600, 800, 1000].map((value) => value),
    );
    for (const at of [0, 0.25, 0.5, 1.2, 2.5, 3.1, 3.9, 4])
      assert.ok(Math.abs(coordinateOf(knots, valueAt(knots, at)) - at) < 1e-9, String(at));
    assert.deepEqual([coordinateOf(knots, -50), coordinateOf(knots, 5000)], [0, 4]);
  });

  test("says its ticks in its own words", () => {
    assert.deepEqual(
      scaleOf("iteration", clocks)!
        .ticks(0, 1000, 5)
        .map(({ text }) => text),
      ["0", "200", "400", "600", "800", "1,000"],
    );
    assert.ok(
      scaleOf("relative", clocks)!
        .ticks(0, 155, 4)
        .every(({ text }) => / (s|min)$/.test(text)),
    );
  });
});
