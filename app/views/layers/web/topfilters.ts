// The most changed filters: of the cursor's snapshot, of each pinned one, and those common to all
// pins; grouped by layer with counts, or as one list.
//
// Options: base ("/data/run/3"), group (of the time axis).

import {
  type Answer,
  addressOf,
  type Chart,
  type ChartKinds,
  type Handler,
  type Matrix,
  make,
  messageOf,
  nothing,
  numbers,
  Pieces,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import * as layerFilter from "./filterseries.ts";
import { layers, type Network } from "./network.ts";
import type { Floats, Integers } from "./types.ts";

type Options = ChartKinds["topfilters"];
/** The most changed filters of a snapshot, the most changed first. */
interface Top {
  layer: Integers;
  filter: Integers;
  value: Floats;
}
/** The same [T, k] of a block of snapshots, -1 where there are fewer: the route "top-filters". */
interface Block {
  layer: Matrix<Integers>;
  filter: Matrix<Integers>;
  value: Matrix<Floats>;
}
interface Entry {
  layer: number;
  filter: number;
  value: number;
}
interface Found {
  entries: Entry[];
  say: string;
}
/** Whose filters are shown: a pinned iteration's, or those. */
type Which = "cursor" | "common" | number;
type Tab = HTMLElement & { which: Which };
type Filters = Selection["filters"];

const BLOCK = 60; // snapshots of one answer
const REST = 100; // ms without a movement, until more is asked for
const FIELDS = ["cursor", "pins", "topquantity", "topsort", "top", "filters"];

class TopFilters implements Handler {
  declare private readonly chart: Chart<Options>;
  declare private readonly tabs: HTMLElement;
  declare private readonly note: HTMLElement;
  declare private readonly list: HTMLElement;
  declare private shown: Which;
  declare private readonly foreseen: Map<string, Set<number>>;
  declare private readonly answers: Pieces<Answer<object, Block>>;
  /** The timer of what is asked for when nothing moves. */
  declare private idle?: ReturnType<typeof setTimeout>;
  /** Whether anything was pinned before. */
  declare private pinsBefore?: boolean;
  // What the list was made for.
  declare private listed?: string;
  declare private listedOf?: Network;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.tabs = make("div", "layers-tabs");
    this.tabs.setAttribute("role", "tablist");
    this.note = make("div", "dt-soft");
    this.list = make("div", "layers-list");
    chart.element.append(this.tabs, this.note, this.list);
    this.shown = "cursor"; // or "common", or a pinned iteration
    this.foreseen = new Map(); // choice -> the blocks that were asked for ahead
    this.answers = new Pieces((error) => {
      if (error) this.note.textContent = messageOf(error);
      else chart.draw();
    }, 100);
    chart.ways.push(layers.subscribe(() => chart.invalidate()));
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("pointerdown", (event) => this.foresee(event));
  }

  destroy(): void {
    clearTimeout(this.idle);
  }

  selected(selection: Selection, names: Set<string>): void {
    if (names.has("pins") && selection.pins.length && !this.pinsBefore)
      this.shown = selection.pins[0];
    this.pinsBefore = selection.pins.length > 0;
    // At once, not in the next frame: the list follows the cursor.
    if (FIELDS.some((name) => names.has(name))) this.chart.draw();
  }

  /** Return {layer, filter, value} of a snapshot, or null while it is on its way. */
  private ask(iteration: number, selection: Selection): Top | null {
    const { axis } = this.chart;
    const column = axis.exactColumn(iteration);
    const first = column - (column % BLOCK);
    const block = this.block(first, selection);
    if (block) this.prefetch(first, selection);
    return block && this.rowOf(block, column - first);
  }

  /**
   * When nothing moves, ask for the blocks nearest to the cursor, one after the other, so that the
   * list follows it without asking; once for a choice, not with every version of a live run.
   */
  private prefetch(first: number, selection: Selection): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      const choice = `${selection.topquantity} ${selection.top}`;
      if (!this.foreseen.has(choice)) this.foreseen.set(choice, new Set());
      const done = this.foreseen.get(choice)!.add(first);
      const firsts = Array.from(
        { length: Math.ceil(this.chart.axis.columns / BLOCK) },
        (_, at) => at * BLOCK,
      );
      const next = firsts
        .filter((at) => !done.has(at))
        .sort((a, b) => Math.abs(a - first) - Math.abs(b - first))[0];
      if (next === undefined) return;
      done.add(next);
      // Its coming draws, which asks for the next.
      if (this.block(next, selection)) this.prefetch(first, selection);
    }, REST);
  }

  private rowOf({ layer, filter, value }: Block, row: number): Top {
    const width = layer.shape[1];
    const [from, to] = [row * width, (row + 1) * width];
    const none = layer.subarray(from, to).indexOf(-1);
    const after = none < 0 ? to : from + none;
    return {
      layer: layer.subarray(from, after),
      filter: filter.subarray(from, after),
      value: value.subarray(from, after),
    };
  }

  /** Return the answer for the snapshots from column `first` on, or null: the cursor runs over them unasked. */
  private block(first: number, { topquantity, top }: Selection): Block | null {
    const iterations = this.chart.axis.iterations.slice(first, first + BLOCK).join(",");
    const address = addressOf(
      `${this.chart.options.base}/top-filters?iteration=${iterations}&quantity=${topquantity}&k=${top}`,
    );
    return this.answers.of(address)?.arrays ?? null;
  }

  /** Return the snapshot's iteration that is nearest. */
  private snapshot(iteration: number | null): number {
    const { axis } = this.chart;
    const column = axis.columnOf(iteration);
    return axis.iterations[column < 0 ? axis.columns - 1 : column];
  }

  draw(): string {
    const { axis } = this.chart;
    const { network } = layers;
    if (!network) return "";
    if (!axis.columns) return nothing("snapshots");
    const selection = selectionStore.get();
    const pins = [...new Set(selection.pins.map((pin) => this.snapshot(pin)))];
    if (
      this.shown === "common"
        ? pins.length < 2
        : this.shown !== "cursor" && !pins.includes(this.shown)
    )
      this.shown = "cursor";
    const cursor = this.snapshot(selection.cursor);
    this.drawTabs(cursor, pins);
    const found =
      this.shown === "common"
        ? this.common(pins, selection)
        : this.one(this.shown === "cursor" ? cursor : this.shown, selection);
    if (!found) {
      this.chart.element.dataset.list = "loading";
      return "";
    }
    this.drawList(found, selection, network);
    this.chart.element.dataset.list = String(this.shown === "cursor" ? cursor : this.shown);
    return "";
  }

  private one(iteration: number, selection: Selection): Found | null {
    const answer = this.ask(iteration, selection);
    if (!answer) return null;
    const entries = Array.from(answer.layer, (layer, at) => ({
      layer,
      filter: answer.filter[at],
      value: answer.value[at],
    })).filter(({ value }) => value > 0); // a frozen filter has not changed
    return {
      entries,
      say: `${entries.length} most changed at iteration ${numbers.integer(iteration)}`,
    };
  }

  private common(pins: number[], selection: Selection): Found | null {
    const answers = pins.map((pin) => this.ask(pin, selection)) as Top[];
    if (answers.some((answer) => !answer)) return null;
    const seen = new Map<string, Entry & { times: number }>();
    answers.forEach((answer) =>
      answer.layer.forEach((layer, at) => {
        const key = `${layer}.${answer.filter[at]}`;
        const entry = seen.get(key) || { layer, filter: answer.filter[at], value: 0, times: 0 };
        entry.times += 1;
        entry.value = Math.max(entry.value, answer.value[at]);
        seen.set(key, entry);
      }),
    );
    const entries = [...seen.values()].filter(
      ({ times, value }) => times === pins.length && value > 0,
    );
    return {
      entries,
      say: `${entries.length} among the first ${selection.top} at all ${pins.length} pins; values are the largest`,
    };
  }

  private drawTabs(cursor: number, pins: number[]): void {
    const { integer } = numbers;
    const wanted: [which: Which, text: string][] = [
      ["cursor", `cursor ${integer(cursor)}`],
      ...pins.map((pin): [Which, string] => [pin, `pin ${integer(pin)}`]),
    ];
    if (pins.length > 1) wanted.push(["common", `common to ${pins.length}`]);
    while (this.tabs.children.length > wanted.length) this.tabs.lastChild!.remove();
    while (this.tabs.children.length < wanted.length) {
      const button = make("button", "layers-tab") as HTMLElement as Tab;
      button.setAttribute("role", "tab");
      button.addEventListener("click", () => {
        this.shown = button.which;
        this.chart.invalidate();
      });
      this.tabs.append(button);
    }
    wanted.forEach(([which, text], at) => {
      const button = this.tabs.children[at] as Tab;
      button.which = which;
      if (button.textContent !== text) button.textContent = text;
      button.setAttribute("aria-selected", String(which === this.shown));
    });
  }

  private drawList(
    { entries, say }: Found,
    { topsort, filters, topquantity }: Selection,
    network: Network,
  ): void {
    const key = JSON.stringify([say, topsort, topquantity, filters, entries.length]);
    if (this.listed === key && this.listedOf === network) return;
    this.listed = key;
    this.listedOf = network;
    this.note.textContent = entries.length ? say : `${say}. ${this.why(topquantity)}`;
    this.list.replaceChildren(
      ...(topsort === "value"
        ? this.flat(entries, network, filters)
        : this.grouped(entries, network, topsort, filters)),
    );
  }

  private why(quantity: string): string {
    return this.shown === "common"
      ? "Choose a larger number, or other pins."
      : quantity === "gradient_l2"
        ? "There is no gradient here."
        : "At the first snapshot, and while all is frozen, nothing has changed.";
  }

  private name(layer: number, network: Network): string {
    return network.name[network.nodeOfLayer.get(layer)!] ?? `layer ${layer}`;
  }

  private chip(entry: Entry, filters: Filters, words: string): HTMLElement {
    const button = make("button", "layers-chip", words);
    button.dataset.layer = String(entry.layer);
    button.dataset.filter = String(entry.filter);
    button.title = `filter ${entry.filter}: ${numbers.number(entry.value)}; click to open it`;
    const [layer, filter] = filters.at(-1) || [];
    button.setAttribute("aria-pressed", String(layer === entry.layer && filter === entry.filter));
    return button;
  }

  private flat(entries: Entry[], network: Network, filters: Filters): HTMLElement[] {
    const { number } = numbers;
    return [...entries]
      .sort((a, b) => b.value - a.value)
      .map((entry) => {
        const row = make("div", "layers-entry");
        row.append(
          this.chip(entry, filters, `${this.name(entry.layer, network)} · ${entry.filter}`),
          make("b", "", number(entry.value, 3)),
        );
        return row;
      });
  }

  private grouped(
    entries: Entry[],
    network: Network,
    sort: string,
    filters: Filters,
  ): HTMLElement[] {
    const groups = new Map<number, Entry[]>();
    for (const entry of entries)
      groups.set(entry.layer, [...(groups.get(entry.layer) || []), entry]);
    const order = [...groups.entries()].sort(
      ([a, first], [b, second]) => (sort === "count" ? second.length - first.length : 0) || a - b,
    );
    const most = Math.max(1, ...order.map(([, group]) => group.length));
    return order.map(([layer, group]) => {
      const section = make("section", "layers-group");
      const head = make("button", "layers-group-head");
      head.dataset.layer = String(layer);
      head.title = "Open all filters of this layer";
      const count = make("span", "layers-count", String(group.length));
      const bar = make("span", "layers-bar");
      bar.style.width = `${Math.max(3, (group.length / most) * 46)}px`;
      head.append(make("span", "layers-group-name", this.name(layer, network)), bar, count);
      const chips = make("div", "layers-chips");
      chips.append(
        ...group
          .sort((a, b) => b.value - a.value)
          .map((entry) => this.chip(entry, filters, String(entry.filter))),
      );
      section.append(head, chips);
      return section;
    });
  }

  private foresee(event: PointerEvent): void {
    const { layer, filter } =
      (event.target as Element).closest<HTMLElement>("[data-filter]")?.dataset ||
      ({} as DOMStringMap);
    if (filter !== undefined) layerFilter.foresee(this.chart.options.base, [layer, filter]);
  }

  private clicked(event: MouseEvent): void {
    const button = (event.target as Element).closest<HTMLElement>("[data-layer]");
    if (!button) return;
    const layer = Number(button.dataset.layer);
    const { filter } = button.dataset;
    selectionStore.set({
      layers: [layer],
      filters: filter === undefined ? [] : [[layer, Number(filter)]],
    });
  }
}

registerKind("topfilters", (chart) => new TopFilters(chart));
