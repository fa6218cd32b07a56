// Names and numbers along the cube's edges: upright text on the screen, whatever way the cube is turned.
//
// Each edge names as many of its cells as there is room for; those under the pointer, of the slices
// and of the cursor always. A click on a name slices there.

import {
  type Dimension,
  type FaceName,
  type Pixel,
  pointOf,
  project,
  type Ranges,
  type Size,
  type View,
} from "./geometry.ts";

type EdgeName = Dimension | "above";
/** Where the names of an edge stand. */
export type Side = "left" | "right" | "below";
/** An edge that is seen, with the shown cells [first, after) of its dimension. */
export interface Edge {
  name: EdgeName;
  dimension: Dimension;
  side: Side;
  /** Return the pixel at a share 0..1 of the edge. */
  place(share: number): Pixel;
  along: Pixel;
  length: number;
  level: boolean;
  first: number;
  after: number;
}
export type Box = [left: number, top: number, right: number, bottom: number];
/** What names leave free: lanes along edges, pixels, and boxes. */
export interface Taken {
  lanes: Partial<Record<string, number>>;
  boxes: Box[];
}
/** A cell that is named in any case. */
interface Named {
  dimension: Dimension;
  at: number;
  kind: string;
}
type WordsOf = (dimension: Dimension, at: number) => string;
interface EdgePlace {
  dimension: Dimension;
  at(share: number, size: Size): [face: FaceName, u: number, v: number];
}

const LINE = 13;
const GAP = 5;
const MOST_WIDTH = 108;
const CHARACTERS = 17;
// Where the edges lie: a point of a face for the share 0..1 of the dimension's cells.
const EDGES: Record<EdgeName, EdgePlace> = {
  layers: { dimension: "layers", at: (share, { H }) => ["front", 0, share * H] },
  columns: { dimension: "columns", at: (share, { W, H }) => ["front", share * W, H] },
  classes: { dimension: "classes", at: (share, { D, H }) => ["right", share * D, H] },
  // Unfolded, the top face lies apart from the right one.
  above: { dimension: "classes", at: (share, { D }) => ["top", 0, (1 - share) * D] },
};
const TITLES: Record<EdgeName, string> = {
  layers: "layers",
  columns: "iterations",
  classes: "classes",
  above: "classes",
};

/**
 * Return the edges that are seen: {name, dimension, side, place(share): pixel, along, length, level,
 * first, after}. `side` is where its names stand: "left", "right" or "below".
 */
export function edges({ size, view, ranges }: { size: Size; view: View; ranges: Ranges }): Edge[] {
  const found: Edge[] = [];
  for (const [name, { dimension, at }] of Object.entries(EDGES) as [EdgeName, EdgePlace][]) {
    const [first, after] = ranges[dimension];
    const joined = name === "above" && view.folded;
    if (after <= first || joined || (!size.D && dimension === "classes")) continue;
    const place = (share: number) => {
      const [face, u, v] = at(share, size);
      return project(view, pointOf(face, u, v, size, view.folded));
    };
    const [start, end] = [place(0), place(1)];
    const along: Pixel = [end[0] - start[0], end[1] - start[1]];
    const length = Math.hypot(...along);
    if (length < 40) continue; // seen from its end
    const level = Math.abs(along[1]) < 0.12 * length;
    const side =
      name === "layers" || name === "above"
        ? "left"
        : level || name === "columns"
          ? "below"
          : "right";
    found.push({ name, dimension, side, place, along, length, level, first, after });
  }
  return found;
}

let ruler: CanvasRenderingContext2D | null = null;
const widths = new Map<string, number>();

function widthOf(text: string): number {
  if (!ruler) {
    ruler = document.createElement("canvas").getContext("2d")!;
    ruler.font = "11px system-ui, sans-serif";
  }
  if (!widths.has(text)) {
    if (widths.size > 5000) widths.clear();
    widths.set(text, Math.min(MOST_WIDTH, ruler.measureText(text).width));
  }
  return widths.get(text)!;
}

/** Return a name of at most CHARACTERS letters, its middle left out: both ends tell names apart. */
function short(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= CHARACTERS) return name;
  const half = (CHARACTERS - 1) / 2;
  return `${letters.slice(0, half).join("")}…${letters.slice(-half).join("")}`;
}

export class Labels {
  declare private readonly element: HTMLElement;
  declare private readonly nameOf: WordsOf;
  declare private readonly textOf: WordsOf;
  declare private readonly pool: HTMLElement[];
  declare private used: number;
  /** What the names of the present edge leave to others, pixels. */
  declare private lane: number;

  /**
   * `nameOf(dimension, at)` says what a cell is called, `textOf` what the edge says of it, and
   * `chosen(dimension, at)` is told clicks.
   */
  constructor(
    stage: Element,
    nameOf: WordsOf,
    chosen: (dimension: Dimension, at: number) => void,
    textOf: WordsOf,
  ) {
    this.element = document.createElement("div");
    this.element.className = "cube-labels";
    stage.append(this.element);
    this.nameOf = nameOf;
    this.textOf = textOf;
    this.pool = [];
    this.used = 0;
    this.element.addEventListener("click", (event) => {
      const label = (event.target as Element).closest<HTMLElement>("[data-dimension]");
      if (label) chosen(label.dataset.dimension as Dimension, Number(label.dataset.at));
    });
  }

  /**
   * Draw all labels: `always` is [{dimension, at, kind}] of cells that are named in any case, `taken`
   * what names leave to others: {lanes: {name of an edge: pixels}, boxes}.
   */
  draw({
    edges,
    always,
    taken,
  }: {
    edges: readonly Edge[];
    always: readonly Named[];
    taken: Taken;
  }): void {
    this.used = 0;
    const boxes = [...taken.boxes];
    for (const edge of edges) {
      this.lane = taken.lanes[edge.name] || 0;
      boxes.push(...this.edge(edge, always, boxes));
    }
    for (let at = this.used; at < this.pool.length; at++) this.pool[at].hidden = true;
  }

  /** Draw the names of an edge where nothing is `taken`; return the boxes that they take. */
  edge(
    { name, dimension, place, side, along, level, first, after }: Edge,
    always: readonly Named[],
    taken: readonly Box[],
  ): Box[] {
    const count = after - first;
    const pixel = (at: number) => place((at - first + 0.5) / count);
    const forced = always.filter(
      ({ dimension: one, at }) => one === dimension && at >= first && at < after,
    );
    const stride = this.stride(dimension, first, after, along, level);
    const own = forced.map(({ at }) =>
      grown(this.box(pixel(at), this.nameOf(dimension, at), side)),
    );
    const boxes = [...taken, ...own];
    for (let at = first + (stride > 1 ? Math.floor(stride / 2) : 0); at < after; at += stride) {
      const text = short(this.textOf(dimension, at));
      const box = this.box(pixel(at), text, side);
      if (boxes.some((other) => meet(box, other))) continue;
      this.put(pixel(at), text, side, dimension, at, "");
      own.push(box);
    }
    for (const { at, kind } of forced)
      this.put(pixel(at), this.nameOf(dimension, at), side, dimension, at, kind);
    this.title(name, side, place(0), place(1));
    return own;
  }

  /** Return the step between named cells at which no two names touch. */
  stride(dimension: Dimension, first: number, after: number, along: Pixel, level: boolean): number {
    const count = after - first;
    const step = [Math.abs(along[0]) / count, Math.abs(along[1]) / count];
    let widest = 0;
    const sample = Math.max(1, Math.floor(count / 60));
    for (let at = first; at < after; at += sample) {
      widest = Math.max(widest, widthOf(short(this.textOf(dimension, at))));
    }
    const across = (widest + GAP) / Math.max(step[0], 1e-9);
    const down = level ? Infinity : LINE / Math.max(step[1], 1e-9);
    const stride = Math.max(1, Math.ceil(Math.min(across, down) - 1e-6));
    return stride > 1 && count > 20 ? Math.ceil(stride * 1.15) : stride;
  }

  /** Return where a name stands that gives way to the lane between it and the edge. */
  shifted([x, y]: Pixel, side: Side): Pixel {
    const { lane } = this;
    return (
      { left: [x - lane, y], right: [x + lane, y], below: [x, y + lane] } satisfies Record<
        Side,
        Pixel
      > as Record<Side, Pixel>
    )[side];
  }

  box([x, y]: Pixel, text: string, side: Side): Box {
    const width = widthOf(text) + 4;
    const [across, down] = this.shifted([x, y], side);
    const left =
      side === "left" ? across - 8 - width : side === "right" ? across + 8 : across - width / 2;
    const top = side === "below" ? down + 6 : down - LINE / 2;
    return [left, top, left + width, top + LINE];
  }

  put(
    [x, y]: Pixel,
    text: string,
    side: Side,
    dimension: Dimension,
    at: number,
    kind: string,
  ): void {
    const label = this.take();
    label.className = `cube-label cube-label-${side} ${kind ? `cube-label-${kind}` : ""}`;
    label.dataset.dimension = dimension;
    label.dataset.at = String(at);
    if (label.firstChild!.textContent !== text) label.firstChild!.textContent = text;
    label.title = this.nameOf(dimension, at);
    const [across, down] = this.shifted([x, y], side);
    label.style.transform = `translate(${across.toFixed(1)}px, ${down.toFixed(1)}px)`;
  }

  title(name: EdgeName, side: Side, start: Pixel, end: Pixel): void {
    const label = this.take();
    label.className = `cube-label cube-title cube-title-${name}`;
    delete label.dataset.dimension;
    delete label.dataset.at;
    label.removeAttribute("title");
    label.firstChild!.textContent = TITLES[name];
    const [x, y] = side === "below" ? [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2] : end;
    const shift =
      side === "left"
        ? [-10, name === "layers" ? 16 : -12]
        : side === "below"
          ? [0, 36 + this.lane]
          : [34, -16];
    label.style.transform = `translate(${(x + shift[0]).toFixed(1)}px, ${(y + shift[1]).toFixed(1)}px)`;
  }

  take(): HTMLElement {
    if (this.used === this.pool.length) {
      const label = document.createElement("div");
      label.append(document.createElement("span"));
      this.element.append(label);
      this.pool.push(label);
    }
    const label = this.pool[this.used];
    this.used += 1;
    label.hidden = false;
    return label;
  }
}

// What is always named stands on a ground of its own, a little larger.
const grown = ([left, top, right, bottom]: Box): Box => [left - 5, top - 1, right + 5, bottom + 1];
const meet = (a: Box, b: Box): boolean => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
