// The network as a graph that is laid out by the server: coloured by a statistic at the cursor,
// moved and zoomed; a click chooses a layer, two open it in the layer view.
//
// Options: url (network-graph), base ("/data/run/3"), page (of the layer view), facts, legend, list
// (ids of what says how large it is, what the colours mean, and the same as a list).

import {
  type Answer,
  type Chart,
  type ChartKinds,
  colours,
  type Handler,
  make,
  numbers,
  registerKind,
  roomOf,
  type Selection,
  selectionStore,
  sizeCanvas,
  type Thing,
  tooltip,
  visit,
} from "#app/web/index.ts";
import { Graph } from "./graph.ts";
import { Input } from "./input.ts";
import * as list from "./list.ts";
import { paint } from "./paint.ts";
import type { GraphArrays, GraphMeta } from "./types.ts";
import { aheadOfGraph, Values } from "./values.ts";
import { Viewport } from "./viewport.ts";
import * as words from "./words.ts";

const HEIGHT = 0.7; // of the room
const LEAST = 320;
const AROUND = 20; // pixels around a drawing that needs less than the room

class NetworkGraph implements Handler {
  readonly chart: Chart<ChartKinds["networkgraph"]>;
  readonly canvas: HTMLCanvasElement;
  graph: Graph | null = null;
  view = new Viewport(1, 1);
  waiting = true;
  /** The node under the pointer, or marked by the keyboard. */
  pointed: number | null = null;
  private readonly values: Values;
  private readonly said: HTMLElement;
  private readonly input: Input;
  private searched = "";
  /** The group that was turned over last, and where it was on the screen. */
  private turned: { group: number; x: number; y: number; marks: boolean } | null = null;

  constructor(chart: Chart<ChartKinds["networkgraph"]>) {
    this.chart = chart;
    this.canvas = make("canvas", "dt-canvas");
    this.said = make("div", "visually-hidden");
    this.said.setAttribute("role", "status");
    chart.element.append(this.canvas, this.said);
    this.values = new Values(chart.options.base, (error) =>
      error ? chart.failed(error) : chart.invalidate(),
    );
    this.input = new Input(this);
    // What holds both: the list need not be there yet.
    chart.element.closest("section")?.addEventListener("toggle", this.toggled, true);
  }

  private readonly toggled = () => this.chart.invalidate();

  private get listHolder(): HTMLElement | null {
    return document.getElementById(this.chart.options.list);
  }

  destroy(): void {
    this.input.destroy();
    tooltip.hide();
  }

  receive(answer: Answer<GraphMeta, GraphArrays>): void {
    const marked = this.graph && this.pointed !== null ? this.graph.nodes.name[this.pointed] : "";
    const graph = new Graph(answer);
    this.graph = graph;
    // Where the pointer is may be something else now.
    tooltip.hide();
    this.view.replace(...answer.meta.size);
    const at = marked ? graph.nodes.name.indexOf(marked) : -1;
    this.pointed = at < 0 ? null : at;
    this.follow(graph);
    const facts = document.getElementById(this.chart.options.facts);
    if (facts) facts.textContent = words.facts(this.graph);
  }

  /** What was folded or unfolded stays where it was, and marked where it was marked. */
  private follow(graph: Graph): void {
    const { turned } = this;
    this.turned = null;
    const within = turned ? graph.within(turned.group) : [];
    if (!turned || !within.length) return;
    if (this.view.own) this.view.put(graph.around(within), turned.x, turned.y);
    if (turned.marks) this.point(within[0]);
  }

  draw(width: number): string {
    const { graph } = this;
    this.waiting = true;
    if (!graph) return "";
    const selection = selectionStore.get();
    this.waiting = !this.values.ask(selection);
    if (!graph.count) return "No layer of this run is recorded.";
    const height = this.heightFor(graph, width);
    this.view.resize(width, height);
    const found = this.search(graph, selection);
    const { context } = sizeCanvas(this.canvas, width, height);
    const scale = this.waiting ? null : this.values.scale(selection);
    paint(context, graph, {
      view: this.view,
      width,
      height,
      scale,
      value: (node) => this.valueOf(selection, node),
      found,
      chosen: this.chosen(graph, selection),
      pointed: this.pointed,
    });
    this.tellLevels(graph, selection);
    this.explain(selection);
    this.tellList(graph, selection);
    return "";
  }

  /** Return the height of the canvas: no more than the whole needs, or than the room. */
  private heightFor({ meta }: Graph, width: number): number {
    const [wide, high] = meta.size;
    const needed = high * Math.min(1, width / wide) + 2 * AROUND;
    const most = roomOf(this.chart.element) * HEIGHT;
    return Math.round(Math.max(LEAST, Math.min(needed, most)));
  }

  /** Return what a search finds; what somebody has just found comes into sight. */
  private search(graph: Graph, { networksearch }: Selection): Set<number> | null {
    const found = graph.found(networksearch);
    if (networksearch !== this.searched) {
      this.searched = networksearch;
      if (found?.size) {
        this.view.show(graph.around(found));
        this.view.own = true;
      } else if (!found) this.view.fit();
    }
    return found;
  }

  private chosen({ nodes }: Graph, { layers }: Selection): Set<number> {
    const own = new Set(layers);
    return new Set(
      nodes.layers.flatMap((ids, node) => (ids.some((id) => own.has(id)) ? node : [])),
    );
  }

  private valueOf({ cursor, networkof }: Selection, node: number): number {
    const { axis } = this.chart;
    const column = cursor === null ? axis.columns - 1 : axis.columnOf(cursor);
    const own = axis.match(this.graph!.arrays.iteration);
    const layers = this.graph!.nodes.layers[node];
    const shown = this.graph!.isFolded(node) ? layers : layers.slice(0, 1);
    return this.values.of(shown, own ? own[column] : column, networkof);
  }

  private explain(selection: Selection): void {
    const { element, options } = this.chart;
    const page = element.closest<HTMLElement>(".network");
    if (page) {
      page.dataset.measure = selection.measure;
      page.dataset.folded = String(this.hasFolded);
    }
    const holder = document.getElementById(options.legend);
    if (!holder || this.waiting) return;
    const scale = this.values.scale(selection);
    colours.legend(holder, scale, { format: words.format(selection), missing: true });
    const folded = this.hasFolded ? `; folded: ${words.ofFolded(selection)}` : "";
    const said = `${words.subject(selection)}, ${this.when()}${folded}`;
    holder.prepend(make("span", "dt-legend-end", said));
    element.dataset.shown = `${selection.measure} ${selection.statistic}`;
  }

  private get hasFolded(): boolean {
    return this.graph?.nodes.kind.includes("folded") ?? false;
  }

  /** Show how far the network is open; where nothing can be folded there is nothing to choose. */
  private tellLevels({ meta }: Graph, { networktoggled: turned = [] }: Selection): void {
    const panel = this.chart.element.closest(".dt-panel");
    for (const button of panel?.querySelectorAll<HTMLElement>("[data-opento]") ?? []) {
      const now = Number(button.dataset.opento) === meta.level && !turned.length;
      button.setAttribute("aria-pressed", String(now));
      button.parentElement!.hidden = !meta.groups.name.length;
    }
  }

  /** Return which snapshot the colours are of. */
  private when(): string {
    const { axis } = this.chart;
    const { cursor } = selectionStore.get();
    const column = cursor === null ? axis.columns - 1 : axis.columnOf(cursor);
    return column < 0 ? "no snapshot" : `iteration ${numbers.integer(axis.iterations[column])}`;
  }

  private tellList(graph: Graph, selection: Selection): void {
    const holder = this.listHolder;
    if (!holder?.closest("details")?.open) return;
    list.fill(holder, graph, {
      subject: words.subject(selection),
      value: (node) => this.words(selection, node),
      choose: (node) => this.choose(node),
      turn: (group) => this.turn(group),
      chosen: this.chosen(graph, selection),
    });
  }

  private words(selection: Selection, node: number): string {
    return numbers.as(words.format(selection), this.valueOf(selection, node));
  }

  /** Mark a node: its edges are drawn strong, and it is told. */
  point(node: number | null, event: PointerEvent | null = null): void {
    const { graph } = this;
    if (node !== this.pointed) {
      this.pointed = node;
      this.chart.invalidate();
    }
    if (node === null || !graph) {
      tooltip.hide();
      return;
    }
    const selection = selectionStore.get();
    const folded = graph.isFolded(node) ? `, ${words.ofFolded(selection)}` : "";
    const subject = `${words.subject(selection)}${folded}`;
    const lines = words.lines(graph, node, subject, this.words(selection, node));
    const title = words.title(graph, node);
    if (event) tooltip.show(event.clientX, event.clientY, title, lines);
    else {
      tooltip.hide();
      this.said.textContent = [title, ...lines.map((line) => line.join(" "))].join("; ");
    }
  }

  /** Tell of the frame of a group that is open. */
  frame(group: number, event: PointerEvent): void {
    const { graph } = this;
    if (!graph) return;
    const title = graph.meta.groups.name[group];
    tooltip.show(event.clientX, event.clientY, title, words.frameLines(graph, group));
  }

  /** Fold a group, or unfold it; the link holds how far the network was open, too. */
  turn(group: number): void {
    const { graph, view } = this;
    if (!graph) return;
    const { networktoggled: now } = selectionStore.get();
    const { left, top, width, height } = graph.around(graph.within(group));
    const [x, y] = [view.x(left + width / 2), view.y(top + height / 2)];
    this.turned = { group, x, y, marks: this.pointed !== null };
    const networktoggled = now.includes(group)
      ? now.filter((one) => one !== group)
      : [...now, group].sort((one, other) => one - other);
    tooltip.hide();
    selectionStore.set({ networklevel: graph.meta.level, networktoggled });
  }

  /** Show the network down to its stages, its blocks or its layers. */
  openTo(level: number): void {
    this.view.fit();
    selectionStore.set({ networklevel: level, networktoggled: [] });
  }

  /** Mark a node by the keyboard, and bring it into sight. */
  go(node: number): void {
    this.view.reveal(this.graph!.boxOf(node));
    this.point(node);
    this.chart.invalidate();
  }

  /** Choose the layers of a node, or none where they are chosen already. */
  choose(node: number): void {
    const layers = this.graph!.nodes.layers[node];
    if (!layers.length) return;
    const now = selectionStore.get().layers;
    const already = layers.every((layer) => now.includes(layer));
    selectionStore.set({ layers: already ? [] : [...layers], filters: [] });
  }

  /** Show the layers of a node in the layer view. */
  open(node: number): void {
    const layers = this.graph!.nodes.layers[node];
    if (!layers.length) return;
    selectionStore.set({ layers: [...layers], filters: [] });
    const { page } = this.chart.options;
    // By its tab all that is selected goes along; an address alone would choose what it says.
    const tab = document.querySelector<HTMLElement>(`a[href="${page}"], a[href^="${page}?"]`);
    if (tab) tab.click();
    else visit(`${page}?layers=${layers.join(",")}`);
  }

  annotationThing(event: MouseEvent | null): Thing | null {
    const node = event ? this.input.nodeAt(event) : this.pointed;
    const layer = node === null ? undefined : this.graph?.nodes.layers[node][0];
    if (node === null || layer === undefined) return null;
    return { kind: "layer", id: layer, name: this.graph!.nodes.called[node][0] };
  }
}

registerKind("networkgraph", (chart) => new NetworkGraph(chart), aheadOfGraph);
