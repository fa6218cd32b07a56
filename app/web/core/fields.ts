// What the selection holds: the fields that views share, with the types of their values (in Python
// app/fields.py). Each view adds its own in a fields.ts of its folder.
//
// A test holds both sides against each other (tests/app/test_selection_types.py).

/** Both ends included: iterations, or places of layers and classes. */
export type Range = [number, number];
/** A layer and a filter, or a layer and a class. */
export type Pair = [number, number];

/** The fields that stand in the address. */
export interface Fields {
  cursor: number | null;
  pins: number[];
  range: Range | null;
  zoom: Range | null;
  annotation: number | null;
  classes: number[];
  images: number[];
  layers: number[];
  filters: Pair[];
  image: number | null;
  k: number | null;
  m: number | null;
  share: boolean;
  direction: string;
  classorder: string;
  statistic: string;
  log: boolean;
  palette: string;
  onlyanomalous: boolean;
  measure: string;
  scale: string;
  topquantity: string;
  top: number;
  cellcolour: string;
  otherrun: string;
}

/** A cell of the cube: ids of layer and class, a column of the axis; null where a face has none. */
export interface CubeCell {
  face: string;
  layer: number | null;
  class: number | null;
  column: number | null;
}

/** What is pointed at; in no address. */
export interface Pointed {
  /** The row of a chart, by its place in the matrix. */
  row: { chart: string; index: number } | null;
  cubecell: CubeCell | null;
}

/** What subscribers get: every field, with its default where nothing is chosen, and what is pointed at. */
export type Selection = Fields & Partial<Pointed>;
/** The names of fields, and of what is pointed at, that have changed. */
export type Names = Set<string>;

/** How a field is written in the address: app/fields.py Kind. */
export type FieldKind = "integer" | "number" | "flag" | "text" | "integers" | "range" | "pairs";

/** What the page says of a field. */
export interface Field {
  kind: FieldKind;
  default: unknown;
  passing?: boolean;
  varies?: boolean;
}
export type FieldsOfPage = Record<string, Field>;
/** What differs from the defaults. */
export type Chosen = Record<string, unknown>;

/** What a page came with where its address names a view that the server keeps. */
export interface Carried {
  id: string;
  query?: string;
  private?: boolean;
  missing?: string;
}
