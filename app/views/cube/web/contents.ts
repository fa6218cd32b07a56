// What the faces of the cube are painted with: a matrix, its rows and columns, its scale.

import { colours, mapvalues, type Selection, type TimeAxis } from "#app/web/index.ts";
import type { Shown } from "./faces.ts";
import type { FaceName, Ranges } from "./geometry.ts";
import type { Model } from "./model.ts";
import { scaleOf } from "./scales.ts";
import { type CubeMatrix, matrices } from "./slices.ts";

/** Return what a face is painted with, made anew only where it changes; null: it has not come. */
export function contentsOf(
  face: FaceName,
  selection: Selection,
  model: Model,
  axis: TimeAxis,
  ranges: Ranges,
): Shown | null {
  const matrix = matrices[face](model, selection, axis);
  if (!matrix) return null;
  const order = model.order();
  const key = [ranges.layers, ranges.classes, ranges.columns, selection.palette].join("|");
  const dark = colours.isDark();
  return model.once<Shown>(`contents ${face}`, [matrix, order, key, dark, axis.iterations], () => ({
    matrix,
    key,
    order,
    rows:
      face === "top"
        ? order
        : (matrix.rowOf ??
          model.once("layers", [matrix.rows], () =>
            Int32Array.from({ length: matrix.rows }, (_, at) => at),
          )),
    columnOf:
      face === "right"
        ? classesOf(matrix, order)
        : axis.columnsOf({ iteration: matrix.iterations!, column: matrix.column }),
    columns: face === "right" ? model.classes : axis.columns,
    ranges,
    scale: model.once(`scale ${face}`, [matrix, selection.palette, dark], () =>
      scaleOf(matrix, selection.palette),
    ),
    extreme: matrix.kind === "accuracy" ? "min" : "max",
    missing:
      ["measured", "accuracy"].includes(matrix.kind) &&
      model.once(`missing ${face}`, [matrix], () => mapvalues.looked(matrix.data)[0]),
  }));
}

/** Return the column of a matrix of classes for each of their places. */
function classesOf({ columnAt }: CubeMatrix, order: Int32Array): Int32Array {
  return columnAt ? order.map((id) => columnAt[id]) : order;
}
