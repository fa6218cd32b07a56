// What the scripts of the validation view share: pictures of classes, names, anomalies by class.

import { type Fields, type Selection, selectionStore } from "#app/web/index.ts";
import type { AnomalyArrays, AnomalyMeta, Cell, Side } from "./types.ts";

const KINDS: readonly Side[] = ["left", "right", "pending"];
/** An anomaly of a class, and how many images flipped. */
export interface ClassCell extends Cell {
  classId: number;
  images: number;
}

/** Return the places of keys 0 .. `count` - 1, those of a key together, and where each begins. */
function gathered(keys: Int32Array, count: number): { start: Int32Array; places: Int32Array } {
  const start = new Int32Array(count + 1);
  for (const key of keys) start[key + 1] += 1;
  for (let key = 0; key < count; key++) start[key + 1] += start[key];
  const next = start.slice();
  const places = new Int32Array(keys.length);
  keys.forEach((key, at) => {
    places[next[key]++] = at;
  });
  return { start, places };
}

/** One after the other what the answer has for each side. */
function joined(arrays: AnomalyArrays, name: "class_id" | "snapshot" | "forgotten" | "learned") {
  const parts = KINDS.map((side) => arrays[`${side}_${name}`]);
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * The anomalous cells of an answer of "anomalies", found by class and by snapshot. Of ten thousand
 * classes they are a hundred thousand: an object is made of those alone that somebody looks at.
 */
export class AnomalousCells {
  private readonly classId: Int32Array;
  private readonly column: Int32Array;
  private readonly forgotten: Int32Array;
  private readonly learned: Int32Array;
  /** Where the cells of the second side begin, and of the third. */
  private readonly ends: readonly [number, number];
  private readonly byClass: ReturnType<typeof gathered>;
  private byColumn: ReturnType<typeof gathered> | null = null;

  constructor(arrays: AnomalyArrays) {
    this.classId = joined(arrays, "class_id");
    this.column = joined(arrays, "snapshot");
    this.forgotten = joined(arrays, "forgotten");
    this.learned = joined(arrays, "learned");
    const left = arrays.left_class_id.length;
    this.ends = [left, left + arrays.right_class_id.length];
    this.byClass = gathered(this.classId, after(this.classId));
  }

  /** Return the cells of a class. */
  of(classId: number): Cell[] {
    return this.within(this.byClass, classId).map((at) => this.cell(at));
  }

  /** Return the cells of a snapshot, those of the most images first. */
  at(column: number): ClassCell[] {
    this.byColumn ??= gathered(this.column, after(this.column));
    return this.within(this.byColumn, column)
      .map((at) => ({
        ...this.cell(at),
        classId: this.classId[at],
        images: this.forgotten[at] + this.learned[at],
      }))
      .sort((a, b) => b.images - a.images || a.classId - b.classId);
  }

  /** Return Map cluster -> its classes' cells, summed by side and column; `label` is a class's. */
  ofClusters(label: ArrayLike<number>): Map<number, Cell[]> {
    const found = new Map<number, Cell[]>();
    const columns = after(this.column);
    const sums = new Map<number, Required<Cell>>();
    const done = new Uint8Array(this.byClass.start.length);
    for (const classId of this.classId) {
      if (done[classId]) continue;
      done[classId] = 1;
      const cluster = label[classId];
      const cells = found.get(cluster) ?? [];
      found.set(cluster, cells);
      for (const at of this.within(this.byClass, classId)) {
        const key = (cluster * KINDS.length + this.sideOf(at)) * columns + this.column[at];
        let sum = sums.get(key);
        if (!sum) {
          sum = { ...this.cell(at), forgotten: 0, learned: 0, classes: 0 };
          sums.set(key, sum);
          cells.push(sum);
        }
        sum.forgotten += this.forgotten[at];
        sum.learned += this.learned[at];
        sum.classes += 1;
      }
    }
    return found;
  }

  private within({ start, places }: ReturnType<typeof gathered>, key: number): number[] {
    return key >= 0 && key < start.length - 1
      ? Array.from(places.subarray(start[key], start[key + 1]))
      : [];
  }

  private sideOf(at: number): number {
    return Number(at >= this.ends[0]) + Number(at >= this.ends[1]);
  }

  private cell(at: number): Cell {
    return {
      side: KINDS[this.sideOf(at)],
      column: this.column[at],
      forgotten: this.forgotten[at],
      learned: this.learned[at],
    };
  }
}

/** Return the number after the largest of some numbers from 0 on. */
const after = (values: Int32Array): number =>
  values.reduce((most, one) => Math.max(most, one), -1) + 1;

const known = new WeakMap<AnomalyArrays, AnomalousCells>();

/** Return the cells of an answer, the same for all charts that have it. */
export function cellsIn(arrays: AnomalyArrays): AnomalousCells {
  const cells = known.get(arrays) ?? new AnomalousCells(arrays);
  known.set(arrays, cells);
  return cells;
}

/** Return the cells of the whole validation set that reach its threshold. */
export function overall(
  arrays: Pick<AnomalyArrays, "overall_left" | "overall_right">,
  meta: Pick<AnomalyMeta, "whole_set">,
): Cell[] {
  const cells: Cell[] = [];
  for (const side of ["left", "right"] as const) {
    const counts = arrays[`overall_${side}`];
    for (let column = 0; column < counts.shape[0]; column++) {
      const [forgotten, learned] = [counts[2 * column], counts[2 * column + 1]];
      if (forgotten + learned >= meta.whole_set) cells.push({ side, column, forgotten, learned });
    }
  }
  return cells;
}

/** Return the class that galleries are about: the one opened last, else the one pinned last. */
export const focus = (selection: Selection): number | null =>
  selection.openclasses.at(-1) ?? selection.classes.at(-1) ?? null;

/** Pin a class on top and open it, as the one that galleries are about. */
export function openClass(id: number, patch: Partial<Fields> = {}): void {
  const { classes, openclasses } = selectionStore.get();
  selectionStore.set({
    ...patch,
    classes: [...new Set([...classes, id])].sort((a, b) => a - b),
    openclasses: [...openclasses.filter((other) => other !== id), id],
  });
}

export const SIDES: Record<Side, string> = {
  left: "was stable, then flipped",
  right: "flipped, then stable",
  pending: "flipped, pending",
};
