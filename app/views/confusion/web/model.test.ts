// The cells of the matrix equal those that one counts by hand, pooled or not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { about, blockOf, change, placesOf, pool, type Shown, valued } from "./model.ts";

const ints = (...values: number[]): Int32Array<ArrayBuffer> => Int32Array.from(values);
// Of class 0 three are right and one is 2; of 1 two are 0; of 2 one has no prediction.
const CELLS = { true: ints(0, 0, 1, 2), taken: ints(0, 2, 0, 3), count: ints(3, 1, 2, 1) };
const ALL: Shown = {
  classes: 3,
  order: [0, 1, 2],
  rows: [0, 2],
  columns: [0, 2],
  block: 1,
  none: true,
  diagonal: true,
  sum: true,
};
const counts = valued(CELLS, "count", 3);
const listed = (given: ArrayLike<number>) =>
  Array.from(given, (value) => (Number.isNaN(value) ? null : value));

test("a cell holds the images of a pair, the last column those without a prediction", () => {
  const found = pool(counts, ALL);
  assert.deepEqual([found.height, found.width], [3, 4]);
  assert.deepEqual(listed(found.values), [
    ...[3, null, 1, null],
    ...[2, null, null, null],
    ...[null, null, null, 1],
  ]);
  assert.deepEqual([...found.right], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("shares are of the true, or of the predicted class", () => {
  assert.deepEqual([...(valued(CELLS, "row", 3).value as Float64Array)], [0.75, 0.25, 1, 1]);
  assert.deepEqual([...(valued(CELLS, "column", 3).value as Float64Array)], [0.6, 1, 0.4, 1]);
});

test("an order and a part of it move the cells", () => {
  const found = pool(counts, {
    ...ALL,
    order: [2, 1, 0],
    rows: [1, 2],
    columns: [0, 0],
    none: false,
  });
  assert.deepEqual(listed(found.values), [null, 1]);
});

test("without the diagonal only errors are left", () => {
  const found = pool(counts, { ...ALL, diagonal: false });
  assert.equal(found.values[0] === found.values[0], false);
  assert.ok(found.right.every((one) => !one));
});

for (const [sum, expected] of [
  [true, [5, 1, null, null, null, 1]],
  [false, [3, 1, null, null, null, 1]],
] as const) {
  test(`a block of 2 x 2 holds the ${sum ? "sum" : "largest"}, no prediction apart`, () => {
    const found = pool(counts, { ...ALL, block: 2, sum });
    assert.deepEqual([found.height, found.width], [2, 3]);
    assert.deepEqual(listed(found.values), expected);
  });
}

test("a change is what is more or less; equal cells are left out", () => {
  const before = { true: ints(0, 1, 2), taken: ints(0, 0, 1), count: ints(3, 5, 1) };
  const found = change(counts, valued(before, "count", 3), 3);
  const cells = Array.from(found.value, (value, at) => [found.true[at], found.taken[at], value]);
  assert.deepEqual(cells.sort(), [
    [0, 2, 1],
    [1, 0, -3],
    [2, 1, -1],
    [2, 3, 1],
  ]);
});

test("pooled sums are those of the whole, whatever the block", () => {
  const classes = 57;
  const [own, taken, count]: number[][] = [[], [], []];
  for (let at = 0; at < 400; at++) {
    own.push((at * 31) % classes);
    taken.push((at * 17) % (classes + 1));
    count.push(1 + (at % 5));
  }
  const cells = { true: ints(...own), taken: ints(...taken), count: ints(...count) };
  const total = count.reduce((sum, one) => sum + one, 0);
  const order = Array.from({ length: classes }, (_, at) => (at * 10) % classes);
  for (const block of [1, 2, 5, 56, 100]) {
    const whole = [0, classes - 1] as const;
    const shown = { ...ALL, classes, order, rows: whole, columns: whole, block };
    const { values } = pool(valued(cells, "count", classes), shown);
    assert.equal(
      values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0),
      total,
    );
  }
});

test("blocks are as large as the room asks for, and lead back to their classes", () => {
  assert.equal(blockOf(10, 700, 5), 1);
  assert.equal(blockOf(1000, 700, 5), 8);
  assert.equal(blockOf(1000, 1, 5), 1000);
  assert.deepEqual(placesOf(2, [10, 21], 5), [20, 21]);
  assert.deepEqual(about([500, 507], 40, 1000), [484, 523]);
  assert.deepEqual(about([0, 7], 40, 1000), [0, 39]);
  assert.deepEqual(about([996, 999], 40, 1000), [960, 999]);
  assert.deepEqual(about([2, 3], 40, 12), [0, 11]);
});
