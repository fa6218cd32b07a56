// What the answers about distributions hold, see app/data/distributions.py.

import type { Iterations, Matrix } from "#app/web/index.ts";

export type Floats = Float32Array<ArrayBuffer>;
export type Bytes = Uint8Array<ArrayBuffer>;
export type Counts = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

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
/** The arrays of a run in the answer about a piece, [n, ...]; the second run's have a prefix. */
export interface RunArrays {
  iteration: Iterations;
  /** Epoch, seconds since the start and since 1970, [3, S]; NaN: not recorded. */
  clock?: Float64Array<ArrayBuffer>;
  count: Matrix<Counts>;
  percentile: Matrix<Floats>;
  lowest: Matrix<Floats>;
  highest: Matrix<Floats>;
  odd: Matrix<Bytes>;
}
export type PieceArrays = RunArrays & {
  [Name in keyof RunArrays as `other.${Name}`]?: RunArrays[Name];
};
/** All but the first where there is a second run. */
export interface PieceMeta {
  first: number;
  names?: readonly [own: string, other: string];
  matched?: readonly boolean[];
  parameters?: readonly number[];
  alone?: readonly (readonly string[])[];
  lone?: readonly number[];
}
/** How the numbers of one node in one run are distributed at S snapshots. */
export interface Spread {
  iteration: Iterations;
  /** Where the snapshots lie over time, of the kind `over`, [S]. */
  place: ArrayLike<number>;
  over: string;
  /** Counts [S, B] of the bins from `first` on. */
  count: Counts;
  bins: number;
  first: number;
  /** [9, S]: least, seven percentiles, greatest. */
  percentile: Floats;
  /** Of all snapshots that a shown one stands for, [S]. */
  lowest: Floats;
  highest: Floats;
  odd: Bytes;
}
/** What is known of a node: in this run, and in the second one where that has it. */
export interface NodeSpreads {
  own: Spread;
  other: Spread | null;
  meta: PieceMeta;
  /** The place of the node in the piece. */
  at: number;
  fresh: boolean;
}
