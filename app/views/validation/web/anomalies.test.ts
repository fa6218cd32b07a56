// Anomalous cells are found by class, by snapshot and by cluster as one by one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AnomalousCells, cellsIn } from "./anomalies.ts";
import type { AnomalyArrays, Cell } from "./types.ts";

const SIDES = ["left", "right", "pending"] as const;
type Known = Cell & { classId: number };

/** Some cells of 6 classes and 5 snapshots, as an answer has them and one by one. */
function some(count: number): { arrays: AnomalyArrays; cells: Known[] } {
  let seed = count;
  const next = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const arrays: Record<string, Int32Array> = {};
  const cells: Known[] = [];
  for (const side of SIDES) {
    const own = Array.from({ length: count }, () => ({
      side,
      classId: next(6),
      column: next(5),
      forgotten: next(4),
      learned: next(4),
    }));
    cells.push(...own);
    arrays[`${side}_class_id`] = Int32Array.from(own, (cell) => cell.classId);
    arrays[`${side}_snapshot`] = Int32Array.from(own, (cell) => cell.column);
    for (const name of ["forgotten", "learned"] as const)
      arrays[`${side}_${name}`] = Int32Array.from(own, (cell) => cell[name]);
  }
  return { arrays: arrays as unknown as AnomalyArrays, cells };
}

for (const count of [0, 1, 40]) {
  const { arrays, cells } = some(count);
  const found = new AnomalousCells(arrays);

  test(`${count} cells of each side, by class`, () => {
    for (const classId of [-1, 0, 1, 2, 3, 4, 5, 6]) {
      const own = cells.filter((cell) => cell.classId === classId);
      assert.deepEqual(
        found.of(classId),
        own.map(({ classId: _, ...cell }) => cell),
      );
    }
  });

  test(`${count} cells of each side, by snapshot`, () => {
    for (const column of [-1, 0, 1, 2, 3, 4, 5]) {
      const own = cells
        .filter((cell) => cell.column === column)
        .map((cell) => ({ ...cell, images: cell.forgotten + cell.learned }))
        .sort((a, b) => b.images - a.images || a.classId - b.classId);
      assert.deepEqual(found.at(column), own);
    }
  });

  test(`${count} cells of each side, summed by cluster`, () => {
    const label = [0, 1, 0, 2, 1, 2];
    const sums = found.ofClusters(label);
    for (const cluster of [0, 1, 2]) {
      const own = cells.filter((cell) => label[cell.classId] === cluster);
      const summed = sums.get(cluster) ?? [];
      const places = new Set(own.map(({ side, column }) => `${side} ${column}`));
      assert.equal(summed.length, places.size);
      for (const sum of summed) {
        const parts = own.filter(({ side, column }) => side === sum.side && column === sum.column);
        assert.equal(sum.classes, parts.length);
        assert.equal(
          sum.forgotten,
          parts.reduce((all, { forgotten }) => all + forgotten, 0),
        );
        assert.equal(
          sum.learned,
          parts.reduce((all, { learned }) => all + learned, 0),
        );
      }
    }
  });
}

test("all charts of an answer share its cells", () => {
  const { arrays } = some(3);
  assert.equal(cellsIn(arrays), cellsIn(arrays));
});
