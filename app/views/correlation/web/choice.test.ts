// The chosen cell is found by its ids, and by no others.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen } from "./choice.ts";
import { Model } from "./model.ts";
import { describeGrids, gridOf } from "./testgrid.ts";

describeGrids(({ model, cells }) => {
  test("a cell is found again by its ids", () => {
    for (const [r, c] of cells.slice(0, 100)) {
      assert.deepEqual(chosen(model, { cell: [[model.layers[r], model.classes[c]]] }), { r, c });
    }
  });
});

const small = gridOf(2, 3, 4);
const model = new Model(small.answer, small.names);

for (const cell of [[], [[0, 2]], [[1, 3]], [[NaN, NaN]]] as [number, number][][]) {
  test(`no cell is chosen by ${JSON.stringify(cell)}`, () =>
    assert.equal(chosen(model, { cell }), null));
}
