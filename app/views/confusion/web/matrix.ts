// The confusion matrix: rows are true classes, columns predicted ones; many are pooled to blocks.
//
// A click on a block comes nearer, one on a cell lists its images; arrow keys and Enter do the same.
// Options: url (confusion), base, legend.

import {
  type Chart,
  type ChartKinds,
  type Handler,
  make,
  type Names,
  registerKind,
  type Selection,
  selectionStore,
  sizeCanvas,
  tooltip,
} from "#app/web/index.ts";
import {
  Asking,
  asksByItself,
  type Cells,
  type ConfusionAnswer,
  type ConfusionArrays,
  type ConfusionMeta,
  reason,
} from "./answer.ts";
import * as model from "./model.ts";
import { type Layout, layoutOf, type Picture, paint, paintMark } from "./paint.ts";
import { describe, legend, sentence } from "./words.ts";

const LEAST = 5; // pixels of a cell
const NEAR = 40; // classes across that a click on a block comes near to

class ConfusionMatrix implements Handler {
  private readonly chart: Chart<ChartKinds["confusionmatrix"]>;
  private readonly asking: Asking;
  private readonly canvas: HTMLCanvasElement;
  private readonly mark: HTMLCanvasElement;
  private readonly ruler = make("canvas").getContext("2d")!;
  private readonly said: HTMLElement;
  private readonly all: HTMLButtonElement;
  declare private arrays: ConfusionArrays;
  declare private meta: ConfusionMeta;
  private picture: Picture | null = null;
  private layout: Layout | null = null;
  private pointed: { row: number; column: number } | null = null;

  constructor(chart: Chart<ChartKinds["confusionmatrix"]>) {
    this.chart = chart;
    this.asking = new Asking(chart);
    this.canvas = make("canvas", "dt-canvas");
    this.mark = make("canvas", "confusion-mark");
    this.said = make("div", "dt-soft confusion-said");
    this.said.setAttribute("role", "status");
    this.all = make("button", "confusion-all", "Show all classes");
    this.all.addEventListener("click", () => this.showAll());
    const sight = make("div", "confusion-sight", this.canvas, this.mark);
    const { element } = chart;
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    element.setAttribute("aria-roledescription", "matrix chart");
    element.setAttribute(
      "aria-label",
      `${chart.options.label}. Arrow keys move, Enter lists images or comes nearer, Escape shows all.`,
    );
    element.append(sight, make("div", "confusion-foot", this.said, this.all));
    sight.addEventListener("pointermove", (event) => this.hover(event));
    sight.addEventListener("pointerleave", () => this.point(null));
    sight.addEventListener("click", () => this.choose());
    element.addEventListener("keydown", (event) => this.key(event));
  }

  url(): string {
    return this.asking.url();
  }

  receive({ arrays, meta }: ConfusionAnswer): void {
    this.arrays = arrays;
    this.meta = meta;
  }

  draw(width: number): string {
    const why = reason(this.meta) || this.incomparable();
    this.picture = null;
    const holder = document.getElementById(this.chart.options.legend);
    if (why) {
      holder?.replaceChildren();
      return why;
    }
    const selection = selectionStore.get();
    const shown = this.shown(width, selection);
    const as = selection.confusionas as model.As;
    const changes = selection.confusionview === "change";
    const values = this.values(as, changes);
    const pooled = model.pool(values, shown);
    this.picture = { shown, pooled, as, changes, meta: this.meta, images: this.arrays.images };
    this.layout = layoutOf(width, this.picture, this.ruler);
    const { context } = sizeCanvas(this.canvas, width, this.layout.height);
    const scale = paint(context, this.picture, this.layout, selection);
    legend(holder, this.picture, scale);
    this.all.hidden = !selection.confusionrows && !selection.confusioncolumns;
    this.said.textContent = sentence(this.picture);
    this.point(null);
    return "";
  }

  private incomparable(): string {
    if (selectionStore.get().confusionview !== "change" || this.meta.compared) return "";
    return this.meta.against === null
      ? "Pin an iteration to see what changed since: beside the list of who moved, or with a click on the time axis of a chart."
      : "The pinned iteration was not validated: no predictions were recorded there. Pin another.";
  }

  private values(as: model.As, changes: boolean): model.Valued {
    const { names } = this.meta;
    const cells = (ahead: "" | "before_"): Cells => ({
      true: this.arrays[`${ahead}true`]!,
      taken: this.arrays[`${ahead}taken`]!,
      count: this.arrays[`${ahead}count`]!,
    });
    const now = model.valued(cells(""), as, names.length);
    if (!changes) return now;
    return model.change(now, model.valued(cells("before_"), as, names.length), names.length);
  }

  private shown(width: number, selection: Selection): model.Shown {
    const { taken, before_taken, order } = this.arrays;
    const classes = this.meta.names.length;
    const last = classes - 1;
    const within = (places: readonly number[] | null): model.Places =>
      places && places[0] <= last ? [places[0], Math.min(places[1], last)] : [0, last];
    const rows = within(selection.confusionrows);
    const columns = within(selection.confusioncolumns);
    const most = Math.max(rows[1] - rows[0], columns[1] - columns[0]) + 1;
    const block = model.blockOf(most, layoutOf.room(width), LEAST);
    const missing = (values: Int32Array | undefined) => values?.includes(classes) ?? false;
    return {
      classes,
      order,
      rows,
      columns,
      block,
      none: columns[1] === last && (missing(taken) || missing(before_taken)),
      diagonal: selection.diagonal,
      sum: selection.confusionas === "count" && selection.confusionview === "cursor",
    };
  }

  private hover(event: PointerEvent): void {
    const { layout, picture } = this;
    if (!layout || !picture) return;
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - layout.left) / layout.cell);
    const row = Math.floor((event.clientY - box.top - layout.top) / layout.cell);
    const { width, height } = picture.pooled;
    const inside = column >= 0 && row >= 0 && column < width && row < height;
    this.point(inside ? { row, column } : null);
    if (!inside) return;
    const { title, lines } = describe(picture, row, column);
    tooltip.show(event.clientX, event.clientY, title, lines);
  }

  private point(cell: { row: number; column: number } | null): void {
    this.pointed = cell;
    this.mark.hidden = !cell;
    if (!cell) tooltip.hide();
    if (!cell || !this.layout || !this.picture) return;
    const { width, height } = this.layout;
    const { context } = sizeCanvas(this.mark, width, height);
    paintMark(context, this.layout, this.picture, cell);
  }

  private key(event: KeyboardEvent): void {
    if (!this.picture || event.target !== this.chart.element) return;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[
      event.key
    ];
    if (step) this.step(step[0], step[1]);
    else if (event.key === "Enter") this.choose();
    else if (event.key === "Escape") this.showAll();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private step(down: number, across: number): void {
    const { picture, pointed } = this;
    if (!picture) return;
    const { width, height } = picture.pooled;
    const limited = (at: number, count: number) => Math.max(0, Math.min(count - 1, at));
    const row = pointed ? limited(pointed.row + down, height) : 0;
    const column = pointed ? limited(pointed.column + across, width) : 0;
    this.point({ row, column });
    const { title, lines } = describe(picture, row, column);
    this.said.textContent = [title, ...lines.map((line) => line.join(" "))].join(". ");
  }

  /** Come nearer to a block, or list the images of a cell. */
  private choose(): void {
    const { picture, pointed } = this;
    if (!picture || !pointed) return;
    const { block, rows, columns, order, classes, none } = picture.shown;
    const missing = none && pointed.column === picture.pooled.width - 1;
    const own = model.placesOf(pointed.row, rows, block);
    if (block > 1) {
      const taken = missing
        ? ([classes - 1, classes - 1] as const)
        : model.placesOf(pointed.column, columns, block);
      selectionStore.set({
        confusionrows: model.about(own, NEAR, classes),
        confusioncolumns: model.about(taken, NEAR, classes),
      });
      return;
    }
    const taken = missing ? classes : order[model.placesOf(pointed.column, columns, 1)[0]];
    selectionStore.set({ confusioncell: [order[own[0]], taken] });
  }

  private showAll(): void {
    selectionStore.set({ confusionrows: null, confusioncolumns: null });
  }

  selected(selection: Selection, names: Names): void {
    // The places of one order are not those of another.
    if (names.has("confusionorder") && selection.confusionrows) this.showAll();
    this.asking.selected(selection, names);
  }

  destroy(): void {
    this.asking.destroy();
    tooltip.hide();
  }
}

registerKind("confusionmatrix", (chart) => new ConfusionMatrix(chart), asksByItself);
