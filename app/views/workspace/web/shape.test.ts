// Panes fill what room there is: their numbers, and sizes that always add up to the whole.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LEAST, moved, shapeOf, sizesOf, WHOLE } from "./shape.ts";

const total = (sizes: readonly number[]) => sizes.reduce((sum, one) => sum + one, 0);

describe("columns and rows", () => {
  for (const [arrange, count, room, columns, rows] of [
    ["columns", 3, 1200, 3, 1],
    ["columns", 3, 700, 2, 2], // a third would be too narrow
    ["columns", 2, 100, 1, 2],
    ["rows", 3, 1200, 1, 3],
    ["grid", 4, 1200, 2, 2],
    ["grid", 3, 1200, 2, 2],
    ["grid", 1, 1200, 1, 1],
    ["unknown", 2, 1200, 2, 1],
    ["columns", 0, 1200, 1, 1],
  ] as const) {
    test(`${count} panes as ${arrange} in ${room} px`, () =>
      assert.deepEqual(shapeOf(arrange, count, room), { columns, rows }));
  }
});

describe("sizes", () => {
  test("are even where nobody has changed them, and add up", () => {
    for (let columns = 1; columns <= 7; columns++) {
      const { across, down } = sizesOf([], { columns, rows: 3 });
      assert.deepEqual([across.length, total(across), total(down)], [columns, WHOLE, WHOLE]);
      assert.ok(Math.max(...across) - Math.min(...across) <= 1);
    }
  });

  test("are those that are kept, where these fit", () => {
    const shape = { columns: 2, rows: 2 };
    assert.deepEqual(sizesOf([300, 700, 600, 400], shape), {
      across: [300, 700],
      down: [600, 400],
    });
    const even = { across: [500, 500], down: [500, 500] };
    assert.deepEqual(sizesOf([300, 600, 600, 500], shape), even);
    assert.deepEqual(sizesOf([990, 10, 10, 990], shape), even);
    assert.deepEqual(sizesOf([300, 700], shape), { across: [300, 700], down: [500, 500] });
  });
});

describe("a border", () => {
  const sizes = { across: [400, 300, 300], down: [1000] };

  test("moves what is on both sides of it, and nothing else", () => {
    assert.deepEqual(moved(sizes, "across", 1, 50).across, [450, 250, 300]);
    assert.deepEqual(moved(sizes, "across", 2, -50.4).across, [400, 250, 350]);
    assert.deepEqual(moved(sizes, "across", 1, 50).down, [1000]);
    assert.deepEqual(sizes.across, [400, 300, 300]);
  });

  test("leaves either side something", () => {
    assert.deepEqual(moved(sizes, "across", 1, WHOLE).across, [700 - LEAST, LEAST, 300]);
    assert.deepEqual(moved(sizes, "across", 2, -WHOLE).across, [400, LEAST, 600 - LEAST]);
  });
});
