// The matrices of the three faces: as measured, or at a slice through the cube.
//
// A class slice changes the front (layers x iterations), a layer slice the top (classes x
// iterations), an iteration slice the right face (layers x classes).
// In matrices of sets -1 stands where a class is not anomalous at the iteration, and 0 where it is but
// the layer holds none of the filters.
// A matrix is {data, width, rows, format, log, kind: "measured" | "accuracy" | "sets" | "lift", key}.

import { mapvalues, type Selection } from "#app/web/index.ts";
import { limitOf, type Model } from "./model.ts";
import { entriesOf, heldAt, momentOf, type Sets } from "./sets.ts";
import type { Answers } from "./types.ts";

/** The cells of a face, in C order; in sets -1 stands for no anomaly, 0 for no filters. */
export interface CubeMatrix {
  data: Float32Array;
  width: number;
  /** Where layers or classes share rows and columns: those of each. */
  rowOf?: Int32Array;
  columnAt?: Int32Array;
  rows: number;
  /** Of the columns, where these are iterations. */
  iterations?: Int32Array<ArrayBuffer>;
  /** The column of each iteration, where several share one. */
  column?: Int32Array<ArrayBuffer>;
  kind: "measured" | "accuracy" | "sets" | "lift";
  format?: "percent" | "integer" | "number";
  log?: boolean;
  /** Counted within a range of iterations. */
  diced?: boolean;
}
type Axis = { view(): readonly [first: number, after: number] };

const NONE = -1;

const blank = (rows: number, width: number): Float32Array =>
  new Float32Array(rows * width).fill(NONE);

/** Return the matrix of the front for a selection; null while its data has not come. */
function front(model: Model, selection: Selection): CubeMatrix | null {
  if (!model.front) return null;
  if (selection.sliceclass === null) {
    const { data, width, iterations } = model.front;
    const { names, format, log } = model.layers;
    return { data, width, rows: names.length, iterations, kind: "measured", format, log };
  }
  const { iterations } = model.front;
  const id = selection.sliceclass;
  const sets = model.sets();
  if (!sets) return null;
  const inGrid = sets.column[id] >= 0;
  const single = inGrid ? null : model.sources.current("single");
  if (!inGrid && !single) return null;
  return model.once<CubeMatrix>("front", [sets, id, single], () => {
    const [rows, width] = [sets.meta.layers, sets.meta.snapshots];
    const data = blank(rows, width);
    if (inGrid) fillClass(sets, id, data, rows, width);
    else if (single) fillSingle(single, iterations, data, rows, width);
    return {
      data,
      width,
      rows,
      iterations,
      kind: "sets",
      format: "integer",
    };
  });
}

function fillClass(sets: Sets, id: number, data: Float32Array, rows: number, width: number): void {
  const [from, to] = entriesOf(sets, id);
  for (let entry = from; entry < to; entry++) {
    const moment = sets.class_iteration[entry];
    const column = sets.snapshot[moment];
    for (let layer = 0; layer < rows; layer++)
      data[layer * width + column] = heldAt(sets, layer, moment);
  }
}

/** Fill in a class with one anomalous iteration, which the grid leaves out. */
function fillSingle(
  { arrays }: Answers["single"],
  iterations: Int32Array,
  data: Float32Array,
  rows: number,
  width: number,
): void {
  const column = Int32Array.from(arrays.iteration, (iteration) => iterations.indexOf(iteration));
  for (const at of column) {
    if (at >= 0) for (let layer = 0; layer < rows; layer++) data[layer * width + at] = 0;
  }
  arrays.layer.forEach((layer, at) => {
    for (let entry = arrays.at_start[at]; entry < arrays.at_start[at + 1]; entry++) {
      const place = column[arrays.at[entry]];
      if (place >= 0) data[layer * width + place] += 1;
    }
  });
}

/** Return the matrix of the top face. */
function top(model: Model, selection: Selection): CubeMatrix | null {
  const errors = model.sources.ready("errors");
  if (!errors) return null;
  const { iteration: iterations } = errors.arrays;
  if (selection.slicelayer !== null) return layerSlice(model, selection.slicelayer, iterations);
  if (selection.cubetop === "anomalies") return anomalies(model, iterations);
  return model.once<CubeMatrix>("accuracy", [errors], () => {
    const { wrong, images, column } = errors.arrays;
    const [rows, width] = wrong.shape;
    const data = mapvalues.derive(wrong, width, images, true);
    return { data, width, rows, iterations, column, kind: "accuracy", format: "percent" };
  });
}

function anomalies(model: Model, iterations: Int32Array<ArrayBuffer>): CubeMatrix | null {
  const answer = model.sources.ready("anomalies");
  if (!answer) return null;
  return model.once<CubeMatrix>("anomalies", [answer, iterations], () => {
    const [rows, width] = [model.classes, iterations.length];
    const data = blank(rows, width);
    for (const side of ["left", "right"] as const) {
      const [classes, columns] = [
        answer.arrays[`${side}_class_id`],
        answer.arrays[`${side}_snapshot`],
      ];
      const [forgotten, learned] = [
        answer.arrays[`${side}_forgotten`],
        answer.arrays[`${side}_learned`],
      ];
      for (let at = 0; at < classes.length; at++) {
        const cell = classes[at] * width + columns[at];
        data[cell] = Math.max(data[cell], forgotten[at] + learned[at]);
      }
    }
    return { data, width, rows, iterations, kind: "sets", format: "integer" };
  });
}

function layerSlice(
  model: Model,
  layer: number,
  iterations: Int32Array<ArrayBuffer>,
): CubeMatrix | null {
  const sets = model.sets();
  if (!sets) return null;
  return model.once<CubeMatrix>("top", [sets, layer, iterations], () => {
    const [rows, width] = [sets.meta.classes, sets.meta.snapshots];
    const data = blank(rows, width);
    for (const id of sets.class) {
      const [from, to] = entriesOf(sets, id);
      for (let entry = from; entry < to; entry++) {
        const moment = sets.class_iteration[entry];
        data[id * width + sets.snapshot[moment]] = heldAt(sets, layer, moment);
      }
    }
    return { data, width, rows, iterations, kind: "sets", format: "integer" };
  });
}

/** Return the matrix of the right face. */
function right(model: Model, selection: Selection, axis: Axis): CubeMatrix | null {
  const sets = model.sets();
  if (!sets) return null;
  if (selection.sliceiteration !== null)
    return iterationSlice(model, sets, selection.sliceiteration);
  const detail = selection.zoom ? model.sources.ready("detail") : null;
  if (selection.zoom && !detail) return null;
  const [first, after] = axis.view();
  const limit = selection.cubetied ? limitOf(selection) : Infinity;
  return model.once<CubeMatrix>(
    "right",
    [sets, detail, selection.cellcolour, limit, first, after],
    () => {
      const lift = selection.cellcolour === "lift" && !detail;
      const counted = detail ? within(sets, detail, first, after) : sets.count;
      const value = (cell: number): number =>
        sets.q[cell] > limit || !counted[cell] ? 0 : lift ? sets.lift[cell] : counted[cell];
      return {
        ...gridMatrix(sets, value),
        kind: lift ? "lift" : "sets",
        format: lift ? "number" : "integer",
        diced: Boolean(detail),
      };
    },
  );
}

/**
 * Return the cells of the grid as a matrix of all layers and classes. Layers without one share the
 * last row, classes without two anomalous iterations the last column: at ten thousand classes and
 * 500 layers five million cells, of which the grid has 180,000 at most.
 */
function gridMatrix(
  sets: Sets,
  value: (cell: number) => number,
): Pick<CubeMatrix, "data" | "width" | "rows" | "rowOf" | "columnAt"> {
  const { grid, row, column } = sets;
  const [width, last] = [grid + 1, sets.layer.length];
  const data = blank(last + 1, width);
  for (let at = 0; at <= last; at++)
    for (let own = 0; own < grid; own++)
      data[at * width + own] = at < last ? value(at * grid + own) : 0;
  return {
    data,
    width,
    rows: row.length,
    rowOf: row.map((at) => (at < 0 ? last : at)),
    columnAt: column.map((at) => (at < 0 ? grid : at)),
  };
}

/** Return the distinct filters of each cell of the grid within the snapshots [first, after). */
function within(
  sets: Sets,
  { arrays }: Answers["detail"],
  first: number,
  after: number,
): Int32Array {
  const counted = new Int32Array(sets.layer.length * sets.grid);
  const parts = new Map<number, number[]>(); // iteration -> the mini-sets present then
  const starts = arrays.presence_start;
  for (let part = 0; part < arrays.part_layer.length; part++) {
    for (let entry = starts[part]; entry < starts[part + 1]; entry++) {
      const iteration = arrays.iteration[arrays.presence[entry]];
      const there = parts.get(iteration);
      if (there) there.push(part);
      else parts.set(iteration, [part]);
    }
  }
  const seen = new Int32Array(arrays.part_layer.length).fill(-1);
  for (let column = 0; column < sets.grid; column++) {
    for (let entry = sets.class_start[column]; entry < sets.class_start[column + 1]; entry++) {
      const moment = sets.class_iteration[entry];
      const snapshot = sets.snapshot[moment];
      if (snapshot < first || snapshot >= after) continue;
      for (const part of parts.get(sets.iteration[moment]) || []) {
        if (seen[part] === column) continue;
        seen[part] = column;
        counted[sets.row[arrays.part_layer[part]] * sets.grid + column] += arrays.part_size[part];
      }
    }
  }
  return counted;
}

function iterationSlice(model: Model, sets: Sets, iteration: number): CubeMatrix {
  return model.once<CubeMatrix>("right slice", [sets, iteration], () => {
    const [rows, width] = [sets.meta.layers, sets.meta.classes];
    const data = blank(rows, width);
    const moment = momentOf(sets, iteration);
    for (const id of moment < 0 ? [] : sets.class) {
      const [from, to] = entriesOf(sets, id);
      if (!sets.class_iteration.subarray(from, to).includes(moment)) continue;
      for (let layer = 0; layer < rows; layer++)
        data[layer * width + id] = heldAt(sets, layer, moment);
    }
    return { data, width, rows, kind: "sets", format: "integer" };
  });
}

export const matrices = { front, top, right };
