// From the pairs of classes that hold images to the cells of a matrix, pooled where there are many.

import type { Cells } from "./answer.ts";

export type As = "count" | "row" | "column";
/** Places in the order of the classes, both ends included. */
export type Places = readonly [number, number];
/** Values of pairs of classes; `taken` is the number of classes where there is no prediction. */
export interface Valued {
  true: ArrayLike<number>;
  taken: ArrayLike<number>;
  value: ArrayLike<number>;
}
/** What is shown: so many classes, their order, the places of it, `block` classes to a cell. */
export interface Shown {
  classes: number;
  order: ArrayLike<number>;
  rows: Places;
  columns: Places;
  block: number;
  /** Whether there is a column of images without a prediction. */
  none: boolean;
  diagonal: boolean;
  /** Values of a block are summed, else the largest stands for all. */
  sum: boolean;
}
/** Values [height, width] in C order, NaN where no image is; `right` marks those of the diagonal. */
export interface Pooled {
  height: number;
  width: number;
  values: Float64Array<ArrayBuffer>;
  right: Uint8Array<ArrayBuffer>;
}

/** Return what each pair says: images, or the share of the true or of the predicted class. */
export function valued(cells: Cells, as: As, classes: number): Valued {
  const sums = new Float64Array(classes + 1);
  const of = as === "row" ? cells.true : cells.taken;
  cells.count.forEach((count, at) => {
    sums[of[at]] += count;
  });
  const share = (count: number, at: number) => count / sums[of[at]];
  const value =
    as === "count" ? cells.count : Float64Array.from(cells.count, (count, at) => share(count, at));
  return { true: cells.true, taken: cells.taken, value };
}

/** Return the values of all pairs less those before; pairs that did not change are left out. */
export function change(after: Valued, before: Valued, classes: number): Valued {
  const found = new Map<number, number>();
  const add = (given: Valued, sign: number) => {
    for (let at = 0; at < given.true.length; at++) {
      const key = given.true[at] * (classes + 1) + given.taken[at];
      found.set(key, (found.get(key) ?? 0) + sign * given.value[at]);
    }
  };
  add(after, 1);
  add(before, -1);
  const changed = [...found].filter(([, value]) => Math.abs(value) > 1e-9);
  return {
    true: changed.map(([key]) => Math.floor(key / (classes + 1))),
    taken: changed.map(([key]) => key % (classes + 1)),
    value: changed.map(([, value]) => value),
  };
}

/** Return how many classes a cell stands for, so that it is at least `least` pixels of `room`. */
export const blockOf = (count: number, room: number, least: number): number =>
  Math.max(1, Math.ceil(count / Math.max(1, Math.floor(room / least))));

const lengthOf = ([from, to]: Places): number => to - from + 1;

/** Return how many cells are shown across and down. */
export function sizeOf({ rows, columns, block, none }: Shown): { width: number; height: number } {
  return {
    width: Math.ceil(lengthOf(columns) / block) + Number(none),
    height: Math.ceil(lengthOf(rows) / block),
  };
}

/** Pool pairs into the cells that are shown. */
export function pool(given: Valued, shown: Shown): Pooled {
  const { classes, order, rows, columns, block } = shown;
  const { width, height } = sizeOf(shown);
  const values = new Float64Array(width * height).fill(NaN);
  const right = new Uint8Array(width * height);
  const place = new Int32Array(classes);
  for (let at = 0; at < classes; at++) place[order[at]] = at;
  const along = (at: number, [from, to]: Places) =>
    at < from || at > to ? -1 : Math.floor((at - from) / block);
  for (let at = 0; at < given.true.length; at++) {
    const [own, taken] = [given.true[at], given.taken[at]];
    if (own === taken && !shown.diagonal) continue;
    const row = along(place[own], rows);
    const missing = taken === classes;
    const column = missing ? (shown.none ? width - 1 : -1) : along(place[taken], columns);
    if (row < 0 || column < 0) continue;
    const cell = row * width + column;
    if (own === taken) right[cell] = 1;
    values[cell] = joined(values[cell], given.value[at], shown.sum);
  }
  return { height, width, values, right };
}

function joined(known: number, value: number, sum: boolean): number {
  if (Number.isNaN(known)) return value;
  if (sum) return known + value;
  return Math.abs(value) > Math.abs(known) ? value : known;
}

/** Return the places of the classes of the cell `at`, which is not the one of no prediction. */
export function placesOf(at: number, [from, to]: Places, block: number): Places {
  const first = from + at * block;
  return [first, Math.min(to, first + block - 1)];
}

/** Return `most` places about those of a cell, within all `classes`. */
export function about([from, to]: Places, most: number, classes: number): [number, number] {
  const length = Math.min(classes, Math.max(most, to - from + 1));
  const middle = Math.floor((from + to + 1 - length) / 2);
  const first = Math.max(0, Math.min(middle, classes - length));
  return [first, first + length - 1];
}
