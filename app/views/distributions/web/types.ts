// What the answers about distributions hold, see app/data/distributions.py.

import type { HistogramSpread } from "#app/web/index.ts";

/** The nodes of a level, in the order of the network. */
export interface Level {
  name: readonly string[];
  kind: readonly string[];
  layers: readonly number[];
  layer: readonly number[];
  parameters: readonly number[];
}
/** meta of distribution-nodes. */
export interface NodesMeta {
  levels: Record<string, Level>;
  quantities: readonly string[];
  lacks: Record<string, string>;
  piece: number;
  edges: readonly number[];
  percentiles: readonly number[];
}
/** All but the first where there is a second run. */
export interface PieceMeta {
  first: number;
  names?: readonly [own: string, other: string];
  matched?: readonly boolean[];
  parameters?: readonly number[];
  alone?: readonly (readonly string[])[];
  lone?: readonly number[];
}
/** What is known of a node: in this run, and in the second one where that has it. */
export interface NodeSpreads {
  own: HistogramSpread;
  other: HistogramSpread | null;
  meta: PieceMeta;
  /** The place of the node in the piece. */
  at: number;
  fresh: boolean;
}
