// Where the rows and columns of the grid lie, and what a place of it belongs to, by trying all.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Blocks, build, isSplit, locate, type Splitting } from "./blocks.ts";
import { Detail } from "./minisets.ts";
import { Model } from "./model.ts";
import { gridOf, random } from "./testgrid.ts";

const NOTHING: Splitting = { split: "none", splitlayers: [], splitclasses: [], weight: 1 };
const ROOM = { width: 640, height: 400 };

function blocksOf(layers: number, classes: number, chosen: Partial<Splitting>, room = ROOM) {
  const given = gridOf(layers, classes, 9, 3);
  const model = new Model(given.answer, given.names);
  const orders = { rows: [...Array(layers).keys()], columns: [...Array(classes).keys()].reverse() };
  const selection = { ...NOTHING, ...chosen };
  return {
    model,
    given,
    blocks: build(model, new Detail(given.detail), orders, selection, room, () => 40),
  };
}

/** Return what lies at a place by looking at everything. */
function slowly({ rows, columns }: Blocks, x: number, y: number) {
  const column = columns.find(({ left, width }) => left <= x && x < left + width) ?? null;
  const row = rows.find(({ top, height }) => top <= y && y < top + height) ?? null;
  const part = row?.parts.find(({ top, height }) => top <= y && y < top + height) ?? null;
  let i: number | null = null;
  if (column?.split)
    column.moments.forEach((moment, at) => {
      const left = column.left + at * column.step;
      if (left <= x && x < left + column.step) i = moment;
    });
  return { row, column, part, i };
}

for (const [layers, classes] of [
  [1, 1],
  [4, 5],
  [20, 3],
  [3, 60],
  [40, 300],
]) {
  for (const split of ["none", "rows", "columns", "both"]) {
    describe(`${layers} x ${classes}, split: ${split}`, () => {
      const { blocks, model, given } = blocksOf(layers, classes, { split });

      test("rows and columns touch and leave nothing out", () => {
        let left = 0;
        for (const column of blocks.columns) {
          assert.equal(column.left, left);
          left += column.width;
        }
        assert.equal(blocks.width, left);
        let top = 0;
        for (const row of blocks.rows) {
          assert.equal(row.top, top);
          top += row.height;
        }
        assert.equal(blocks.height, top);
      });

      test("a place belongs to what covers it", () => {
        const next = random(layers * classes);
        for (let trial = 0; trial < 300; trial++) {
          const x = (next() * 1.2 - 0.1) * blocks.width;
          const y = (next() * 1.2 - 0.1) * blocks.height;
          assert.deepEqual(locate(blocks, x, y), slowly(blocks, x, y));
        }
      });

      test("split columns have a step for each iteration, split rows all mini-sets", () => {
        for (const column of blocks.columns) {
          assert.equal(column.split, split === "columns" || split === "both");
          if (column.split)
            assert.equal(column.width, column.step * given.moments[column.c].length);
          assert.equal(column.id, model.classes[column.c]);
        }
        for (const row of blocks.rows) {
          const own = given.parts.filter(({ layer }) => layer === row.id);
          assert.equal(row.total, row.split ? own.length : 0);
          assert.equal(
            row.parts.length,
            row.split
              ? own.filter((part) => part.filters.length * part.present.length >= 1).length
              : 0,
          );
        }
      });
    });
  }
}

test("an empty grid has nothing anywhere", () => {
  const empty = { rows: [], columns: [] };
  assert.deepEqual(locate(empty, 0, 0), { row: null, column: null, part: null, i: null });
});

for (const [x, y] of [
  [NaN, NaN],
  [-1, -1],
  [1e9, 1e9],
]) {
  test(`nothing lies at ${x}, ${y}`, () => {
    const { blocks } = blocksOf(4, 5, { split: "both" });
    assert.deepEqual(locate(blocks, x, y), { row: null, column: null, part: null, i: null });
  });
}

test("without mini-sets no row is split", () => {
  const given = gridOf(3, 3, 4);
  const model = new Model(given.answer, given.names);
  const orders = { rows: [0, 1, 2], columns: [0, 1, 2] };
  const { rows } = build(model, null, orders, { ...NOTHING, split: "both" }, ROOM, () => 0);
  assert.ok(rows.every(({ split, parts }) => !split && !parts.length));
});

test("light mini-sets are left out, and counted all the same", () => {
  const { blocks, given } = blocksOf(5, 4, { split: "rows", weight: 20 });
  for (const row of blocks.rows) {
    const own = given.parts.filter(({ layer }) => layer === row.id);
    const heavy = own.filter((part) => part.filters.length * part.present.length >= 20);
    assert.equal(row.parts.length, heavy.length);
    assert.equal(row.total, own.length);
  }
});

for (const [split, toggled, what, expected] of [
  ["none", [], "rows", false],
  ["none", [4], "rows", true],
  ["rows", [], "rows", true],
  ["rows", [4], "rows", false],
  ["rows", [], "columns", false],
  ["columns", [4], "columns", false],
  ["columns", [4], "rows", true],
  ["both", [], "columns", true],
  ["both", [4], "columns", false],
  ["both", [5], "columns", true],
] as const) {
  test(`${what} 4: split is ${split}, toggled ${toggled.join() || "nothing"}`, () => {
    const list = [...toggled];
    assert.equal(isSplit({ split, splitlayers: list, splitclasses: list }, what, 4), expected);
  });
}
