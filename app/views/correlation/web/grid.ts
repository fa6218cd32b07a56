// The grid of the correlation view: layers by classes, which split into mini-sets and iterations.
//
// One canvas shows what is in sight of a scroller; heads are elements that move with it.
// Options: url (correlation), detail (its mini-sets), names, legend.

import {
  addressOf,
  type ChartKinds,
  fetchArrays,
  type Handler,
  registerKind,
  roomBelow,
  type Selection,
  selectionStore,
  sizeCanvas,
  type Thing,
  tooltip,
} from "#app/web/index.ts";
import { CorrelationActs } from "./acts.ts";
import type { Blocks, Orders } from "./blocks.ts";
import * as correlationBlocks from "./blocks.ts";
import { chosen } from "./choice.ts";
import * as correlationHeads from "./heads.ts";
import { type Detail, detailOf } from "./minisets.ts";
import { follow, type Model } from "./model.ts";
import { columnOrder, rowOrder } from "./orders.ts";
import type { Painting, Sight } from "./paint.ts";
import * as correlationPaint from "./paint.ts";
import type { DetailAnswer, GridAnswer } from "./types.ts";

const SIDE = { wide: 196, narrow: 118 }; // names of layers
const NARROW = 620;
const LEAST_HEIGHT = 340;
const BELOW = 28; // what stands below in a window
const BAR = 14; // room for a scrollbar
const FIELDS = [
  "cell",
  "cellcolour",
  "significance",
  "weight",
  "split",
  "splitlayers",
  "splitclasses",
  "roworder",
  "columnorder",
  "classes",
  "layers",
  "pins",
];

interface GridChart {
  element: HTMLElement;
  options: ChartKinds["correlationgrid"];
  data: unknown;
  invalidate(): void;
  failed(error: unknown): void;
}

function part(name: string, parent: HTMLElement): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  parent.append(element);
  return element;
}

export class CorrelationGrid implements Handler {
  readonly chart: GridChart;
  model: Model | null;
  detail: Detail | null;
  blocks: Blocks | null;
  pointed: Painting["pointed"];
  waiting: boolean;
  /** What is in sight, in pixels of the whole grid. */
  view: Sight = { left: 0, top: 0, width: 0, height: 0 };
  buttons: HTMLElement[] = [];
  readonly scroller: HTMLElement;
  readonly sight: HTMLElement;
  readonly cells: HTMLElement;
  readonly said: HTMLElement;
  private readonly sizer: HTMLElement;
  private readonly above: HTMLElement;
  private readonly beside: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  private readonly mark: HTMLElement;
  private readonly note: HTMLElement;
  private key: string;
  private headsOf: Model | null = null;
  /** The model that `detail` belongs to. */
  private detailOf: Model | null = null;
  private orders: Orders | null = null;
  private grouped = false;
  private below: number | null = null;

  constructor(chart: GridChart) {
    this.chart = chart;
    this.model = null;
    this.detail = null;
    this.blocks = null;
    this.pointed = null;
    this.waiting = true;
    this.key = ""; // of the heads
    const { element } = chart;
    this.scroller = part("correlation-scroller", element);
    this.sizer = part("correlation-sizer", this.scroller);
    this.sight = part("correlation-sight", this.sizer);
    this.above = part("correlation-heads", part("correlation-above", this.sight));
    this.beside = part("correlation-heads", part("correlation-beside", this.sight));
    this.cells = part("correlation-field", this.sight);
    this.canvas = document.createElement("canvas");
    this.cells.append(this.canvas);
    this.mark = part("correlation-mark", this.cells);
    this.said = part("correlation-said", element);
    this.said.setAttribute("role", "status");
    this.note = part("dt-soft correlation-note", element);
    this.describe();
    new CorrelationActs(this);
    // Beside the answer, not after it.
    fetchArrays(addressOf(chart.options.names)).catch(() => {});
  }

  private describe(): void {
    const { element, options } = this.chart;
    element.tabIndex = -1; // what scrolls has the focus
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "group");
    this.scroller.setAttribute("aria-roledescription", "grid chart");
    this.scroller.setAttribute(
      "aria-label",
      `${options.label}. Arrow keys move, Enter splits, space pins.`,
    );
  }

  receive(answer: GridAnswer): void {
    follow(this.chart, answer, (model) => {
      this.model = model;
      this.orders = null;
      this.waiting = false;
      this.askDetail(answer);
    });
  }

  /** Ask for the mini-sets before they are wanted, so that splitting needs no request. */
  private askDetail(answer: GridAnswer): void {
    const address = addressOf(this.chart.options.detail);
    fetchArrays<DetailAnswer & { meta: object }>(address).then(
      (detail) => {
        if (this.chart.data !== answer) return;
        this.detail = detailOf(detail);
        this.detailOf = this.model;
        this.chart.element.dataset.detail = "there";
        if (this.splits()) this.chart.invalidate();
      },
      (error) => this.chart.failed(error),
    );
  }

  /** Return whether any layer is split: nothing else shows mini-sets. */
  private splits(): boolean {
    const { split, splitlayers } = selectionStore.get();
    return ["rows", "both"].includes(split) || splitlayers.length > 0;
  }

  /** The mini-sets that belong to the model, or null while they are on their way. */
  get parts(): Detail | null {
    return this.detailOf === this.model ? this.detail : null;
  }

  selected(_: unknown, names: Set<string>): void {
    if (names.has("roworder") || names.has("columnorder")) this.orders = null;
    if (FIELDS.some((name) => names.has(name))) this.chart.invalidate();
  }

  draw(width: number): string {
    const { model } = this;
    if (!model) return "";
    const selection = selectionStore.get();
    this.note.textContent = (!model.meta.reason && model.meta.note) || "";
    this.scroller.hidden = Boolean(model.meta.reason);
    if (model.meta.reason) {
      document.getElementById(this.chart.options.legend)?.replaceChildren();
      this.blocks = null;
      return model.meta.message;
    }
    const blocks = this.arrange(model, width, selection);
    this.heads(model, blocks, selection);
    this.paint(model, blocks, selection);
    correlationPaint.legend(document.getElementById(this.chart.options.legend), model, selection);
    this.buttons.forEach((button) =>
      button.setAttribute(
        "aria-pressed",
        String(selection.split === "both" || selection.split === button.dataset.split),
      ),
    );
    const { k, m, top } = model.meta;
    this.chart.element.dataset.asked = `${k} ${m} ${top}`;
    return "";
  }

  /** Find out where everything lies, and set the sizes of the elements. */
  private arrange(model: Model, width: number, selection: Selection): Blocks {
    this.orders ??= {
      rows: rowOrder(model, selection.roworder),
      columns: columnOrder(model, selection.columnorder),
    };
    const most = Math.max(LEAST_HEIGHT, this.room() - BELOW);
    const side = width < NARROW ? SIDE.narrow : SIDE.wide;
    const room = { width: width - side - BAR, height: most - BAR };
    const blocks = correlationBlocks.build(
      model,
      this.parts,
      this.orders,
      selection,
      room,
      (columns) => correlationHeads.height(model, columns),
    );
    this.blocks = blocks;
    const { head } = blocks;
    this.grouped = side === SIDE.wide && selection.roworder === "network";
    const wide = blocks.width > room.width;
    const height = Math.min(most, head + blocks.height + (wide ? BAR : 0));
    this.view = {
      width: Math.min(blocks.width, room.width),
      height: Math.min(blocks.height, height - head - (wide ? BAR : 0)),
      left: 0,
      top: 0,
    };
    this.resize(blocks, side, height);
    return blocks;
  }

  private resize(blocks: Blocks, side: number, height: number): void {
    const { head } = blocks;
    const size = (element: HTMLElement, w: number, h: number) =>
      Object.assign(element.style, { width: `${w}px`, height: `${h}px` });
    this.scroller.style.height = `${height}px`;
    this.sight.style.setProperty("--head", `${head}px`);
    this.sight.style.setProperty("--side", `${side}px`);
    size(this.sizer, side + blocks.width, head + blocks.height);
    size(this.sight, side + this.view.width, head + this.view.height);
    size(this.cells, this.view.width, this.view.height);
    this.view.left = Math.min(this.scroller.scrollLeft, blocks.width - this.view.width);
    this.view.top = Math.min(this.scroller.scrollTop, blocks.height - this.view.height);
  }

  /** Return the height that the grid may take; asked once a drawing, since the page is laid out for it. */
  private room(): number {
    this.below ??= roomBelow(this.chart.element);
    return this.below;
  }

  /** Make the heads anew where something of them has changed, and move them with the cells. */
  private heads(model: Model, blocks: Blocks, selection: Selection): void {
    const { view } = this;
    const { roworder, classes, layers, pins, weight, split, splitlayers, splitclasses } = selection;
    // Those in sight and about: there may be thousands.
    const near = (at: number, length: number) => Math.floor(at / Math.max(1, length));
    const [across, down] = [near(view.left, view.width), near(view.top, view.height)];
    const key = JSON.stringify([
      across,
      down,
      roworder,
      classes,
      layers,
      pins,
      weight,
      split,
      splitlayers,
      splitclasses,
      selection.columnorder,
      view.width,
      view.height,
      this.grouped,
      Boolean(this.parts) && this.splits(),
    ]);
    if (key !== this.key || this.headsOf !== model) {
      this.key = key;
      this.headsOf = model;
      const chosen = { classes, layers, pins };
      const about = (from: number, length: number, at: number, shown: number) =>
        from + length > (at - 1) * shown && from < (at + 2) * shown + shown;
      const shown = {
        rows: blocks.rows.filter(({ top, height }) => about(top, height, down, view.height)),
        columns: blocks.columns.filter(({ left, width }) => about(left, width, across, view.width)),
      };
      const { rowHeads, columnHeads } = correlationHeads;
      this.beside.replaceChildren(...rowHeads(model, shown, { grouped: this.grouped, chosen }));
      this.above.replaceChildren(...columnHeads(model, shown, { chosen }));
    }
    this.sight.classList.toggle("correlation-grouped", this.grouped);
    this.above.style.transform = `translateX(${-view.left}px)`;
    this.beside.style.transform = `translateY(${-view.top}px)`;
  }

  private paint(model: Model, blocks: Blocks, selection: Selection): void {
    const { view, pointed } = this;
    const { context } = sizeCanvas(this.canvas, view.width, view.height);
    correlationPaint.paint(context, {
      model,
      detail: this.parts,
      blocks,
      selection,
      view,
      pointed,
    });
    this.below = null; // the controls above may wrap anew before the next drawing
    const cell = chosen(model, selection);
    const column = cell && blocks.columns.find(({ c }) => c === cell.c);
    const row = cell && blocks.rows.find(({ r }) => r === cell.r);
    this.mark.hidden = !column;
    if (!column || !row) return;
    Object.assign(this.mark.style, {
      width: `${Math.max(4, column.width)}px`,
      height: `${row.height}px`,
      transform: `translate(${column.left - view.left - 1}px, ${row.top - view.top - 1}px)`,
    });
  }

  annotationName(kind: Thing["kind"], id: number): string | undefined {
    if (kind !== "class" && kind !== "layer") return undefined;
    return this.model?.names[kind === "class" ? "classes" : "layers"][id];
  }

  destroy() {
    tooltip.hide();
  }
}

registerKind("correlationgrid", (chart) => new CorrelationGrid(chart));
