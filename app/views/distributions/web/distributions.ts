// A small chart for each layer, block or stage: drawn, and asked for, when it comes in sight.
//
// Options: see app/components/chart_options/distributions.py. The answer is that of
// app/data/distributions.py nodes.

import {
  type Answer,
  addressOf,
  type Chart,
  type ChartKinds,
  fetched,
  type Handler,
  type Names,
  nothing,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import { Card, HEAD, HEIGHT, LARGE } from "./card.ts";
import { aheadOfPieces, PieceData } from "./data.ts";
import type { Level, NodeSpreads, NodesMeta, PieceMeta } from "./types.ts";
import * as words from "./words.ts";

const WIDTH = 290; // the least of a chart, where there is room for several
const GAP = 12;
const SEEN = 160; // pixels out of sight that are drawn already
const COLUMNS = 120; // snapshots of a small chart
const MANY = 400; // and of a large one
const FIELDS = [
  "distributionquantity",
  "distributionlevel",
  "distributionmode",
  "distributionscale",
  "distributionsearch",
  "distributionx",
  "ridges",
  "enlarged",
  "otherrun",
  "cursor",
];

type Options = ChartKinds["distributions"];
/** Where the charts lie: the nodes in their order, and the pixels of a small one. */
interface Grid {
  nodes: number[];
  across: number;
  width: number;
  large: number | null;
}

/** Return the places of the nodes in whose names every word of a search occurs. */
export function found({ name }: Pick<Level, "name">, search: string): number[] {
  const asked = search.toLowerCase().split(/\s+/).filter(Boolean);
  return [...name.keys()].filter((node) => {
    const own = words.nameOf(name[node]).toLowerCase();
    return asked.every((word) => own.includes(word));
  });
}

class Distributions implements Handler {
  declare private readonly chart: Chart<Options>;
  declare private readonly grid: HTMLElement;
  declare private readonly data: PieceData;
  declare private readonly scrolled: () => void;
  declare private readonly cards: Map<string, Card>;
  declare private meta?: NodesMeta;
  /** What was in sight when it was drawn last. */
  declare private seen: string;
  declare waiting: boolean;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.cards = new Map();
    this.seen = "";
    this.grid = document.createElement("div");
    this.grid.className = "distributions-grid";
    chart.element.append(this.grid);
    chart.element.tabIndex = 0;
    chart.element.setAttribute("role", "group");
    chart.element.setAttribute("aria-label", chart.options.label);
    chart.element.addEventListener("keydown", (event) => this.key(event));
    this.data = new PieceData(chart.options, (error) =>
      error ? chart.failed(error) : chart.invalidate(),
    );
    this.scrolled = () => {
      if (this.meta && this.sight() !== this.seen) chart.invalidate();
    };
    addEventListener("scroll", this.scrolled, { capture: true, passive: true });
    addEventListener("resize", this.scrolled);
  }

  destroy(): void {
    removeEventListener("scroll", this.scrolled, { capture: true });
    removeEventListener("resize", this.scrolled);
  }

  receive({ meta }: Answer<NodesMeta>): void {
    this.meta = meta;
  }

  selected(_selection: Selection, names: Names): void {
    // What failed is asked again: another choice may be one that is there.
    if (FIELDS.some((name) => names.has(name))) this.chart.refresh();
  }

  draw(width: number): string {
    this.waiting = true;
    if (!this.meta) return "";
    const selection = this.known(selectionStore.get());
    const problem = this.problem(selection);
    if (problem) {
      this.waiting = false;
      this.grid.replaceChildren();
      this.tell(selection, [], 0);
      return problem;
    }
    const nodes = found(
      this.meta.levels[selection.distributionlevel],
      selection.distributionsearch,
    );
    const grid = this.layOut(selection, nodes, width);
    const [from, to] = this.range(grid);
    this.seen = this.sight(grid);
    const drawn = grid.nodes.slice(from, to).map((node) => this.drawCard(selection, node, grid));
    this.waiting = drawn.some((spreads) => !spreads?.fresh);
    this.tell(selection, drawn, nodes.length);
    this.chart.element.dataset.shown = selection.distributionmode;
    if (nodes.length) return "";
    return `Nothing here has a name with “${selection.distributionsearch.trim()}”. Every word must occur in it.`;
  }

  /** Return a selection whose choices are known here: an address may say anything. */
  private known(selection: Selection): Selection {
    const { levels } = this.meta!;
    const quantities = Object.keys(this.chart.options.missed);
    const { distributionlevel: level, distributionquantity: quantity } = selection;
    return {
      ...selection,
      distributionlevel: level in levels ? level : "layer",
      distributionquantity: quantities.includes(quantity) ? quantity : "weight",
    };
  }

  private problem({ distributionquantity: quantity }: Selection): string {
    const { lacks, quantities } = this.meta!;
    const { missed } = this.chart.options;
    if (!this.chart.axis.columns) return nothing("charts");
    const there = quantities.includes(quantity) && !(quantity in lacks) && !("histogram" in lacks);
    return there ? "" : missed[quantity];
  }

  // Places ------------------------------------------------------------------------------------

  /** Put the cards of the nodes into the grid, the enlarged one first. */
  private layOut(selection: Selection, nodes: number[], room: number): Grid {
    const most = Math.max(1, Math.floor((room + GAP) / (WIDTH + GAP)));
    const across = Math.min(most, Math.max(1, nodes.length));
    const width = Math.floor((room - (across - 1) * GAP) / across);
    const { enlarged } = selection;
    const alone = nodes.length === 1; // the network, or the one that was found
    const chosen = enlarged !== null && nodes.includes(enlarged) ? enlarged : null;
    const large = alone ? nodes[0] : chosen;
    const order = large === null ? nodes : [large, ...nodes.filter((node) => node !== large)];
    const grid = { nodes: order, across, width, large };
    const cards = order.map((node) => {
      const card = this.cardOf(selection, node);
      card.size(node === large ? room : width, node === large, alone);
      return card.element;
    });
    if (
      cards.length !== this.grid.children.length ||
      cards.some((one, at) => one !== this.grid.children[at])
    )
      this.grid.replaceChildren(...cards);
    this.grid.style.gridTemplateColumns = `repeat(${across}, ${width}px)`;
    this.laid = grid;
    return grid;
  }
  declare private laid?: Grid;

  private cardOf(selection: Selection, node: number): Card {
    const level = selection.distributionlevel;
    const { layers, name, parameters } = this.meta!.levels[level];
    const key = `${level} ${node} ${name[node]}`;
    let card = this.cards.get(key);
    if (!card) {
      card = new Card(node, name[node], words.sizeOf(parameters[node], layers[node]));
      this.cards.set(key, card);
    }
    return card;
  }

  /** Return the cards [from, to) that are in sight, or nearly. */
  private range({ across, large, nodes }: Grid): [from: number, to: number] {
    const pane = this.chart.element.closest(".workspace-body")?.getBoundingClientRect();
    const above = this.grid.getBoundingClientRect().top;
    const [top, bottom] = [
      (pane?.top ?? 0) - above - SEEN,
      (pane?.bottom ?? innerHeight) - above + SEEN,
    ];
    const row = HEIGHT + HEAD + GAP;
    const lead = large === null ? 0 : LARGE + HEAD + GAP;
    const first = large === null ? 0 : 1;
    const placeAt = (y: number) => first + Math.max(0, Math.floor((y - lead) / row)) * across;
    const from = lead && top < lead ? 0 : placeAt(top);
    const to = bottom < lead ? first : placeAt(bottom) + across;
    return [Math.min(from, nodes.length), Math.min(to, nodes.length)];
  }

  private sight(grid = this.laid): string {
    return grid ? this.range(grid).join(" ") : "";
  }

  // Drawing -----------------------------------------------------------------------------------

  private drawCard(selection: Selection, node: number, grid: Grid): NodeSpreads | null {
    const large = node === grid.large;
    const spreads = this.data.of(selection, node, this.meta!.piece, large ? MANY : COLUMNS);
    const width = large ? grid.across * (grid.width + GAP) - GAP : grid.width;
    this.cardOf(selection, node).draw({
      selection,
      meta: this.meta!,
      spreads,
      names: this.names(selection, spreads?.meta ?? null),
      width,
      large,
    });
    return spreads;
  }

  /** Return the names of this run and of the second one, where it has come. */
  private names(selection: Selection, piece: PieceMeta | null): [string, string | null] {
    const { name, run } = this.chart.options;
    if (!piece?.names) return [name, null];
    const [own, other] = piece.names;
    // Runs of one name are told apart by their numbers.
    if (own !== other) return [own, other];
    return [`${own} (run ${run})`, `${other} (run ${selection.otherrun})`];
  }

  private tell(selection: Selection, drawn: (NodeSpreads | null)[], shown: number): void {
    const { options } = this.chart;
    const meta = this.meta!;
    const piece: PieceMeta | null = drawn.find(Boolean)?.meta ?? null;
    const odd = drawn.some((spreads) => spreads?.own.odd.some(Boolean));
    const names = this.names(selection, piece);
    const unknown =
      drawn.some((spreads) => spreads && spreads.own.over !== selection.distributionx) &&
      selection.distributionx !== "iteration";
    const told = { meta, selection, shown, piece, names, odd, unknown };
    const count = document.getElementById(options.count);
    const said = shown ? words.count(told) : "";
    if (count && count.textContent !== said) count.textContent = said;
    const key = document.getElementById(options.key);
    if (key && shown) words.key(key, told);
    else key?.replaceChildren();
  }

  private key(event: KeyboardEvent): void {
    const { axis } = this.chart;
    const step = ({ ArrowLeft: -1, ArrowRight: 1 } as Record<string, number | undefined>)[
      event.key
    ];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") selectionStore.set({ enlarged: null });
    else if (step && axis.columns) {
      const now = axis.columnOf(selectionStore.get().cursor);
      const next = now < 0 ? (step > 0 ? 0 : axis.columns - 1) : now + step;
      const kept = Math.min(Math.max(next, 0), axis.columns - 1);
      selectionStore.set({ cursor: axis.iterations[kept] });
    } else return;
    event.preventDefault();
  }
}

/** Return the templates of the nodes and of the pieces whose cards are in sight first. */
function ahead(options: Options, selection: Selection): string[] {
  const { distributionlevel: level } = selection;
  const nodes = fetched<Answer<NodesMeta>>(addressOf(options.url))?.meta;
  const count = nodes?.levels[level]?.name.length ?? 0;
  const pieces = nodes && count > nodes.piece ? 2 : 1;
  return [options.url, ...aheadOfPieces(options, selection, pieces, COLUMNS)];
}

registerKind("distributions", (chart) => new Distributions(chart), ahead);
