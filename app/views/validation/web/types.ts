// What the files of the validation view share: what the routes answer, and what is drawn where.

import type { Answer, Matrix, Numbers, Order } from "#app/web/index.ts";

type Floats = Float32Array<ArrayBuffer>;
type Integers = Int32Array<ArrayBuffer>;

/** When the images of an anomaly flipped: after their stable time, before it, or nobody knows yet. */
export type Side = "left" | "right" | "pending";
/** An anomaly: of a class, of a cluster (summed over `classes` of it), or of the whole set. */
export interface Cell {
  side: Side;
  column: number;
  forgotten: number;
  learned: number;
  classes?: number;
}

/** The columns of the table of iterations. */
export type TableColumn =
  | "snapshot"
  | "right"
  | "images"
  | "forgotten"
  | "learned"
  | "classes"
  | "largest"
  | "largest_class"
  | "whole_set";
/** What the route "anomalies" answers; `overall_left` and `overall_right` are [T, 2]. */
export type AnomalyArrays = Record<
  `${Side}_${"class_id" | "snapshot" | "forgotten" | "learned"}`,
  Integers
> &
  Record<"overall_left" | "overall_right", Matrix<Integers>> &
  Record<`table_${TableColumn}`, Numbers>;
export interface AnomalyMeta {
  k: number;
  m: number;
  share: boolean;
  direction: string;
  /** From so many images on, an iteration of the whole set counts. */
  whole_set: number;
}
export type AnomalyAnswer = Answer<AnomalyMeta, AnomalyArrays>;

/**
 * What the route "class-error" answers of C classes at T snapshots: wrong images [C, T], below 0
 * where nothing was validated, and those of them without a prediction, where there are any. Where
 * snapshots share columns these are fewer: `column` says which; `right`, and `none_at_all` of those
 * without a prediction, are of the whole set at each snapshot.
 */
export interface ErrorArrays {
  iteration: Integers;
  wrong: Matrix;
  no_prediction?: Matrix;
  images: Integers;
  column?: Integers;
  right?: Integers;
  none_at_all?: Integers;
}
export type ErrorAnswer = Answer<{ names: string[]; pooled?: number }, ErrorArrays>;

/** What the route "groups" answers: K clusters, and the classes in every order. */
export interface GroupArrays {
  /** The cluster of a class. */
  label: Integers;
  size: Integers;
  /** Errors [K, T]. */
  mean: Matrix<Floats>;
  [order: `order_${string}`]: Integers | undefined;
}
export type GroupAnswer = Answer<{ clusters: number }, GroupArrays>;

/** What the route "class-images" answers of n images of a class at T snapshots. */
export interface ImageArrays {
  images: Integers;
  /** [n, T]: the class predicted of an image, or web/base/predictions.ts says why there is none. */
  prediction: Matrix;
  probability: Matrix<Floats>;
  order: Integers;
  forgotten: Integers;
  /** -1: never. */
  first_learned: Integers;
  /** Predicted classes but their own; NO_PREDICTION among them. */
  partner: Integers;
  /** [P, T]; below 0 where nothing was validated. */
  partner_count: Matrix<Integers>;
}
export type ImageAnswer = Answer<{ class: number }, ImageArrays>;

/** What the route "forgetting" answers: images, the worst first, and where each is in its class. */
export type ForgettingArrays = Record<
  "image" | "class" | "position" | "forgotten" | "first_learned",
  Integers
>;
/** How many images there are of either kind, and how many of them are listed. */
export type ForgettingMeta = Record<"never" | "forgotten" | "listed", number> & {
  /** Whether any snapshot was. */
  validated: boolean;
};
export type ForgettingAnswer = Answer<ForgettingMeta, ForgettingArrays>;

/** What the rows of a kind show, over so many snapshots. */
export interface Values {
  data: ArrayLike<number>;
  width: number;
  rows: number;
  /** The column of each snapshot where several share one. */
  columnOf?: Integers | null;
}
/** Return the column of a matrix that shows a snapshot, -1 where none does. */
export function columnIn({ columnOf, width }: Values, snapshot: number): number {
  const own = columnOf ? (columnOf[snapshot] ?? -1) : snapshot;
  return own < width ? own : -1;
}
/** The images of a class that is open, and what they are taken for. */
export interface Opened extends ImageArrays {
  correct: Values;
  partners: Values;
  partnerOrder: Integers;
}
/** What is known of the run. Clusters and anomalies may come later than the rest. */
export interface Model {
  names: string[];
  sizes: Integers;
  images: number;
  columns: number;
  /** The most snapshots that share a column of the classes; 1: none do. */
  pooled: number;
  /** Images of each class without a prediction [C, T], where there are any. */
  withoutPrediction?: Matrix;
  /** Those of all classes [T], where snapshots share columns. */
  noneAtAll?: Integers;
  accuracy: Values;
  overall: Values;
  groups?: GroupAnswer;
  means?: Values;
  anomalies?: AnomalyAnswer;
  opened: Map<number, Opened>;
}

interface Rows<Kind extends string> {
  kind: Kind;
  matrix: Values;
  /** Rows of the matrix. */
  order: Order;
  rowHeight: number;
  top: number;
}
export interface ClassBlock extends Rows<"class"> {
  pinned?: boolean;
  cluster?: number;
}
/** The images of a class, or the classes that they are taken for. */
export interface OpenedBlock<Kind extends "image" | "partner"> extends Rows<Kind> {
  classId: number;
  opened: Opened;
}
export type Block =
  | Rows<"overall">
  | (Rows<"cluster"> & { cluster: number })
  | ClassBlock
  | OpenedBlock<"image">
  | OpenedBlock<"partner">;
export type BlockKind = Block["kind"];
/** A row: its block, its place in the order of that, and its row of the matrix. */
export interface Hit {
  block: Block;
  at: number;
  row: number;
}
