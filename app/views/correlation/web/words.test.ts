// A cell in words.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Model } from "./model.ts";
import { gridOf } from "./testgrid.ts";
import type { CellArrays } from "./types.ts";
import { counted, facts, presence, sentence } from "./words.ts";

const CELL: Record<keyof CellArrays, number> = {
  count: 12,
  sets: 3,
  expected: 1.25,
  members: 10,
  usual: 5,
  lift: 2,
  level: 2,
  hits: 4,
  base: 9,
  q: 0.001,
};

function modelWith(change: Partial<typeof CELL>): Model {
  const { answer, names, moments } = gridOf(1, 1, 8, 5);
  for (const [name, value] of Object.entries({ ...CELL, ...change }))
    answer.arrays[name as keyof CellArrays][0] = value;
  names.layers[1] = "layer3.0.conv1";
  names.classes[2] = "8";
  assert.ok(moments[0].length > 1);
  return new Model(answer, names);
}

for (const [change, words] of [
  [{}, "12 different filters at 3 iterations, 1.3 expected"],
  [{ count: 1, sets: 1 }, "1 different filter at 1 iteration, 1.3 expected"],
  [{ count: 0, sets: 0, expected: 0 }, "0 different filters at 0 iterations, 0 expected"],
  [{ count: 12345 }, "12,345 different filters at 3 iterations, 1.3 expected"],
  [{ expected: NaN }, "12 different filters at 3 iterations, NaN expected"],
] as const) {
  test(`a cell says "${words}"`, () => {
    assert.equal(counted(modelWith(change), 0, 0), words);
    assert.equal(sentence(modelWith(change), 0, 0), `layer3.0.conv1 and class 8: ${words}`);
  });
}

test("what sets a cell apart is said of the class and of the whole run", () => {
  const model = modelWith({});
  const count = model.momentsOf(0).length;
  assert.equal(
    presence(model, 0, 0),
    `2 filters or more at 4 of ${count} iterations, in the whole run at 9 of 50`,
  );
});

for (const [q, chance] of [
  [1, "1"],
  [0.5, "0.5"],
  [0.015625, "1 in 64"],
  [0.00025, "1 in 4,000"],
  [1e-7, "less than 1 in 1,000,000"],
  [0, "less than 1 in 1,000,000"],
] as const) {
  test(`the chance ${q} is written ${chance}`, () => {
    const lines = facts(modelWith({ q }), 0, 0, "all");
    const said = lines.find(([label]) => label.startsWith("Chance of that"));
    assert.equal(said?.[1], chance);
  });
}

for (const [limit, q, verdict] of [
  ["all", 0.04, "Stands out: unlikely to be chance"],
  ["all", 0.06, "May well be chance"],
  ["0.01", 0.04, "May well be chance"],
  ["0.01", 0.005, "Stands out: unlikely to be chance"],
  ["0.05", NaN, "May well be chance"],
] as const) {
  test(`q = ${q} at ${limit}: ${verdict}`, () =>
    assert.deepEqual(facts(modelWith({ q }), 0, 0, limit).at(-1), [verdict]));
}

test("of a cell without filters no chance is said", () =>
  assert.equal(facts(modelWith({ count: 0 }), 0, 0, "all").length, 3));
