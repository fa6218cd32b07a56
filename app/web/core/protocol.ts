// What a chart offers: to the registry that draws it, to the read-out, to the export of pictures, and
// to annotations. A handler is all of it; everything but `draw` may be missing.

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
/** What a chart has over its plot (charts/plotarea.ts), as far as others ask for it. */
export interface Area {
  element: HTMLElement;
  width: number;
  spanOver(element: HTMLElement, from: number, to: number): void;
}

/** What the registry (chart.ts) calls. */
export interface Drawn {
  /** Draw in this width (CSS pixels); return a sentence to show instead, if any. */
  draw(width: number): string | undefined | void;
  /** Take an answer, of the shape that the kind asks for. */
  receive?(data: any): void;
  /** Fields of the selection, named, have changed. */
  selected?(selection: Selection, names: Names): void;
  /** Return the template to ask for instead of the option `url`. */
  url?(): string | undefined;
  destroy?(): void;
  /** Whether more is to come than the one address. */
  waiting?: boolean;
}

/** What lies over the time axis of a chart: the cursor, the range, spans of annotations. */
export interface Timed {
  area?: Area;
}

/** What the export takes a picture of. */
export interface Pictured {
  canvas?: HTMLCanvasElement;
  /** What the rows are in, where it stays in sight while they scroll. */
  sticky?: HTMLElement;
}

/** What annotations ask of a chart with rows. */
export interface Annotated {
  /** Return what is at an event, or (null) at the row that the keyboard marks. */
  annotationThing?(event: Event | null): Thing | null | undefined;
  annotationName?(kind: string, id: number): string | undefined;
  /** Show what an annotation is about; return the elements that do. */
  annotationLight?(annotation: any): Pick<Element, "remove">[];
  /** Return [id, place] of the rows of a kind in sight; ids of filters are "layer.filter". */
  annotationRows?(kind: string): [string, RowPlace][];
  /** Return where the marks of rows stand. */
  annotationPlace?(): { x: number; narrow: boolean; host: HTMLElement };
}

/** What draws a chart of one kind: made by what registerKind was given. */
export interface Handler extends Drawn, Timed, Pictured, Annotated {}
