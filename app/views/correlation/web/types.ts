// What the routes of the correlation view answer: the grid, its mini-sets, and the names.

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
