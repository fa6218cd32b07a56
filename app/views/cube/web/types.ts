// What the data routes of the cube answer.

/** What the front is drawn from: L layers at T snapshots. */
export interface FrontAnswer {
  arrays: { values: Float32Array & { shape: number[] }; iteration: Int32Array<ArrayBuffer> };
  meta: Layers & { classes: number };
}
/** The layers of the run; `format` and `log` are of the front's measure. */
export interface Layers {
  names: string[];
  stages: string[];
  filters: number[];
  format?: "percent" | "integer" | "number";
  log?: boolean;
}
/** The correlation's sets: R layers, C classes, I iterations; see app/data/correlation.py. */
export interface SetArrays {
  layer: Int32Array;
  class: Int32Array;
  iteration: Int32Array;
  /** Columns of the front. */
  snapshot: Int32Array;
  /** class_iteration[class_start[c]..class_start[c + 1]) are places in `iteration`. */
  class_start: Int32Array;
  class_iteration: Int32Array;
  class_side: Uint8Array;
  class_images: Int32Array;
  /** [R, I] */
  holds: Uint8Array;
  /** [R, C], as the others below. */
  count: Int32Array;
  sets: Int32Array;
  members: Int32Array;
  usual: Float32Array;
  lift: Float32Array;
  q: Float32Array;
}
export interface SetMeta {
  /** Of the run, not of the grid: layers, classes and snapshots. */
  layers: number;
  classes: number;
  snapshots: number;
  reason: string | null;
  message: string;
  strongest?: [row: number, column: number][];
}
export interface Given<Arrays, Meta = object> {
  arrays: Arrays;
  meta: Meta;
}
/** Classes that lost or won images that are stable on one side, at columns of the top face. */
type Anomalies = {
  [Name in `${"left" | "right"}_${"class_id" | "snapshot" | "forgotten" | "learned"}`]: Int32Array;
} & { pending_class_id: Int32Array };
/** What the data routes answer, by the name it has here. */
export interface Answers {
  errors: Given<
    {
      iteration: Int32Array<ArrayBuffer>;
      /** [C, T], and the images of each class. */
      wrong: Int32Array & { shape: number[] };
      images: Int32Array;
      /** The column of each snapshot, where several share one. */
      column?: Int32Array<ArrayBuffer>;
    },
    { names: string[]; pooled?: number }
  >;
  order: Given<{ order: Int32Array }>;
  correlation: Given<SetArrays, SetMeta>;
  anomalies: Given<Anomalies>;
  detail: Given<{
    iteration: Int32Array;
    part_layer: Int32Array;
    part_size: Int32Array;
    presence_start: Int32Array;
    presence: Int32Array;
  }>;
  single: Given<{
    iteration: Int32Array;
    layer: Int32Array;
    /** at[at_start[f]..at_start[f + 1]) are places in `iteration`. */
    at_start: Int32Array;
    at: Int32Array;
  }>;
}
