// What the charts of the correlation view share: the model of an answer, its mini-sets, orders,
// and what a click on a cell chooses.

import { addressOf, commonWords, fetchArrays, selectionStore } from "#app/web/index.ts";

/** The names of a run's layers and classes, by their ids; `filters` are numbers of filters. */
export interface Names {
  layers: string[];
  classes: string[];
  stages: string[];
  blocks: string[];
  filters: number[];
}
/** The cells [R, C] of the grid, in C order. */
export interface CellArrays {
  /** Distinct filters among the most changed, and at how many of the class's iterations. */
  count: Int32Array;
  sets: Int32Array;
  expected: Float32Array;
  members: Int32Array;
  usual: Float32Array;
  lift: Float32Array;
  /** So many filters or more, at `hits` iterations of the class and `base` of the run. */
  level: Uint8Array;
  hits: Int32Array;
  base: Int32Array;
  /** Corrected for the number of cells. */
  q: Float32Array;
}
/** The abstract grid, as the route "correlation" answers: R layers, C classes, I iterations. */
export interface GridArrays extends CellArrays {
  layer: Int32Array;
  class: Int32Array;
  iteration: Int32Array;
  /** class_iteration[class_start[c]..class_start[c + 1]) are places in `iteration`. */
  class_start: Int32Array;
  class_iteration: Int32Array;
  /** [R, I]: filters of a layer among the most changed at an iteration. */
  holds: Uint8Array;
}
export interface GridMeta {
  /** Why there are no cells, null where there are some; and the sentence that says so. */
  reason: string | null;
  message: string;
  note: string;
  /** The iterations of the run that cells are held against. */
  population: number;
  cells: number;
  strongest: [r: number, c: number][];
  k: number;
  m: number;
  top: number;
}
export interface GridAnswer {
  arrays: GridArrays;
  meta: GridMeta;
}
/** The mini-sets, as the route "correlation-detail" answers: part p has the filters
 * part_filter[part_start[p]..part_start[p + 1]) and is there at the places presence[...]. */
export interface DetailArrays {
  iteration: Int32Array;
  part_layer: Int32Array;
  part_size: Int32Array;
  part_weight: Int32Array;
  part_sets: Int32Array;
  part_start: Int32Array;
  part_filter: Int32Array;
  presence_start: Int32Array;
  presence: Int32Array;
}
export interface DetailAnswer {
  arrays: DetailArrays;
}

const MOST_FILTERS = 40; // chosen at once: they stand in the address
const models = new WeakMap<GridAnswer, Model>(); // answer -> Model
const details = new WeakMap<DetailAnswer, Detail>(); // answer -> Detail
// What the last chosen cell has pinned.
let pinned: { run: string | null; iterations: number[] } = { run: null, iterations: [] };

/** The abstract grid: rows and columns by their places r, c; iterations by their place i. */
export class Model {
  readonly arrays: GridArrays;
  readonly meta: GridMeta;
  readonly names: Names;
  readonly layers: Int32Array;
  readonly classes: Int32Array;
  readonly iterations: Int32Array;
  readonly rowOf: Map<number, number>;
  readonly columnOf: Map<number, number>;
  /** The largest count of a cell, at least 1. */
  readonly most: number;
  /** How many letters all names of classes begin with. */
  readonly common: number;

  constructor({ arrays, meta }: GridAnswer, names: Names) {
    this.arrays = arrays;
    this.meta = meta;
    this.names = names;
    this.layers = arrays.layer;
    this.classes = arrays.class;
    this.iterations = arrays.iteration;
    this.rowOf = new Map(Array.from(this.layers, (id, r) => [id, r]));
    this.columnOf = new Map(Array.from(this.classes, (id, c) => [id, c]));
    this.most = arrays.count.reduce((most, count) => Math.max(most, count), 1);
    this.common = commonWords(Array.from(this.classes, (id) => names.classes[id] ?? ""));
  }

  layerName(r: number): string {
    const id = this.layers[r];
    return this.names.layers[id] ?? `layer ${id}`;
  }

  className(c: number): string {
    const id = this.classes[c];
    return this.names.classes[id] ?? `class ${id}`;
  }

  /** Return the name without the words that all classes begin with: it has to be short. */
  shortClass(c: number): string {
    return this.className(c).slice(this.common);
  }

  /** Return a numeric name as "class 8", any other as it is: "8" alone says nothing. */
  classWords(c: number): string {
    const name = this.className(c);
    return /^[\d\s.]+$/.test(name) ? `class ${name}` : name;
  }

  /** Return the value of an array [R, C] at a cell. */
  at(name: keyof CellArrays, r: number, c: number): number {
    return this.arrays[name][r * this.classes.length + c];
  }

  /** Return the places in `iterations` at which class c is anomalous. */
  momentsOf(c: number): Int32Array {
    const { class_start: start, class_iteration: moments } = this.arrays;
    return moments.subarray(start[c], start[c + 1]);
  }

  /** Return how many filters of row r are among the most changed at iteration i. */
  holds(r: number, i: number): number {
    return this.arrays.holds[r * this.iterations.length + i];
  }

  /** Return what the cell's colour shows. */
  value(r: number, c: number, colour: string): number {
    return this.at(colour === "lift" ? "lift" : "count", r, c);
  }
}

/** The mini-sets of the layers. */
export class Detail {
  readonly arrays: DetailArrays;
  private readonly parts = new Map<number, number[]>(); // layer id -> its parts, the heaviest first
  private readonly present = new Map<number, Uint8Array>(); // p -> 0 or 1 for every iteration

  constructor({ arrays }: DetailAnswer) {
    this.arrays = arrays;
    arrays.part_layer.forEach((layer, p) => {
      const parts = this.parts.get(layer);
      if (parts) parts.push(p);
      else this.parts.set(layer, [p]);
    });
  }

  of(layer: number): readonly number[] {
    return this.parts.get(layer) || [];
  }

  size(p: number): number {
    return this.arrays.part_size[p];
  }

  filters(p: number): Int32Array {
    return this.arrays.part_filter.subarray(
      this.arrays.part_start[p],
      this.arrays.part_start[p + 1],
    );
  }

  moments(p: number): Int32Array {
    return this.arrays.presence.subarray(
      this.arrays.presence_start[p],
      this.arrays.presence_start[p + 1],
    );
  }

  /** Return 1 for each iteration i whose set contains part p, 0 for the others. */
  presence(p: number): Uint8Array {
    let present = this.present.get(p);
    if (!present) {
      present = new Uint8Array(this.arrays.iteration.length);
      for (const i of this.moments(p)) present[i] = 1;
      this.present.set(p, present);
    }
    return present;
  }
}

export function modelOf(answer: GridAnswer, names: Names): Model {
  const model = models.get(answer) ?? new Model(answer, names);
  models.set(answer, model);
  return model;
}

export function detailOf(answer: DetailAnswer): Detail {
  const detail = details.get(answer) ?? new Detail(answer);
  details.set(answer, detail);
  return detail;
}

/** What `follow` needs of a chart. */
interface Followed {
  options: { names: string };
  data: unknown;
  invalidate(): void;
  failed(error: unknown): void;
}

/** Call `then(model)` when both the chart's answer and the names are there. */
export function follow(chart: Followed, answer: GridAnswer, then: (model: Model) => void): void {
  fetchArrays<{ arrays: object; meta: Names }>(addressOf(chart.options.names)).then(
    ({ meta }) => {
      if (chart.data !== answer) return; // a newer one has come
      then(modelOf(answer, meta));
      chart.invalidate();
    },
    (error) => chart.failed(error),
  );
}

/** How much a cell stands out: the smaller q, then the higher the count. */
export const strength = (model: Model, r: number, c: number): number =>
  model.at("count", r, c)
    ? -Math.log10(Math.max(model.at("q", r, c), 1e-300)) + model.at("count", r, c) * 1e-4
    : -1;

function best(model: Model, cells: [r: number, c: number][]): number {
  return cells.reduce((most, [r, c]) => Math.max(most, strength(model, r, c)), -1);
}

const collator = new Intl.Collator("en", { numeric: true });
const places = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** Return the rows in an order: "network", "strength" or "name". */
export function rowOrder(model: Model, how: string): number[] {
  const rows = places(model.layers.length);
  if (how === "name")
    return rows.sort((a, b) => collator.compare(model.layerName(a), model.layerName(b)));
  if (how !== "strength") return rows;
  const columns = places(model.classes.length);
  const rank = rows.map((r) =>
    best(
      model,
      columns.map((c) => [r, c]),
    ),
  );
  return rows.sort((a, b) => rank[b] - rank[a] || a - b);
}

/** Return the columns in an order: "strength", "iterations", "name" or "number". */
export function columnOrder(model: Model, how: string): number[] {
  const columns = places(model.classes.length);
  if (how === "name")
    return columns.sort((a, b) => collator.compare(model.className(a), model.className(b)));
  if (how === "iterations") {
    return columns.sort((a, b) => model.momentsOf(b).length - model.momentsOf(a).length || a - b);
  }
  if (how === "number") return columns;
  const rows = places(model.layers.length);
  const rank = columns.map((c) =>
    best(
      model,
      rows.map((r) => [r, c]),
    ),
  );
  return columns.sort((a, b) => rank[b] - rank[a] || a - b);
}

/** Return whether a cell stands out at the chosen limit. */
export function standsOut(model: Model, r: number, c: number, limit: string): boolean {
  return limit === "all" || model.at("q", r, c) <= Number(limit);
}

/** Return the filters of row r at these iterations, those that return most often last. */
function filtersAt(
  model: Model,
  detail: Detail | null,
  r: number,
  moments: readonly number[],
): number[] {
  const found: { filter: number; times: number }[] = [];
  if (!detail) return [];
  for (const p of detail.of(model.layers[r])) {
    const present = detail.presence(p);
    const times = moments.reduce((sum, i) => sum + present[i], 0);
    if (times) for (const filter of detail.filters(p)) found.push({ filter, times });
  }
  return found
    .sort((a, b) => a.times - b.times || b.filter - a.filter)
    .slice(-MOST_FILTERS)
    .map(({ filter }) => filter);
}

const rising = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
const runOf = (): string | null => /\/run\/(\d+)/.exec(location.pathname)?.[1] ?? null;

export interface Choice {
  r: number;
  c: number;
  i?: number | null;
  part?: number | null;
  add?: boolean;
}

/**
 * Choose a cell for all views: its class, layer, filters, and pin its iterations.
 * `i` keeps one iteration, `part` one mini-set; `add` keeps the pins of the cell chosen before.
 */
export function choose(
  model: Model,
  detail: Detail | null,
  { r, c, i = null, part = null, add = false }: Choice,
): void {
  const layer = model.layers[r];
  const selection = selectionStore.get();
  const present = part === null || !detail ? null : detail.presence(part);
  const moments =
    i === null
      ? Array.from(model.momentsOf(c)).filter((at) => (present ? present[at] : model.holds(r, at)))
      : [i];
  const iterations = moments.map((at) => model.iterations[at]);
  const filters =
    part === null || !detail
      ? filtersAt(model, detail, r, moments)
      : Array.from(detail.filters(part)).slice(0, MOST_FILTERS);
  const before = add || pinned.run !== runOf() ? [] : pinned.iterations;
  const kept = selection.pins.filter((pin) => !before.includes(pin));
  pinned = {
    run: runOf(),
    iterations: [
      ...(add ? pinned.iterations : []),
      ...iterations.filter((pin) => !kept.includes(pin)),
    ],
  };
  selectionStore.set({
    cell: [[layer, model.classes[c]]],
    classes: add ? rising([...selection.classes, model.classes[c]]) : [model.classes[c]],
    layers: [layer],
    filters: filters.map((filter): [number, number] => [layer, filter]),
    pins: rising([...kept, ...iterations]),
    ...(iterations.length ? { cursor: iterations[0] } : {}),
  });
}

/** Return the places {r, c} of the chosen cell in the model, or null. */
export function chosen(
  model: Model,
  selection: { cell: readonly (readonly [layer: number, classId: number])[] },
): { r: number; c: number } | null {
  const [cell] = selection.cell;
  if (!cell) return null;
  const [r, c] = [model.rowOf.get(cell[0]), model.columnOf.get(cell[1])];
  return r === undefined || c === undefined ? null : { r, c };
}
