// Where rows, mini-sets, columns and iterations of the correlation grid lie, in CSS pixels.

import type { Detail } from "./minisets.ts";
import type { Model } from "./model.ts";

/** What the fields of the selection say of the layout. */
export interface Splitting {
  split: string;
  splitlayers: number[];
  splitclasses: number[];
  weight: number;
}
/** The places of rows and of columns, in the order that they are shown in. */
export interface Orders {
  rows: number[];
  columns: number[];
}
/** A column: class `id` at place c; split, it is `step` wide for each of its `moments`. */
export interface Column {
  c: number;
  id: number;
  left: number;
  width: number;
  split: boolean;
  step: number;
  moments: Int32Array;
}
/** A mini-set p in a split row. */
export interface Part {
  p: number;
  top: number;
  height: number;
}
/** A row: layer `id` at place r; split, it shows the `parts` of `total` that are heavy enough. */
export interface Row {
  r: number;
  id: number;
  top: number;
  height: number;
  split: boolean;
  parts: Part[];
  total: number;
}
export interface Blocks {
  columns: Column[];
  rows: Row[];
  width: number;
  height: number;
  /** The height of the names above the columns. */
  head: number;
}
/** What lies at a place; null where nothing does. */
export interface Located {
  row: Row | null;
  column: Column | null;
  part: Part | null;
  /** A place in the model's iterations. */
  i: number | null;
}

const COLUMN = { least: 3, most: 110, step: 11, leastStep: 4 };
const ROW = { least: 10, most: 28, split: 26 };
const PART = { pixel: 3, least: 4, most: 48, gap: 1 };

const clamp = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, value));

/** Return whether a row or column is split: the choice for all, and what was toggled against it. */
export function isSplit(
  selection: Pick<Splitting, "split" | "splitlayers" | "splitclasses">,
  what: "rows" | "columns",
  id: number,
): boolean {
  const all = selection.split === "both" || selection.split === what;
  const toggled = what === "rows" ? selection.splitlayers : selection.splitclasses;
  return all !== toggled.includes(id);
}

/** Return columns [{c, id, left, width, split, step, moments}] and their width together. */
function columns(
  model: Model,
  order: number[],
  selection: Splitting,
  width: number,
): Pick<Blocks, "columns" | "width"> {
  const all = order.map((c): Column => {
    const id = model.classes[c];
    const split = isSplit(selection, "columns", id);
    return { c, id, left: 0, width: 0, split, step: 0, moments: model.momentsOf(c) };
  });
  const split = all.filter((column) => column.split);
  const rest = all.length - split.length;
  const steps = split.reduce((sum, { moments }) => sum + moments.length, 0);
  const room = (width - rest * COLUMN.least) / Math.max(1, steps);
  const step =
    room >= COLUMN.step
      ? clamp(Math.floor(room / 3), COLUMN.step, 28)
      : clamp(Math.floor(room), COLUMN.leastStep, COLUMN.step);
  const free = width - step * steps;
  const one = clamp(rest ? free / rest : 0, COLUMN.least, COLUMN.most);
  let left = 0;
  for (const column of all) {
    column.step = step;
    column.left = left;
    column.width = column.split ? step * column.moments.length : one;
    left += column.width;
  }
  return { columns: all, width: left };
}

/** Return the parts of a layer that are heavy enough [{p, top, height}], and how many there are. */
function partsOf(
  detail: Detail,
  layer: number,
  weight: number,
): { parts: Part[]; total: number; bottom: number } {
  const every = detail.of(layer);
  const parts: Part[] = [];
  let at = 0;
  for (const p of every) {
    if (detail.arrays.part_weight[p] < weight) continue;
    const height = clamp(detail.size(p) * PART.pixel, PART.least, PART.most);
    parts.push({ p, top: at, height });
    at += height + PART.gap;
  }
  return { parts, total: every.length, bottom: at + 2 };
}

/** Return rows [{r, id, top, height, split, parts, total}] and their height together. */
function rows(
  model: Model,
  detail: Detail | null,
  order: number[],
  selection: Splitting,
  height: number,
): Pick<Blocks, "rows" | "height"> {
  const all = order.map((r): Row => {
    const id = model.layers[r];
    const split = Boolean(detail) && isSplit(selection, "rows", id);
    return { r, id, top: 0, height: 0, split, parts: [], total: 0 };
  });
  let taken = 0;
  for (const row of all) {
    if (!detail || !row.split) continue;
    const { parts, total, bottom } = partsOf(detail, row.id, selection.weight);
    Object.assign(row, { parts, total, height: Math.max(ROW.split, bottom) });
    taken += row.height;
  }
  const rest = all.filter((row) => !row.split).length;
  const one = Math.floor(clamp(rest ? (height - taken) / rest : 0, ROW.least, ROW.most));
  let top = 0;
  for (const row of all) {
    row.top = top;
    if (row.split) for (const part of row.parts) part.top += top;
    else row.height = one;
    top += row.height;
  }
  return { rows: all, height: top };
}

/**
 * Return the blocks of a grid that is shown in `width` x `height` pixels, of which the names of
 * the columns take what `headOf` says.
 */
export function build(
  model: Model,
  detail: Detail | null,
  orders: Orders,
  selection: Splitting,
  { width, height }: { width: number; height: number },
  headOf: (across: Pick<Blocks, "columns" | "width">) => number,
): Blocks {
  const across = columns(model, orders.columns, selection, width);
  const head = headOf(across);
  const down = rows(model, detail, orders.rows, selection, height - head);
  return {
    columns: across.columns,
    rows: down.rows,
    width: across.width,
    height: down.height,
    head,
  };
}

/** Return the last of `blocks` that begins at or before a place along `side`, if it reaches it. */
function find<
  Side extends string,
  Length extends string,
  Block extends Record<Side | Length, number>,
>(blocks: readonly Block[], side: Side, length: Length, place: number): Block | null {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle][side] <= place) low = middle + 1;
    else high = middle;
  }
  const found: Block | undefined = blocks[low - 1];
  return found && place < found[side] + found[length] ? found : null;
}

/** Return what lies at x, y of the grid: {row, column, part, i}, each null where nothing does. */
export function locate(blocks: Pick<Blocks, "rows" | "columns">, x: number, y: number): Located {
  const column = find(blocks.columns, "left", "width", x);
  const row = find(blocks.rows, "top", "height", y);
  const i = column?.split
    ? (column.moments[Math.floor((x - column.left) / column.step)] ?? null)
    : null;
  const part = row?.split ? find(row.parts, "top", "height", y) : null;
  return { row, column, part, i };
}

export const LEAST_STEP_OF_WORDS = 10;
