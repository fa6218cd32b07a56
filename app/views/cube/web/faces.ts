// The three faces as elements under CSS 3-D transforms: painting them, placing them, marks on them.

import { colours, type DrawingContext, type Extreme, raster, type Scale } from "#app/web/index.ts";
import {
  areaOf,
  type Cells,
  cellEdges,
  type Dimension,
  FACES,
  type FaceName,
  type Ranges,
  type Size,
  sidesOf,
  transformOf,
  type View,
} from "./geometry.ts";
import type { CubeMatrix } from "./slices.ts";

/** What a face is painted with. */
export interface Shown {
  matrix: CubeMatrix;
  /** What the ranges and the palette are. */
  key: string;
  /** Of the classes. */
  order: Int32Array;
  /** The rows of the matrix, top first. */
  rows: Int32Array;
  /** Columns of the matrix by those of the face; null: the same. */
  columnOf: Int32Array | null;
  columns: number;
  ranges: Ranges;
  scale: Scale;
  extreme: Extreme;
  missing: boolean;
}
/** A mark over cells `at` .. `until` of a dimension. */
export interface Mark {
  kind: string;
  dimension: Dimension;
  at: number;
  until?: number;
}
interface Face {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  note: HTMLElement;
  marks: HTMLElement;
  lights: HTMLElement;
  /** What the canvas holds, in words and itself; the scale that it is seen with. */
  painted: string;
  what?: Shown | null;
  scale?: number;
  /** What was not painted yet, as the face was seen from its edge. */
  late?: Shown | null;
}

const GAP_FROM = 7; // cells at least this large are kept apart by a line
const LEAST = 3; // pixels of a cell of sets
const MOST_PIXELS = 4096; // along one side of a canvas
export const ORDER: FaceName[] = ["front", "top", "right"];

function part<Tag extends keyof HTMLElementTagNameMap = "div">(
  name: string,
  parent: Element,
  tag: Tag = "div" as Tag,
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
}

export class Faces {
  declare private readonly scene: HTMLElement;
  declare readonly faces: Record<FaceName, Face>;
  /** These are there once the cube is drawn. */
  declare private size: Size;
  declare private view: View;
  declare private folded?: number;

  constructor(stage: Element) {
    this.scene = part("cube-scene", stage);
    this.faces = {} as Record<FaceName, Face>; // filled below
    for (const name of ORDER) {
      const element = part(`cube-face cube-${name}`, this.scene);
      element.dataset.face = name;
      element.classList.toggle("dt-timed", name !== "right");
      element.setAttribute("role", "group");
      element.setAttribute("aria-roledescription", "face of the cube");
      const canvas = part("cube-canvas", element, "canvas");
      canvas.setAttribute("aria-hidden", "true");
      const note = part("cube-note", element);
      note.hidden = true;
      this.faces[name] = {
        element,
        canvas,
        note,
        painted: "",
        marks: part("cube-marks", element),
        lights: part("cube-marks", element),
      };
    }
  }

  /** Give the faces the sizes of the cube. */
  resize(size: Size): boolean {
    if (this.size && (["W", "H", "D"] as const).every((side) => this.size[side] === size[side]))
      return false;
    this.size = size;
    const { W, D } = size;
    const places = { front: [0, 0], top: [0, -D], right: [W, 0] };
    for (const name of ORDER) {
      const [width, height] = sidesOf(name, size);
      const [left, top] = places[name];
      Object.assign(this.faces[name].element.style, {
        left: `${left}px`,
        top: `${top}px`,
        width: `${width}px`,
        height: `${height}px`,
      });
      this.faces[name].element.hidden = !(width && height);
    }
    return true;
  }

  /** Turn and fold: nothing but transforms. */
  place(view: View): void {
    this.view = view;
    this.scene.style.transform = transformOf(view);
    const folded = view.folded ? 90 : 0;
    if (folded === this.folded) return;
    this.folded = folded;
    this.faces.top.element.style.transform = `rotateX(${folded}deg)`;
    this.faces.right.element.style.transform = `rotateY(${folded}deg)`;
  }

  /** Leave out of the order of the keyboard what is seen from its edge. */
  reachable(): void {
    for (const name of ORDER) {
      const { element } = this.faces[name];
      const seen = areaOf(name, this.size, this.view) > 50;
      element.tabIndex = seen ? 0 : -1;
      element.toggleAttribute("inert", !seen);
    }
  }

  /** Paint what changed on faces that were seen from their edge, before they turn into sight. */
  catchUp(): void {
    for (const name of ORDER)
      if (this.faces[name].late) this.paint(name, this.faces[name].late, { anyway: true });
  }

  /** Paint a face at the resolution it is seen with; `what` is {matrix, scale, rows, ranges, key}. */
  paint(name: FaceName, what: Shown | null | undefined, { anyway = false } = {}): boolean {
    const face = this.faces[name];
    const [width, height] = sidesOf(name, this.size);
    if (!anyway && what && Math.abs(areaOf(name, this.size, this.view)) < 50) {
      face.late = face.what === what ? null : what;
      return false;
    }
    face.late = null;
    const ratio = (window.devicePixelRatio || 1) * this.ratioFor(face, what);
    const [wide, high] = [width, height].map((side) =>
      Math.min(MOST_PIXELS, Math.max(1, Math.round(side * ratio))),
    );
    const key = [what?.key, wide, high, colours.isDark()].join("|");
    if (face.painted === key && face.what === what) return false;
    face.painted = key;
    face.what = what;
    Object.assign(face.canvas, { width: wide, height: high });
    if (!what || !width || !height) return true;
    const context = face.canvas.getContext("2d")!;
    const image = context.createImageData(wide, high);
    const pixels = new Uint32Array(image.data.buffer);
    const { across, down, upwards } = FACES[name];
    const packed = colours.packed;
    if (what.matrix.kind === "sets" && name !== "right")
      scatter(pixels, wide, high, what, what.ranges[across], what.ranges[down]);
    else
      raster.paint(pixels, wide, high, {
        matrix: { data: what.matrix.data, width: what.matrix.width, columnOf: what.columnOf },
        order: what.rows,
        rows: what.ranges[down],
        view: what.ranges[across],
        columns: what.columns,
        extreme: what.extreme,
        scale: what.scale,
        empty: packed("--dt-empty"),
        missing: [packed("--dt-missing-line"), packed("--dt-missing")],
      });
    if (upwards) flip(pixels, wide, high);
    context.putImageData(image, 0, 0);
    this.gaps(context, wide, high, what.ranges[across], what.ranges[down]);
    return true;
  }

  /** Return the scale to paint with; turned a little another way the pixels are good enough. */
  ratioFor(face: Face, what: Shown | null | undefined): number {
    const { scale, yaw, pitch } = this.view;
    const slanted = yaw % 90 !== 0 || pitch % 90 !== 0;
    if (!slanted || face.what !== what || !face.scale || Math.abs(face.scale / scale - 1) > 0.12)
      face.scale = scale;
    return face.scale;
  }

  gaps(context: DrawingContext, wide: number, high: number, across: Cells, down: Cells): void {
    context.fillStyle = colours.theme("--dt-ground");
    const step = { x: wide / (across[1] - across[0]), y: high / (down[1] - down[0]) };
    if (step.y >= GAP_FROM) {
      for (let y = step.y; y < high - 1; y += step.y)
        context.fillRect(0, Math.round(y) - 0.5, wide, 1);
    }
    if (step.x >= GAP_FROM) {
      for (let x = step.x; x < wide - 1; x += step.x)
        context.fillRect(Math.round(x) - 0.5, 0, 1, high);
    }
  }

  /** Say on a face why it is empty; "" shows its cells again. */
  say(name: FaceName, text: string): void {
    const { note, element } = this.faces[name];
    note.hidden = !text;
    if (note.textContent !== text) note.textContent = text;
    element.classList.toggle("cube-silent", Boolean(text));
  }

  /**
   * Show marks over the faces: [{kind, dimension, at, until}], `at` a cell of a dimension, `until`
   * the last where they are several. Each lies on the two faces that share the dimension, on exactly
   * the cells of it. `where` is "marks" or, for what is about to go again, "lights".
   */
  mark(wanted: readonly Mark[], ranges: Ranges, where: "marks" | "lights" = "marks"): void {
    for (const name of ORDER) {
      const marks = this.faces[name][where];
      const { across, down } = FACES[name];
      const shown = wanted.filter(
        ({ dimension, at, until = at }) =>
          [across, down].includes(dimension) &&
          until >= ranges[dimension][0] &&
          at < ranges[dimension][1],
      );
      while (marks.children.length > shown.length) marks.lastChild!.remove();
      while (marks.children.length < shown.length) part("cube-mark", marks);
      shown.forEach((mark, index) =>
        this.markCell(name, marks.children[index] as HTMLElement, mark, ranges[mark.dimension]),
      );
    }
  }

  markCell(
    name: FaceName,
    mark: HTMLElement,
    { kind, dimension, at, until = at }: Mark,
    range: Cells,
  ): void {
    const { across, upwards } = FACES[name];
    const column = dimension === across;
    const length = sidesOf(name, this.size)[column ? 0 : 1];
    const edges = (cell: number) => cellEdges(cell, range, length, !column && upwards);
    const [from, to] = [
      Math.min(edges(at)[0], edges(until)[0]),
      Math.max(edges(at)[1], edges(until)[1]),
    ];
    mark.className = `cube-mark cube-mark-${kind} cube-mark-${column ? "column" : "row"}`;
    mark.dataset.dimension = dimension;
    mark.dataset.at = String(at);
    mark.style.transform = column ? `translateX(${from}px)` : `translateY(${from}px)`;
    mark.style.width = column ? `${to - from}px` : "100%";
    mark.style.height = column ? "100%" : `${to - from}px`;
  }
}

/**
 * Paint the few cells that hold anything, each at least LEAST pixels large: a single iteration of
 * hundreds is too thin to be seen. The largest values come last, so that they stay on top.
 */
function scatter(
  pixels: Uint32Array,
  wide: number,
  high: number,
  what: Shown,
  across: Cells,
  down: Cells,
): void {
  const {
    matrix: { data, width },
    rows,
    columnOf,
    scale,
  } = what;
  pixels.fill(scale.colours[0]);
  const cells: [value: number, x: number, y: number][] = [];
  for (let y = down[0]; y < down[1]; y++) {
    for (let x = across[0]; x < across[1]; x++) {
      const own = columnOf ? columnOf[x] : x;
      const value = own >= 0 && own < width ? data[rows[y] * width + own] : -1;
      if (value >= 0) cells.push([value, x, y]);
    }
  }
  cells.sort((a, b) => a[0] - b[0]);
  const span = (at: number, [first, after]: Cells, length: number) => {
    const [from, to] = cellEdges(at, [first, after], length);
    const grow = Math.max(0, LEAST - (to - from)) / 2;
    return [Math.max(0, Math.round(from - grow)), Math.min(length, Math.round(to + grow))];
  };
  for (const [value, x, y] of cells) {
    const [left, right] = span(x, across, wide);
    const [top, bottom] = span(y, down, high);
    const colour = scale.colours[scale.index(value)];
    for (let row = top; row < bottom; row++)
      pixels.fill(colour, row * wide + left, row * wide + right);
  }
}

/** Turn the rows of pixels upside down: what is painted exactly once then fits its neighbour. */
function flip(pixels: Uint32Array, wide: number, high: number): void {
  const kept = new Uint32Array(wide);
  for (let top = 0, bottom = high - 1; top < bottom; top++, bottom--) {
    const [above, below] = [
      pixels.subarray(top * wide, (top + 1) * wide),
      pixels.subarray(bottom * wide, (bottom + 1) * wide),
    ];
    kept.set(above);
    above.set(below);
    below.set(kept);
  }
}
