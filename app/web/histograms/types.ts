// How the numbers of a layer are distributed at some snapshots, as app/data/distributions.py serves it.

import type { Matrix } from "../base/fetch.ts";
import type { Iterations } from "../core/timeaxis.ts";

type Floats = Float32Array<ArrayBuffer>;
type Bytes = Uint8Array<ArrayBuffer>;
type Counts = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** The arrays of a run in the answer about some nodes, [n, ...]. */
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
/** Those of a run, and with a prefix those of what is drawn over it. */
export type PairArrays = RunArrays & {
  [Name in keyof RunArrays as `other.${Name}`]?: RunArrays[Name];
};
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
