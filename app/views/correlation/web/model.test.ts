// The model of a correlation answer against what the arrays were made of.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Model, modelOf } from "./model.ts";
import { describeGrids, gridOf } from "./testgrid.ts";

describeGrids(({ given, model, cells }) => {
  test("cells lie row by row", () => {
    cells.forEach(([r, c], at) => {
      assert.equal(model.at("count", r, c), given.answer.arrays.count[at]);
      assert.equal(model.value(r, c, "lift"), given.answer.arrays.lift[at]);
      assert.equal(model.value(r, c, "count"), given.answer.arrays.count[at]);
    });
    assert.equal(model.most, Math.max(1, ...given.answer.arrays.count));
  });

  test("each class has its moments", () => {
    given.moments.forEach((moments, c) =>
      assert.deepEqual(Array.from(model.momentsOf(c)), moments),
    );
  });
});

const small = gridOf(2, 3, 4);
const model = new Model(small.answer, small.names);

test("the same answer gives the same model", () =>
  assert.equal(modelOf(small.answer, small.names), modelOf(small.answer, small.names)));

for (const [name, words] of [
  ["8", "class 8"],
  ["1.5", "class 1.5"],
  ["10 000", "class 10 000"],
  ["cat", "cat"],
  ["class 8", "class 8"],
]) {
  test(`a class called ${name} is written ${words}`, () => {
    const given = gridOf(1, 1, 1);
    given.names.classes[2] = name;
    assert.equal(new Model(given.answer, given.names).classWords(0), words);
  });
}

test("the words that all classes begin with are left out", () => {
  assert.deepEqual(
    [0, 1, 2].map((c) => `kind ${model.shortClass(c)}`),
    [0, 1, 2].map((c) => model.className(c)),
  );
});

test("what has no name is called by its id", () => {
  const nameless = new Model(small.answer, { ...small.names, layers: [], classes: [] });
  assert.equal(nameless.layerName(1), "layer 3");
  assert.equal(nameless.className(2), "class 8");
});
