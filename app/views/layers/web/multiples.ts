// Hierarchical small multiples: one chart for every node of the network in sight, beside the tree,
// on the shared time axis. One canvas shows the rows in sight and is drawn again on scrolling.
//
// Options: url (layer-tree), base ("/data/run/3"), piece (nodes of one answer), key (id of the element that explains), count
// (id of the element that says how many layers have converged), group.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  chartRegistry,
  colours,
  type Handler,
  keyTable,
  type MarksPlace,
  nothing,
  type Place,
  type PlacedRow,
  PlotArea,
  type Rows,
  registerKind,
  roomOf,
  type Selection,
  selectionStore,
  setGutter,
  sizeCanvas,
  type Thing,
  tooltip,
} from "#app/web/index.ts";
import * as layersControls from "./controls.ts";
import { LargeBar } from "./largebar.ts";
import { layers, Network } from "./network.ts";
import { aheadOfNodes, NodeData } from "./nodes.ts";
import * as layerRows from "./rows.ts";
import * as layerScale from "./scale.ts";
import { NetworkRows } from "./tree.ts";
import type { Frame, NodeValues, Scale, Seen, Span, TreeMeta } from "./types.ts";
import * as layerWords from "./words.ts";

const LABELS = 62; // between tree and plots, for the ends of the scales
const HEIGHTS: Partial<Record<string, number>> = { small: 18, medium: 36, large: 84 };
const LEAST = 15; // height of a row with a readable name
const MOST = 56;
const LARGE = 0.62; // of the window: the height of a chart that is shown large
const PAD = 1.5;
type Options = ChartKinds["multiples"];
/** What is in sight: places [from, to) of the rows, `seen` pixels of them. */
interface View {
  rows: number[];
  /** Of a row. */
  height: number;
  /** Pixels above what is in sight. */
  scroll: number;
  from: number;
  to: number;
  seen: number;
}
/** A row in sight; without data where they have not come. */
interface Shown {
  node: number;
  data: NodeValues | null;
}

const FIELDS = [
  "measure",
  "statistic",
  "encoding",
  "scale",
  "same",
  "height",
  "level",
  "toggled",
  "search",
  "sort",
  "nodes",
  "layers",
  "limit",
  "limitof",
  "layerlarge",
];

const NARROW = 760; // below, the tree shows names and when they settle
const NARROWEST = 480; // below, names only: the charts need the room (see layers.css)
/** The width of the tree: that of the rows decides, which in the workspace is not the window's. */
function treeWidth() {
  const room = document.getElementById("layers-multiples");
  const width = (room && chartRegistry.of(room)?.width) || innerWidth - 350;
  if (width < NARROWEST) return 132;
  return width < NARROW ? Math.round(width * 0.38) : width < 1150 ? 396 : 470;
}
setGutter("layers", {
  get left() {
    return treeWidth() + LABELS;
  },
  right: 22,
});

const make = (kind: string, parent: HTMLElement): HTMLElement => {
  const made = document.createElement("div");
  made.className = kind;
  parent.append(made);
  return made;
};

class Multiples implements Handler {
  declare private readonly chart: Chart<Options>;
  declare readonly sticky: HTMLElement;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  declare private readonly bar: LargeBar;
  declare private readonly mark: HTMLElement;
  declare private readonly tree: NetworkRows;
  declare private readonly nodes: NodeData;
  declare private readonly resized: () => void;
  declare private network?: Network;
  declare private meta: TreeMeta;
  declare private view: View;
  declare waiting: boolean;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    const { element } = chart;
    element.classList.add("layers-multiples");
    this.sticky = make("layers-sticky", element);
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    this.sticky.append(this.canvas);
    this.area = new PlotArea(chart, {
      hover: (_x: number, y: number, event: PointerEvent, column: number) =>
        this.hover(y, event, column),
      leave: () => this.point(null),
      row: (step: number) => this.tree.move(step),
    });
    // Before the tree and the plot, for which these keys mean something else.
    element.addEventListener("keydown", (event) => this.largeKey(event), { capture: true });
    this.sticky.append(this.area.element);
    this.mark = make("layers-rowmark", element);
    this.tree = new NetworkRows(element, element.id, {
      open: (node) => this.open(node),
      toggle: (node) => this.toggle(node),
      compare: (node) => selectionStore.toggle("nodes", node),
      enlarge: (node) => this.enlarge(node === this.large ? null : node),
      reveal: (at) => this.reveal(at),
      point: (node) => this.point(node),
    });
    this.bar = new LargeBar(element, {
      step: (by) => this.stepLarge(by),
      close: () => this.enlarge(null),
    });
    this.nodes = new NodeData(chart.options.base, chart.options.piece, (error) => this.came(error));
    element.addEventListener("scroll", () => chart.invalidate(), { passive: true });
    this.resized = () => chart.invalidate();
    addEventListener("resize", this.resized);
  }

  destroy(): void {
    removeEventListener("resize", this.resized);
    this.nodes.destroy();
  }

  receive({ meta }: Answer<TreeMeta>): void {
    this.network = new Network(meta.nodes);
    this.meta = meta;
    this.nodes.receive(meta);
    layers.network = this.network;
    layers.announce();
  }

  private came(error: unknown): void {
    if (error) this.chart.failed(error);
    else this.chart.invalidate();
  }

  selected(selection: Selection, names: Set<string>): void {
    if (FIELDS.some((name) => names.has(name))) this.chart.invalidate();
    if (names.has("row")) this.showRow(selection.row);
  }

  // Drawing -----------------------------------------------------------------------------------

  private heightOf(selection: Selection, rows: number, whole: number): number {
    if (HEIGHTS[selection.height]) return HEIGHTS[selection.height]!;
    const room = whole * 0.66;
    if (selection.height === "fit") return Math.max(9, Math.floor(room / rows));
    return Math.min(MOST, Math.max(LEAST, Math.floor(room / rows)));
  }

  draw(): string {
    this.waiting = true;
    if (!this.network) return "";
    const { axis, element } = this.chart;
    const selection = selectionStore.get();
    // Measured before anything is written: else the page is laid out again for each question.
    const { offsetWidth, scrollTop } = element;
    const room = roomOf(element);
    const tree = treeWidth();
    layersControls.show(selection);
    // Before the rows, which say it: where it has come already they are drawn once.
    if (axis.columns) this.nodes.askSettled(selection);
    this.look(selection, { room, scrollTop, tree });
    const { rows, seen } = this.view;
    const place = axis.place(offsetWidth);
    const { context, ratio } = sizeCanvas(this.canvas, offsetWidth, seen);
    const plot = { left: place.left, top: 0, width: axis.columns ? place.width : 0, height: seen };
    this.area.place(plot);
    this.waiting = false;
    if (!axis.columns) return nothing("charts");
    if (!rows.length) return "";
    this.drawRows(context, ratio, selection, plot);
    this.showRow(selection.row);
    return "";
  }

  /** Find which rows are in sight, and show their part of the tree. */
  private look(
    selection: Selection,
    { room, scrollTop, tree }: { room: number; scrollTop: number; tree: number },
  ): void {
    const { element } = this.chart;
    const all = this.network!.visible(selection, this.nodes.keys(selection, this.network!));
    const { large } = this;
    const rows = large === null ? all : [large];
    const height =
      large === null
        ? this.heightOf(selection, Math.max(1, rows.length), room)
        : Math.round(room * LARGE);
    element.classList.toggle("layers-one", large !== null);
    this.bar.show(large === null ? null : [all.indexOf(large), all.length]);
    const seen = Math.min(rows.length * height, Math.max(240, Math.round(room * 0.72)));
    element.style.height = `${Math.max(seen, height)}px`;
    const page = element.closest<HTMLElement>(".layers")!;
    page.style.setProperty("--tree", `${tree}px`);
    page.dataset.narrow = String(tree < 396);
    const scroll = Math.min(scrollTop, Math.max(0, rows.length * height - seen));
    const from = Math.max(0, Math.floor(scroll / height));
    const to = Math.min(rows.length, Math.ceil((scroll + seen) / height));
    this.view = { rows, height, scroll, from, to, seen };
    this.tree.show(this.network!, rows, {
      from: Math.max(0, from - 2),
      to: Math.min(rows.length, to + 2),
      height,
      state: { selection, settled: this.nodes.settled },
    });
  }

  /** Return [{node, data}] of the rows in sight. */
  private inSight(selection: Selection): Shown[] {
    const { rows, from, to } = this.view;
    return rows.slice(from, to).map((node) => ({ node, data: this.nodes.of(selection, node) }));
  }

  private wholeScale(
    selection: Selection,
    shown: Shown[],
    frame: Frame | null,
  ): Scale | Span | null {
    const known = shown.map(({ data }) => data).filter(Boolean) as NodeValues[];
    return layerRows.wholeScale(selection, known, frame);
  }

  private drawRows(
    context: CanvasRenderingContext2D,
    ratio: number,
    selection: Selection,
    plot: Place,
  ): void {
    const { from, height, scroll } = this.view;
    const frame = layerScale.frameOf(this.chart, plot.width);
    const shown = this.inSight(selection);
    this.waiting = shown.some(({ data }) => !data?.fresh);
    const whole = selection.same ? this.wholeScale(selection, shown, frame) : null;
    const seen = { odd: 0, missing: false };
    shown.forEach(({ node, data }, at) => {
      const top = (from + at) * height - scroll + PAD;
      const place = { left: plot.left, top, width: plot.width, height: height - 2 * PAD };
      context.fillStyle = colours.theme("--dt-panel");
      context.fillRect(place.left, place.top, place.width, place.height);
      if (!data) return;
      const row = {
        data,
        place,
        frame,
        whole,
        ratio,
        axis: this.chart.axis,
        edges: this.meta.edges,
        lacks: this.meta.lacks ?? {},
        holds: this.network!.holds(node),
        settled: this.nodes.settled?.[node] ?? null,
      };
      layerRows.draw(context, selection, row, seen);
    });
    this.explain(selection, whole, seen);
    if (this.waiting) return;
    this.chart.element.dataset.shown = [
      selection.measure,
      selection.statistic,
      selection.encoding,
    ].join(" ");
    this.nodes.prefetch(
      selection,
      shown.map(({ node }) => node),
    );
  }

  private explain(selection: Selection, scale: Scale | Span | null, seen: Seen): void {
    const { options } = this.chart;
    const holder = document.getElementById(options.key);
    const ends = selection.same ? layerRows.ends(selection, scale, this.meta.edges) : null;
    if (holder)
      layerWords.explain(holder, {
        selection,
        ends,
        kind: (scale as Scale | null)?.kind,
        seen,
        meta: this.meta,
      });
    const count = document.getElementById(options.count);
    if (count) layerWords.count(count, this.network!, this.nodes.settled, this.meta.lacks?.update);
  }

  // Acting ------------------------------------------------------------------------------------

  private open(node: number): void {
    const layer = this.network!.layer[node];
    const opens = !selectionStore.get().layers.includes(layer);
    layers.sought = opens ? layer : null;
    selectionStore.set({ layers: opens ? [layer] : [], filters: [] });
  }

  /** The node whose chart is shown large; null: all are shown, or the address names none of them. */
  get large(): number | null {
    const { layerlarge } = selectionStore.get();
    const there = layerlarge !== null && this.network && layerlarge < this.network.count;
    return there ? layerlarge : null;
  }

  private enlarge(node: number | null): void {
    selectionStore.set({ layerlarge: node });
    this.chart.element.focus({ preventScroll: true });
  }

  /** Show the next chart large, in the order of the rows. */
  stepLarge(by: number): void {
    const selection = selectionStore.get();
    const all = this.network!.visible(selection, this.nodes.keys(selection, this.network!));
    const next = all[all.indexOf(this.large ?? -1) + by];
    if (next !== undefined) selectionStore.set({ layerlarge: next });
  }

  closeLarge(): void {
    this.enlarge(null);
  }

  private largeKey(event: KeyboardEvent): void {
    if (this.large === null || !pressed(this, event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private toggle(node: number): void {
    const { search } = selectionStore.get();
    if (!search.trim()) selectionStore.toggle("toggled", node);
  }

  private reveal(at: number): void {
    const { element } = this.chart;
    const { height, seen } = this.view;
    if (at * height < element.scrollTop) element.scrollTop = at * height;
    else if ((at + 1) * height > element.scrollTop + seen)
      element.scrollTop = (at + 1) * height - seen;
  }

  private point(node: number | null): void {
    selectionStore.point({
      row: node === null ? null : { chart: this.chart.element.id, index: node },
    });
  }

  private showRow(row: Selection["row"]): void {
    const at =
      row && row.chart === this.chart.element.id && this.view
        ? this.view.rows.indexOf(row.index)
        : -1;
    this.mark.hidden = at < 0;
    if (at < 0) return;
    this.mark.style.height = `${this.view.height}px`;
    this.mark.style.transform = `translateY(${at * this.view.height}px)`;
  }

  private hover(y: number, event: PointerEvent, column: number): void {
    const { rows, height, scroll } = this.view;
    const node = rows[Math.floor((y + scroll) / height)];
    if (node === undefined) return;
    this.point(node);
    const selection = selectionStore.get();
    const data = this.nodes.of(selection, node);
    if (!data) return;
    const { edges, thresholds, decades } = this.meta;
    const lines = layerWords.lines({
      selection,
      data,
      at: this.own(column),
      iteration: this.chart.axis.iterations[column],
      settled: this.nodes.settled?.[node],
      share: 1 - ((y + scroll) % height) / height,
      span: selection.encoding === "histogram" && this.binsOf(selection, data),
      edges,
      thresholds,
      decades,
    });
    tooltip.show(event.clientX, event.clientY, this.labels[node], lines);
  }

  private binsOf(selection: Selection, data: NodeValues): Span | null {
    if (!selection.same) return layerRows.spanOf(data);
    return this.wholeScale(selection, this.inSight(selection), null) as Span | null;
  }

  /** Return the place in our arrays of a column of the axis. */
  private own(column: number): number {
    const own = this.chart.axis.match(this.chart.data!.arrays.iteration!);
    return own ? own[column] : column;
  }

  // What annotations ask for ------------------------------------------------------------------

  annotationThing(event: MouseEvent | null): Thing | null {
    if (!this.view || !this.network) return null;
    const { rows, height, scroll } = this.view;
    const top = this.chart.element.getBoundingClientRect().top;
    const node = event
      ? rows[Math.floor((event.clientY - top + scroll) / height)]
      : this.tree.active;
    const layer = node === undefined ? -1 : this.network.layer[node];
    return layer >= 0 ? { kind: "layer", id: layer, name: this.network.name[node!] } : null;
  }

  annotationName(kind: Thing["kind"], id: number): string | undefined {
    const node = kind === "layer" ? this.network?.nodeOfLayer.get(id) : undefined;
    return node === undefined ? undefined : this.network!.name[node];
  }

  annotationRows(kind: Thing["kind"]): PlacedRow[] {
    const { network, view } = this;
    if (kind !== "layer" || !view || !network) return [];
    const { rows, from, to, height, scroll } = view;
    return rows
      .slice(from, to)
      .map((node, at) => [
        String(network.layer[node]),
        { top: (from + at) * height - scroll, height },
      ]);
  }

  annotationPlace(): MarksPlace {
    const { left, width } = this.chart.axis.place(this.chart.element.offsetWidth);
    return { x: left + width + 2, narrow: false, host: this.sticky };
  }

  // What the read-out asks for ----------------------------------------------------------------

  readable(): Rows | null {
    return this.network ? this : null;
  }
  get rows(): number {
    return this.network?.count || 0;
  }
  get labels(): string[] {
    return this.network!.name.map((name) => name || "the whole network");
  }
  get format() {
    return layerWords.format(selectionStore.get());
  }

  valueAt(node: number, column: number): number {
    return this.nodes.of(selectionStore.get(), node)?.value?.[this.own(column)] ?? NaN;
  }
}

const pressed = keyTable<Multiples>(
  { title: "On a chart of a layer that is shown large", within: ".layers-one" },
  [
    {
      keys: ["ArrowUp", "ArrowDown"],
      says: "show the chart above or below large",
      act: (charts, _event, key) => charts.stepLarge(key === "ArrowUp" ? -1 : 1),
    },
    { keys: ["Escape"], says: "show all charts again", act: (charts) => charts.closeLarge() },
  ],
);

registerKind("multiples", (chart) => new Multiples(chart), aheadOfNodes);
