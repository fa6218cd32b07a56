// The abstract grid of the correlation view, which its charts share: layers x classes, one model for
// an answer.

import { addressOf, commonWords, fetchArrays } from "#app/web/index.ts";
import type { CellArrays, GridAnswer, GridArrays, GridMeta, Names } from "./types.ts";

const models = new WeakMap<GridAnswer, Model>(); // answer -> Model
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

export function modelOf(answer: GridAnswer, names: Names): Model {
  const model = models.get(answer) ?? new Model(answer, names);
  models.set(answer, model);
  return model;
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
