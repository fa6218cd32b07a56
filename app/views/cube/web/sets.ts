// The correlation's sets: filters of a layer that are among the most changed at a moment, an iteration
// at which a class is anomalous.

import type { Answers, SetArrays, SetMeta } from "./types.ts";

/** The sets with the row of each layer and the column of each class, -1 where it has none. */
export interface Sets extends SetArrays {
  row: Int32Array;
  column: Int32Array;
  meta: SetMeta;
  /** Iterations, and classes of the grid. */
  width: number;
  grid: number;
}

/** Return the sets of an answer in a form that slices are quickly made from. */
export function setsOf({ arrays, meta }: Answers["correlation"]): Sets {
  const row = new Int32Array(meta.layers).fill(-1);
  arrays.layer.forEach((layer, at) => {
    row[layer] = at;
  });
  const column = new Int32Array(meta.classes).fill(-1);
  arrays.class.forEach((id, at) => {
    column[id] = at;
  });
  return {
    ...arrays,
    row,
    column,
    meta,
    width: arrays.iteration.length,
    grid: arrays.class.length,
  };
}

/** Return the entries [from, to) of a class's anomalous iterations in class_iteration. */
export function entriesOf(sets: Sets, id: number): [from: number, to: number] {
  const at = sets.column[id] ?? -1;
  return at < 0 ? [0, 0] : [sets.class_start[at], sets.class_start[at + 1]];
}

/** Return how many filters of a layer the set of a moment (index of sets.iteration) holds. */
export function heldAt(sets: Sets, layer: number, moment: number): number {
  const row = sets.row[layer];
  return row < 0 ? 0 : sets.holds[row * sets.width + moment];
}

/** Return the moment of an iteration, -1 where no class of the grid is anomalous. */
export const momentOf = (sets: Sets, iteration: number): number =>
  sets.iteration.indexOf(iteration);
