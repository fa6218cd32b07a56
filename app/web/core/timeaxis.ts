// The time axis that all charts of a page share: one column a snapshot, so that columns line up.
//
// Places on it are coordinates: column j covers j .. j + 1 and its snapshot's iteration lies in
// the middle; between snapshots the coordinate grows evenly with the iteration. Columns are equally
// wide, unless the axis has a scale of its own.

import { type AxisScale, coordinateOf, valueAt } from "./axisscale.ts";
import type { Range } from "./fields.ts";
import { selectionStore } from "./selection.ts";

const axes = new Map<string, TimeAxis>();
const WIDE = { left: 168, right: 20 };
const NARROW = { left: 120, right: 12 };

/** The room left and right of the plots, in CSS pixels. */
export interface Gutter {
  left: number;
  right: number;
}
/** Iterations [T] of an answer, and the column of its matrices for each where several share one. */
export interface Shared {
  iteration: Iterations;
  column?: Iterations;
}
/** Iterations [T] of the columns of an axis or a matrix, rising. */
export type Iterations = Int32Array<ArrayBuffer>;

/** Of the groups whose view has gutters of its own. */
const gutters = new Map<string, Gutter>();

/**
 * Give the charts of a group gutters of their own. Those that are drawn already are drawn again: a
 * view's scripts may come when the axis, which is no view's, stands there.
 */
export function setGutter(group: string, gutter: Gutter): void {
  if (gutters.get(group) === gutter) return;
  gutters.set(group, gutter);
  axes.get(group)?.tell();
}

export class TimeAxis {
  readonly group: string;
  iterations: Iterations = new Int32Array(0);
  epochs: Float64Array<ArrayBuffer> = new Float64Array(0);
  /** Iterations of a matrix -> what `match` gives. */
  private matched = new WeakMap<Iterations, Int32Array | null>();
  private readonly subscribers = new Set<() => void>();
  /** Where the columns lie; null: at equal distances. */
  scale: AxisScale | null = null;
  /** The iterations that it shows where it does not follow the page's zoom (null: all). */
  apart: Range | null | undefined = undefined;

  constructor(group: string) {
    this.group = group;
  }

  get columns(): number {
    return this.iterations.length;
  }

  /** Take over the iterations [T] of the snapshots, rising, and their epochs [T] if known. */
  setColumns(iterations: Iterations, epochs?: Float64Array<ArrayBuffer> | null): void {
    const known = this.match(iterations) === null;
    if (known && (!epochs || this.epochs === epochs)) return;
    this.iterations = iterations;
    this.matched = new WeakMap();
    if (epochs) this.epochs = epochs;
    else if (!known) this.epochs = new Float64Array(iterations.length).fill(NaN);
    this.tell();
  }

  /** Let the columns lie where a scale says. */
  setScale(scale: AxisScale | null): void {
    if (scale === this.scale) return;
    this.scale = scale;
    this.tell();
  }

  /** Let all charts on it draw again. */
  tell(): void {
    for (const subscriber of [...this.subscribers]) subscriber();
  }

  /** Return the iterations that it shows; null: all. */
  get zoom(): Range | null {
    return this.apart === undefined ? selectionStore.get().zoom : this.apart;
  }

  /** Return the knots of its scale, where that is of these very columns. */
  private get knots(): Float64Array | null {
    return this.scale?.knots.length === this.columns + 2 ? this.scale.knots : null;
  }

  /** Call `subscriber` whenever columns or gutters are others; returns the way out. */
  subscribe(subscriber: () => void): () => void {
    this.subscribers.add(subscriber);
    return () => {
      this.subscribers.delete(subscriber);
    };
  }

  /** Return the first index whose iteration is at least `iteration`; T where there is none. */
  lowerBound(iteration: number): number {
    let low = 0;
    let high = this.columns;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.iterations[middle] < iteration) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Return the column whose iteration is nearest; -1 on an empty axis or without iteration. */
  columnOf(iteration: number | null | undefined): number {
    if (!this.columns || iteration === null || iteration === undefined) return -1;
    const at = this.lowerBound(iteration);
    if (at === this.columns) return at - 1;
    if (at === 0) return 0;
    const before = this.iterations[at - 1];
    return iteration - before < this.iterations[at] - iteration ? at - 1 : at;
  }

  /** Return the iterations of the snapshots before and after a range: what its columns touch. */
  around([from, to]: readonly [number, number]): [number, number] {
    const { iterations, columns } = this;
    if (!columns) return [from, to];
    const first = this.columnOf(from);
    const last = this.columnOf(to);
    return [
      first > 0 ? iterations[first - 1] : 0,
      last + 1 < columns ? iterations[last + 1] : 2 ** 31 - 1,
    ];
  }

  /** Return the column of exactly this iteration, or -1. */
  exactColumn(iteration: number): number {
    const at = this.lowerBound(iteration);
    return at < this.columns && this.iterations[at] === iteration ? at : -1;
  }

  /** Return the coordinate of an iteration, 0 .. T; before the first and after the last too. */
  coordinate(iteration: number): number {
    const { iterations, columns } = this;
    if (!columns) return 0;
    const at = this.lowerBound(iteration);
    if (at === 0) {
      // What came before the first snapshot shares the first half column.
      return iterations[0] > 0 ? (0.5 * Math.max(0, iteration)) / iterations[0] : 0.5;
    }
    if (at === columns) {
      const step = columns > 1 ? iterations[columns - 1] - iterations[columns - 2] : 1;
      return Math.min(columns, columns - 0.5 + (iteration - iterations[columns - 1]) / step);
    }
    const before = iterations[at - 1];
    return at - 0.5 + (iteration - before) / (iterations[at] - before);
  }

  /** Return the iteration at a coordinate, not rounded: the way back from `coordinate`. */
  iterationAt(coordinate: number): number {
    const { iterations, columns } = this;
    if (!columns) return 0;
    if (coordinate < 0.5) return iterations[0] * Math.max(0, 2 * coordinate);
    const at = Math.min(Math.floor(coordinate - 0.5), Math.max(0, columns - 2));
    const step = columns > 1 ? iterations[at + 1] - iterations[at] : 1;
    return iterations[at] + (Math.min(coordinate, columns) - 0.5 - at) * step;
  }

  /** Return the place of a coordinate in the unit of the scale; without one it is the coordinate. */
  valueOf(coordinate: number): number {
    const { knots } = this;
    return knots ? valueAt(knots, coordinate) : coordinate;
  }

  /** Return the coordinate of a place in the unit of the scale. */
  coordinateOf(value: number): number {
    const { knots } = this;
    return knots ? coordinateOf(knots, value) : value;
  }

  /** Return the shown coordinates [from, to]: the zoomed range, or everything. */
  view(): [number, number] {
    const { zoom } = this;
    if (!zoom || !this.columns) return [0, Math.max(1, this.columns)];
    if (this.knots) {
      const ends = [this.coordinate(zoom[0]), this.coordinate(zoom[1])] as [number, number];
      if (this.valueOf(ends[1]) > this.valueOf(ends[0])) return ends;
    }
    const from = this.columnOf(zoom[0]);
    return [from, Math.max(from, this.columnOf(zoom[1])) + 1];
  }

  /** Return the plot's place within a chart of this width: {left, width} in CSS pixels. */
  place(chartWidth: number): { left: number; width: number } {
    const { left, right } = gutters.get(this.group) || (chartWidth < 640 ? NARROW : WIDE);
    return { left, width: Math.max(40, Math.floor(chartWidth - left - right)) };
  }

  /** Return the function from coordinates to pixels (from the left) of a plot of this width. */
  projection(width: number): (coordinate: number) => number {
    const [from, to] = this.view();
    if (!this.knots) return (coordinate) => ((coordinate - from) / (to - from)) * width;
    const low = this.valueOf(from);
    const span = this.valueOf(to) - low;
    return (coordinate) => ((this.valueOf(coordinate) - low) / span) * width;
  }

  /** Return the pixel of one coordinate; for many take `projection`. */
  x(coordinate: number, width: number): number {
    return this.projection(width)(coordinate);
  }

  /** Return the coordinate at a pixel of a plot of this width. */
  coordinateAt(x: number, width: number): number {
    const [low, high] = this.view().map((end) => this.valueOf(end));
    return this.coordinateOf(low + (x / width) * (high - low));
  }

  /** Return the column under a pixel of a plot of this width; -1 on an empty axis. */
  columnAt(x: number, width: number): number {
    if (!this.columns) return -1;
    const [from, to] = this.view();
    const column = Math.floor(this.coordinateAt(x, width));
    return Math.min(Math.max(column, Math.floor(from)), Math.ceil(Math.min(to, this.columns)) - 1);
  }

  /**
   * Return for each column of the axis the column of a matrix with these iterations, -1 where
   * it has none; null where they are the same (then the index itself serves).
   */
  match(iterations: Iterations): Int32Array | null {
    let found = this.matched.get(iterations);
    if (found === undefined) {
      found = this.matchAnew(iterations);
      this.matched.set(iterations, found);
    }
    return found;
  }

  /**
   * Return for each column of the axis the column of an answer: where that has fewer than it has
   * iterations, the one that the snapshot shares with others (`column`; app/data/pooling.py).
   */
  columnsOf({ iteration, column }: Shared): Int32Array | null {
    const matched = this.match(iteration);
    if (!column) return matched;
    return matched ? matched.map((at) => (at < 0 ? -1 : column[at])) : column;
  }

  private matchAnew(iterations: Iterations): Int32Array | null {
    const own = this.iterations;
    const equal =
      iterations.length === own.length && iterations.every((value, index) => value === own[index]);
    if (equal) return null;
    const column = new Map<number, number>();
    iterations.forEach((iteration, index) => column.set(iteration, index));
    return Int32Array.from(own, (iteration) => column.get(iteration) ?? -1);
  }
}

/** Return the axis of a group of charts; those without a group share the page's one. */
export const timeaxis = (group = "page"): TimeAxis => {
  let axis = axes.get(group);
  if (!axis) {
    axis = new TimeAxis(group);
    axes.set(group, axis);
  }
  return axis;
};
export const forgetAxes = (): void => axes.clear();
