// The marks on the faces of the cube: cursor, pins, slices, what is chosen, what is pointed at.

import type { Selection } from "#app/web/index.ts";
import type { Mark } from "./faces.ts";
import type { Dimension } from "./geometry.ts";

type Marking = Pick<
  Selection,
  | "pins"
  | "layers"
  | "classes"
  | "cursor"
  | "slicelayer"
  | "sliceclass"
  | "sliceiteration"
  | "cubecell"
>;
/** Where iterations and classes lie: columns of the axis (-1 exactly nowhere), places in the order. */
export interface Places {
  columnOf(iteration: number): number;
  exactColumn(iteration: number): number;
  placeOf(classId: number): number;
}

/** Return the marks, those that cover others last. */
export function marksOf(selection: Marking, { columnOf, exactColumn, placeOf }: Places): Mark[] {
  const found: Mark[] = [];
  const mark = (kind: string, dimension: Dimension, at: number | null) => {
    if (at !== null) found.push({ kind, dimension, at });
  };
  const { cursor, slicelayer, sliceclass, sliceiteration, cubecell: cell } = selection;
  for (const pin of selection.pins) mark("pin", "columns", exactColumn(pin));
  for (const layer of selection.layers) mark("chosen", "layers", layer);
  for (const id of selection.classes) mark("chosen", "classes", placeOf(id));
  mark("cursor", "columns", cursor === null ? null : columnOf(cursor));
  mark("slice", "layers", slicelayer);
  mark("slice", "classes", sliceclass === null ? null : placeOf(sliceclass));
  mark("slice", "columns", sliceiteration === null ? null : exactColumn(sliceiteration));
  if (!cell) return found;
  mark("pointed", "layers", cell.layer);
  mark("pointed", "classes", cell.class === null ? null : placeOf(cell.class));
  mark("pointed", "columns", cell.column);
  return found;
}
