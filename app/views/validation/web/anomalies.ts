// What the scripts of the validation view share: pictures of classes, names, anomalies by class.

import { type Fields, type Selection, selectionStore } from "#app/web/index.ts";
import type { AnomalyArrays, AnomalyMeta, Cell, ClassCells, Side } from "./types.ts";

/** Return Map class -> [{column, side, forgotten, learned}] of the answer of "anomalies". */
export function byClass(arrays: AnomalyArrays): ClassCells {
  const found: ClassCells = new Map();
  for (const side of ["left", "right", "pending"] as const) {
    const classId = arrays[`${side}_class_id`];
    for (let at = 0; at < classId.length; at++) {
      const cell = {
        side,
        column: arrays[`${side}_snapshot`][at],
        forgotten: arrays[`${side}_forgotten`][at],
        learned: arrays[`${side}_learned`][at],
      };
      const cells = found.get(classId[at]);
      if (cells) cells.push(cell);
      else found.set(classId[at], [cell]);
    }
  }
  return found;
}

/** Return Map cluster -> its classes' cells, summed by side and column. */
export function byCluster(cells: ClassCells, label: ArrayLike<number>): ClassCells {
  const found = new Map<number, Map<string, Required<Cell>>>();
  for (const [classId, own] of cells) {
    const cluster = label[classId];
    if (!found.has(cluster)) found.set(cluster, new Map());
    const sums = found.get(cluster)!;
    for (const { side, column, forgotten, learned } of own) {
      const key = `${side} ${column}`;
      const sum = sums.get(key) || { side, column, forgotten: 0, learned: 0, classes: 0 };
      sum.forgotten += forgotten;
      sum.learned += learned;
      sum.classes += 1;
      sums.set(key, sum);
    }
  }
  return new Map([...found].map(([cluster, sums]) => [cluster, [...sums.values()]]));
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
