// What a chart offers: to the registry that draws it, to the read-out, and to annotations.
// A handler is all of it; everything but `draw` may be missing. Charts say `implements Handler`:
// who asks a chart for anything asks by what is declared here, and knows no kind of chart.

import type { Answer } from "../base/fetch.ts";
import type { Format } from "../base/numbers.ts";
import type { Names, Selection } from "./fields.ts";

/** What annotations are about. */
export interface Thing {
  kind: "class" | "image" | "layer" | "filter";
  id: number;
  filter?: number;
  name: string;
}
/** Where a row lies: CSS pixels of its chart. */
export interface RowPlace {
  top: number;
  height: number;
}
/** A row: its id as text (of filters "layer.filter"), and where it lies. */
export type PlacedRow = [id: string, place: RowPlace];
/** Where the marks of rows stand: pixels from the left of their host. */
export interface MarksPlace {
  x: number;
  /** Whether there is little room. */
  narrow: boolean;
  host: HTMLElement;
}
/** What a chart has over its plot (charts/plotarea.ts), as far as others ask for it. */
export interface Area {
  element: HTMLElement;
  width: number;
  spanOver(element: HTMLElement, from: number, to: number): void;
}
/** Rows of numbers, as the read-out says them. */
export interface Rows {
  readonly rows: number;
  readonly labels: readonly string[];
  readonly format: Format | undefined;
  /** Whether 1 - value is said. */
  readonly complement?: boolean;
  /** Return the value of a row at a column of the time axis; NaN where there is none. */
  valueAt(row: number, column: number): number;
}

/** What the registry (chart.ts) calls, and the export once more for a picture. */
export interface Drawn {
  /** Draw in this width (CSS pixels); return a sentence to show instead, if any. */
  draw(width: number): string | undefined | void;
  /** Take an answer, of the shape that the kind asks for. */
  receive?(answer: Answer): void;
  /** Fields of the selection, named, have changed. */
  selected?(selection: Selection, names: Names): void;
  /** Return the template to ask for instead of the option `url`. */
  url?(): string | undefined;
  /** Return whether nothing is chosen that could be shown: then nothing is asked for, and `draw` says so. */
  none?(): boolean;
  destroy?(): void;
  /** Whether more is to come than the one address. */
  waiting?: boolean;
}

/** What the read-out asks of a chart with rows. */
export interface Readable {
  /** Return the rows as they are now; null: there is no number. */
  readable?(): Rows | null;
}

/** What lies over the time axis of a chart: the cursor, the range, spans of annotations. */
export interface Timed {
  area?: Area;
  /** Whether it is the scale of its time axis, which pictures of other charts show above them. */
  timeScale?: boolean;
  /** Whether what has a name on its axis, such as an event, belongs to what it shows. */
  hasMarks?: boolean;
  /** Return what the lanes of annotations and findings follow: only a time axis has them. */
  laneAfter?(): Element;
}

/** What annotations ask of a chart. */
export interface Annotated {
  /** Return what is at an event, or (null) at the row that the keyboard marks. */
  annotationThing?(event: MouseEvent | null): Thing | null;
  /** Return what a thing is called where the chart knows it. */
  annotationName?(kind: Thing["kind"], id: number): string | undefined;
  /** Show what an annotation, by its id, is about; return what ends that. */
  annotationLight?(annotation: number): Pick<Element, "remove">[];
  /** Return the rows of a kind in sight; marks and frames of annotations stand at them. */
  annotationRows?(kind: Thing["kind"]): PlacedRow[];
  /** Return where the marks of rows stand instead of right of the plot. */
  annotationPlace?(): MarksPlace;
}

/** What draws a chart of one kind: made by what registerKind was given. */
export interface Handler extends Drawn, Readable, Timed, Annotated {}
