// The cube: layers x iterations, classes x iterations and layers x classes as faces of one cube.
//
// Options: url (the front's data; `cube-layers`), base, cards {face: {caption, legend}} (ids), controls
// and readout (ids), measures {value: words}, say {noColumns}.
// dataset.view is the mode in which the cube stands still ("" while it turns), dataset.shown what is
// painted.

import {
  type Chart,
  type ChartKinds,
  type Handler,
  type Names,
  numbers,
  registerKind,
  type Selection,
  selectionStore,
  type Thing,
  type TimeAxis,
  tooltip,
} from "#app/web/index.ts";
import { Annotations, type Light, type PointedEvent } from "./annotations.ts";
import { contentsOf } from "./contents.ts";
import { Controls, type SliceField } from "./controls.ts";
import { Faces, type Mark, ORDER, type Shown } from "./faces.ts";
import {
  type Angles,
  type Dimension,
  type FaceName,
  keep,
  MODES,
  type Mode,
  type Ranges,
  type Size,
  type Stage,
  sizesFor,
  type View,
  viewOf,
} from "./geometry.ts";
import { type Cell, Input } from "./input.ts";
import { edges as edgesOf, Labels } from "./labels.ts";
import { marksOf } from "./marks.ts";
import { aheadOfCube, Model } from "./model.ts";
import type { FrontAnswer } from "./types.ts";
import { words } from "./words.ts";

type CubeOptions = ChartKinds["cube"];
/** The elements of a face's card, as far as the page has them. */
interface Card {
  caption: HTMLElement | null;
  legend: HTMLElement | null;
}

const TURN_MS = 450; // as cube.css says
const KEPT = [
  "cubeface",
  "cubeturn",
  "cubetop",
  "cubetied",
  "cellcolour",
  "significance",
  "classorder",
  "onlyanomalous",
  "palette",
  "k",
  "m",
  "share",
  "direction",
  "top",
  "topquantity",
  "layerrange",
  "classrange",
  "zoom",
  "sliceclass",
  "slicelayer",
  "sliceiteration",
];
const OVERLAID = ["cubecell", "cursor", "pins", "classes", "layers"];
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

class Cube implements Handler {
  declare readonly chart: Chart<CubeOptions>;
  declare readonly axis: TimeAxis;
  declare readonly stage: HTMLElement;
  declare readonly model: Model;
  declare readonly faces: Faces;
  declare private readonly labels: Labels;
  declare readonly cards: Record<FaceName, Card>;
  declare private readonly controls: Controls;
  declare private readonly readout: HTMLElement | null;
  declare readonly input: Input;
  declare private readonly annotations: Annotations;
  /** What the faces show; null while it has not come. */
  declare readonly shown: Partial<Record<FaceName, Shown | null>>;
  declare waiting: boolean;
  declare private turning: Angles | null;
  /** Until the cube stands still; 0: it does. */
  declare timer: ReturnType<typeof setTimeout> | 0;
  /** These are there once the cube is drawn. */
  declare size: Size;
  declare private box: Stage;
  declare ranges: Ranges;
  declare view: View;
  declare mode: Mode;
  declare private marked: Mark[];

  constructor(chart: Chart<CubeOptions>) {
    this.chart = chart;
    this.axis = chart.axis;
    this.stage = document.createElement("div");
    this.stage.className = "cube-stage";
    chart.element.append(this.stage);
    this.model = new Model(
      chart.options.base,
      () => this.came(),
      (error) => chart.failed(error),
    );
    this.faces = new Faces(this.stage);
    this.labels = new Labels(
      this.stage,
      (dimension, at) => this.nameOf(dimension, at),
      (dimension, at) => this.slice(dimension, at),
      (dimension, at) =>
        dimension === "classes"
          ? this.model.shortClass(this.classAt(at))
          : this.nameOf(dimension, at),
    );
    this.shown = {};
    this.waiting = true;
    this.turning = null; // angles while they are dragged
    this.timer = 0;
    const byId = (id: string | undefined) => document.getElementById(id || "");
    this.cards = Object.fromEntries(
      ORDER.map((face) => {
        const ids = chart.options.cards?.[face] || {};
        return [face, { caption: byId(ids.caption), legend: byId(ids.legend) }];
      }),
    ) as Record<FaceName, Card>;
    this.controls = new Controls(byId(chart.options.controls), this);
    this.readout = byId(chart.options.readout);
    this.input = new Input(this);
    this.annotations = new Annotations(this);
    // All at once: what the other faces need does not wait for the front.
    this.model.classes = chart.options.classes;
    this.model.load(selectionStore.get());
  }

  measure(): string {
    return this.chart.options.measures[selectionStore.get().cubefront] || "value";
  }

  receive(answer: FrontAnswer): void {
    this.model.receive(answer); // a newer version, or another measure
    this.model.load(selectionStore.get());
  }

  came(): void {
    this.model.load(selectionStore.get()); // what only became known to be needed
    this.chart.invalidate();
  }

  selected(selection: Selection, names: Names): void {
    if (!this.model.front) return;
    if (KEPT.some((name) => names.has(name))) {
      this.model.load(selection);
      this.chart.invalidate();
    } else if (OVERLAID.some((name) => names.has(name))) this.overlay();
  }

  /** Return the cells of a class's place and back: classes stand in an order of their own. */
  classAt(place: number): number {
    return this.model.order()[place];
  }

  placeOf(id: number): number {
    return this.model.places()[id] ?? -1;
  }

  nameOf(dimension: Dimension, at: number): string {
    if (dimension === "layers") return this.model.layers.names[at] ?? "";
    if (dimension === "columns") return numbers.short(this.axis.iterations[at]);
    return this.model.className(this.classAt(at));
  }

  draw(width: number): string {
    const selection = selectionStore.get();
    this.waiting = this.model.waiting(selection);
    if (!this.axis.columns || !this.model.layers.names.length) {
      return this.chart.options.say.noColumns ?? "";
    }
    const stage = { width, height: this.stage.clientHeight };
    const size = sizesFor(stage, { depth: this.model.classes > 0 });
    const resized = this.faces.resize(size);
    this.size = size;
    this.box = stage;
    this.ranges = this.model.ranges(selection, this.axis);
    this.turnTo(this.modeOf(selection), selection.cubeturn, resized);
    for (const face of ORDER) this.shown[face] = this.contents(face, selection);
    this.paint();
    for (const face of ORDER) {
      words.card(this, face);
      this.faces.say(face, this.model.classes || face === "front" ? words.note(this, face) : "");
    }
    this.overlay();
    this.controls.draw(selection);
    return "";
  }

  /** Without classes there is nothing but the front. */
  modeOf(selection: Selection): Mode {
    if (!this.model.classes) return "front";
    return MODES.includes(selection.cubeface as Mode) ? (selection.cubeface as Mode) : "turned";
  }

  turnTo(mode: Mode, turn: readonly number[], resized: boolean): void {
    const view = viewOf(mode, this.turning || turn, this.size, this.box);
    const before = this.view;
    this.view = view;
    if (before && JSON.stringify(before) === JSON.stringify(view)) return;
    const moved = this.mode !== undefined && mode !== this.mode && !resized && !still();
    if (moved) this.faces.catchUp();
    this.mode = mode;
    this.chart.element.dataset.mode = mode;
    this.chart.element.dataset.view = moved ? "" : mode;
    this.stage.classList.toggle("cube-moving", moved);
    this.faces.place(view);
    clearTimeout(this.timer);
    this.timer = moved ? setTimeout(() => this.settle(), TURN_MS) : 0;
    if (!moved) this.faces.reachable();
  }

  /** The cube stands still: paint as sharp as it is now seen, and name its edges. */
  settle(): void {
    this.timer = 0;
    this.stage.classList.remove("cube-moving");
    this.faces.reachable();
    this.paint();
    this.overlay();
    this.chart.element.dataset.view = this.mode;
  }

  /** Turn while dragged: one transform, and the names along the edges. */
  turn(angles: Angles): void {
    this.turning = keep(angles);
    this.view = viewOf("turned", this.turning, this.size, this.box);
    this.faces.place(this.view);
    this.name();
  }

  turned(): void {
    if (!this.turning) return;
    const cubeturn = this.turning.map(Math.round);
    this.turning = null;
    selectionStore.set({ cubeturn });
    this.chart.invalidate();
    this.faces.reachable();
  }

  /** Return what a face is painted with, or null while it has not come; till then the one before. */
  private contents(face: FaceName, selection: Selection): Shown | null {
    if (face !== "front" && !this.model.classes) return null;
    const { model, axis, ranges } = this;
    return (
      contentsOf(face, selection, model, axis, ranges) ??
      (this.waiting ? (this.shown[face] ?? null) : null)
    );
  }

  paint(): void {
    if (this.timer) return; // sharp when it stands still
    for (const face of ORDER) this.faces.paint(face, this.shown[face]);
    const { sliceclass, slicelayer, sliceiteration, cubefront } = selectionStore.get();
    this.chart.element.dataset.shown = [
      cubefront,
      sliceclass,
      slicelayer,
      sliceiteration,
      ...Object.values(this.ranges),
    ].join("|");
  }

  overlay(): void {
    if (!this.view) return;
    const selection = selectionStore.get();
    this.marked = marksOf(selection, {
      columnOf: (iteration) => this.axis.columnOf(iteration),
      exactColumn: (iteration) => this.axis.exactColumn(iteration),
      placeOf: (id) => this.placeOf(id),
    });
    this.faces.mark(this.marked, this.ranges);
    if (!this.timer) this.name();
    this.read(selection.cubecell);
  }

  name(): void {
    // Of what is marked twice the last sign counts: what is pointed at covers the cursor.
    const always = [
      ...new Map(
        this.marked
          .filter(({ kind }) => ["pointed", "slice", "cursor"].includes(kind))
          .map((mark) => [`${mark.dimension} ${mark.at}`, mark]),
      ).values(),
    ];
    const edges = edgesOf({ size: this.size, view: this.view, ranges: this.ranges });
    this.labels.draw({ edges, always, taken: this.annotations.draw(edges, this.view) });
  }

  /** Say in words, for those who cannot see a tooltip, where the keyboard's cell is. */
  read(cell: Cell | null | undefined): void {
    if (!this.readout) return;
    const { title, lines } = cell ? words.describe(this, cell) : { title: "", lines: [] };
    const text = [title, ...lines.map((line) => line.filter(Boolean).join(": "))]
      .filter(Boolean)
      .join(". ");
    if (this.readout.textContent !== text) this.readout.textContent = text;
  }

  /** Slice at a cell of a dimension; there again: no slice. */
  slice(dimension: Dimension, at: number): void {
    const [field, value] = (
      {
        layers: ["slicelayer", at],
        classes: ["sliceclass", this.classAt(at)],
        columns: ["sliceiteration", this.axis.iterations[at]],
      } as Record<Dimension, [SliceField, number]>
    )[dimension];
    const now = selectionStore.get()[field];
    selectionStore.set({ [field]: now === value ? null : value });
  }

  annotationLight(annotation: number): Light[] {
    return this.view ? [this.annotations.light(annotation)] : [];
  }

  annotationName(kind: Thing["kind"], id: number): string | undefined {
    if (kind === "class") return this.model.className(id);
    return kind === "layer" ? this.model.layers.names[id] : undefined;
  }

  annotationThing(event: MouseEvent | null): Thing | null {
    return this.annotations.thing(event as PointedEvent | null);
  }

  destroy(): void {
    clearTimeout(this.timer);
    this.annotations.destroy();
    tooltip.hide();
  }
}

export type { Cube };

registerKind("cube", (chart) => new Cube(chart), aheadOfCube);
