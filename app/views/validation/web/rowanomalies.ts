// The anomalies of the validation rows: of the whole set, of classes, and of clusters summed up.

import { type AnomalousCells, cellsIn, overall } from "./anomalies.ts";
import type { AnomalyAnswer, Block, Cell, Model } from "./types.ts";

export class RowAnomalies {
  private readonly cells: AnomalousCells;
  private readonly overall: readonly Cell[];
  /** By cluster, and the grouping that they were summed up by. */
  private summed: { groups: Model["groups"]; clusters: Map<number, Cell[]> } | null = null;

  constructor({ arrays, meta }: Pick<AnomalyAnswer, "arrays" | "meta">) {
    this.cells = cellsIn(arrays);
    this.overall = overall(arrays, meta);
  }

  /** Return the anomalous cells of a row, null where rows of its kind have none. */
  of({ kind }: Pick<Block, "kind">, row: number, groups: Model["groups"]): readonly Cell[] | null {
    if (kind === "overall") return this.overall;
    if (kind === "class") return this.cells.of(row);
    if (kind !== "cluster" || !groups) return null;
    if (this.summed?.groups !== groups)
      this.summed = { groups, clusters: this.cells.ofClusters(groups.arrays.label) };
    return this.summed.clusters.get(row) ?? null;
  }
}

/** Return the number of images that the triangles of a row are held against. */
export function sizeOf(
  { images, sizes, means }: Model,
  { kind }: Pick<Block, "kind">,
  row: number,
): number {
  if (kind === "overall") return images;
  return kind === "class" ? sizes[row] : images / means!.rows / 4;
}
