// The orders of rows and columns, and which cells stand out, by their definitions.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Model } from "./model.ts";
import { columnOrder, rowOrder, standsOut, strength } from "./orders.ts";
import { describeGrids, gridOf } from "./testgrid.ts";

describeGrids(({ given, model, cells, layers, classes }) => {
  test("what stands out most comes first, in rows and columns", () => {
    const most = (at: number, of: 0 | 1) =>
      Math.max(...cells.filter((cell) => cell[of] === at).map(([r, c]) => strength(model, r, c)));
    const falling = (order: number[], of: 0 | 1) =>
      order.slice(1).forEach((at, before) => {
        const [left, right] = [most(order[before], of), most(at, of)];
        assert.ok(left > right || (left === right && order[before] < at));
      });
    const [rows, columns] = [rowOrder(model, "strength"), columnOrder(model, "strength")];
    assert.equal(new Set(rows).size, layers);
    assert.equal(new Set(columns).size, classes);
    falling(rows, 0);
    falling(columns, 1);
  });

  test("the network's and the classes' own order is that of the answer", () => {
    assert.deepEqual(rowOrder(model, "network"), [...Array(layers).keys()]);
    assert.deepEqual(columnOrder(model, "number"), [...Array(classes).keys()]);
  });

  test("classes with most iterations come first", () => {
    const counts = columnOrder(model, "iterations").map((c) => given.moments[c].length);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => b - a),
    );
  });

  test("names are sorted by the numbers in them", () => {
    const numberOf = (name: string) => Number(/\d+/.exec(name)?.[0]);
    const found = columnOrder(model, "name").map((c) => numberOf(model.className(c)));
    assert.deepEqual(
      found,
      [...found].sort((a, b) => a - b),
    );
  });
});

for (const [limit, q, expected] of [
  ["all", 1, true],
  ["all", NaN, true],
  ["0.05", 0.04, true],
  ["0.05", 0.06, false],
  ["0.05", NaN, false],
  ["0.01", 0, true],
] as const) {
  test(`q = ${q} at the limit ${limit} ${expected ? "stands out" : "may be chance"}`, () => {
    const given = gridOf(1, 1, 1);
    given.answer.arrays.q[0] = q;
    assert.equal(standsOut(new Model(given.answer, given.names), 0, 0, limit), expected);
  });
}

for (const [count, q, expected] of [
  [0, 0, -1],
  [10, 1, 0.001],
  [10, 0, 300.001],
] as const) {
  test(`${count} filters at q = ${q} weigh ${expected}`, () => {
    const given = gridOf(1, 1, 1);
    given.answer.arrays.q[0] = q;
    given.answer.arrays.count[0] = count;
    const found = strength(new Model(given.answer, given.names), 0, 0);
    assert.ok(Math.abs(found - expected) < 1e-9);
  });
}
