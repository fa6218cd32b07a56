// What the files of the layer view share: what the routes answer, and what is drawn where.

import type { Bins, Matrix } from "#app/web/index.ts";

export type Floats = Float32Array<ArrayBuffer>;
export type Bytes = Uint8Array<ArrayBuffer>;
export type Integers = Int32Array<ArrayBuffer>;

/** The nodes of the network from top to bottom: a list by node of each column of tree.describe. */
export interface Nodes {
  kind: string[];
  name: string[];
  label: string[];
  /** -1: none. */
  parent: number[];
  depth: number[];
  /** The layer that a node is; -1 for what holds layers. */
  layer: number[];
  layers: number[];
  filters: number[];
  parameters: number[];
  type: string[];
  kernel: string[];
  stride: string[];
  inputs: number[];
  groups: number[];
  shortcut: boolean[];
}
/** Which nodes are in which piece: `order` from piece to piece, so many in each. */
export interface PieceOrder {
  order: number[];
  piece: number;
}
/** What the route "layer-tree" says of the network. */
export interface TreeMeta extends PieceOrder {
  nodes: Nodes;
  /** The inner edges of the histogram's bins. */
  edges: number[];
  /** Falling: of the change bands. */
  thresholds: number[];
  /** How far down the shares of a histogram are told apart. */
  decades: number;
  /** What the run was recorded without, in words, by capability. */
  lacks?: Record<string, string>;
}
/** What the routes of a piece of n nodes answer, over T snapshots; see app/data/layers.py. */
export interface Routes {
  "layer-rows": {
    arrays: { value: Matrix<Floats> };
    meta: { low: number | null; high: number | null; least: number | null };
  };
  "layer-extremes": {
    arrays: { odd?: Matrix<Bytes>; minimum?: Matrix<Floats>; maximum?: Matrix<Floats> };
    meta: { minimum: number | null; maximum: number | null };
  };
  "layer-shapes": {
    arrays: {
      q1?: Matrix<Floats>;
      median?: Matrix<Floats>;
      q3?: Matrix<Floats>;
      histogram: Matrix<Bytes>;
      bands: Matrix<Floats>;
    };
    meta: object;
  };
}
/** What is drawn of one node, over T snapshots. */
export interface NodeValues {
  value: Floats;
  /** 1 NaN, 2 Inf, 3 both among the numbers. */
  odd?: Bytes;
  minimum?: Floats;
  maximum?: Floats;
  /** The standard deviation around a mean. */
  deviation?: Floats;
  q1?: Floats;
  median?: Floats;
  q3?: Floats;
  /** Codes [B, T] of shares. */
  histogram?: Bytes;
  binCount?: number;
  /** Shares [K, T], and K and T. */
  bands?: Floats;
  bandShape?: number[];
  /** Whether the extremes lie around what is shown. */
  envelope: boolean;
  /** Whether all is of the newest version. */
  fresh: boolean;
  meta: Routes["layer-rows"]["meta"] & Routes["layer-extremes"]["meta"];
}

/** What the encodings know of the time axis in a plot. */
export interface Frame {
  /** The columns of each pixel. */
  bins: Bins;
  /** The columns in view: [first, last). */
  first: number;
  last: number;
  /** Return the pixel of a column's middle. */
  x(column: number): number;
  /** Pixels of a column. */
  step: number;
  /** The column of the arrays by column of the axis; null: the same. */
  own: Int32Array | null;
}
/** From a value to its height: `at` gives 0 (bottom) to 1 (top). */
export interface Scale {
  kind: string;
  low: number;
  high: number;
  at(value: number): number;
}
/** The bins [first, after) of a histogram. */
export type Span = [first: number, after: number];
/** Which marks the key must explain. */
export interface Seen {
  odd: number;
  missing: boolean;
}
