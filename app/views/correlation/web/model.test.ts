// The model of a correlation answer, its mini-sets and orders, against what the arrays were made of.

import "./testpage.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  chosen,
  columnOrder,
  Detail,
  Model,
  modelOf,
  rowOrder,
  standsOut,
  strength,
} from "./model.ts";
import { gridOf } from "./testgrid.ts";

const SIZES: [layers: number, classes: number, iterations: number][] = [
  [1, 1, 1],
  [1, 6, 4],
  [7, 1, 4],
  [5, 8, 12],
  [12, 30, 40],
  [60, 200, 300],
];

for (const [layers, classes, iterations] of SIZES) {
  describe(`a grid of ${layers} x ${classes} with ${iterations} iterations`, () => {
    const given = gridOf(layers, classes, iterations, layers + classes);
    const model = new Model(given.answer, given.names);
    const cells = Array.from({ length: layers * classes }, (_, at) => [
      Math.floor(at / classes),
      at % classes,
    ]);

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

    test("mini-sets belong to their layer and know when they are there", () => {
      const detail = new Detail(given.detail);
      for (const id of model.layers) {
        const own = given.parts.flatMap((part, p) => (part.layer === id ? [p] : []));
        assert.deepEqual([...detail.of(id)], own);
      }
      given.parts.forEach((part, p) => {
        assert.deepEqual(Array.from(detail.filters(p)), part.filters);
        assert.equal(detail.size(p), part.filters.length);
        assert.deepEqual(Array.from(detail.moments(p)), part.present);
        const present = Array.from({ length: iterations }, (_, i) =>
          Number(part.present.includes(i)),
        );
        assert.deepEqual(Array.from(detail.presence(p)), present);
      });
      assert.deepEqual([...detail.of(-5)], []);
    });

    test("a cell is found again by its ids", () => {
      for (const [r, c] of cells.slice(0, 100)) {
        assert.deepEqual(chosen(model, { cell: [[model.layers[r], model.classes[c]]] }), { r, c });
      }
    });
  });
}

const small = gridOf(2, 3, 4);
const model = new Model(small.answer, small.names);

for (const cell of [[], [[0, 2]], [[1, 3]], [[NaN, NaN]]] as [number, number][][]) {
  test(`no cell is chosen by ${JSON.stringify(cell)}`, () =>
    assert.equal(chosen(model, { cell }), null));
}

test("the same answer gives the same model", () =>
  assert.equal(modelOf(small.answer, small.names), modelOf(small.answer, small.names)));

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
