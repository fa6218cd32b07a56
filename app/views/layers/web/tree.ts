// The rows of the network's tree beside the charts.
//
// Rows are made only for what is in sight, so that 500 layers scroll as 5 do. Keys in the tree: up,
// down, Home and End move; right and left open and close; Enter opens a layer, Space compares it.

import { keyTable, numbers, type Selection } from "#app/web/index.ts";
import type { Network } from "./network.ts";

/** What the tree asks for. */
interface Hooks {
  open(node: number): void;
  toggle(node: number): void;
  compare(node: number): void;
  enlarge(node: number): void;
  /** Bring the row at this place into sight. */
  reveal(place: number): void;
  point(node: number | null): void;
}
interface State {
  selection: Selection;
  /** Iteration by node, -1: never; null: not known. */
  settled: ArrayLike<number> | null;
}
/** Which rows are in sight: [from, to), of this height. */
interface Sight {
  from: number;
  to: number;
  height: number;
  state: State;
}

function make(name: string, kind: string, text = ""): HTMLElement {
  const made = document.createElement(name);
  made.className = kind;
  if (text) made.textContent = text;
  return made;
}

/** 2,359,296 -> 2.36M: what fits a narrow column. */
function brief(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  return value >= 1e4 ? `${(value / 1e3).toPrecision(3)}k` : numbers.integer(value);
}

/** The rows of the tree; hooks: what they do with a node, or a place among the rows. */
export class NetworkRows {
  declare private readonly id: string;
  declare private readonly hooks: Hooks;
  declare readonly element: HTMLElement;
  declare private readonly made: Map<number, HTMLElement>;
  declare active: number;
  // What was shown last.
  declare private network: Network;
  declare private rows: number[];
  declare private state: State;

  constructor(parent: HTMLElement, id: string, hooks: Hooks) {
    this.id = id;
    this.hooks = hooks;
    this.element = make("div", "layers-tree");
    this.element.setAttribute("role", "tree");
    this.element.setAttribute("aria-label", "Network");
    this.element.tabIndex = 0;
    this.made = new Map(); // node -> row
    this.active = 0;
    parent.append(this.element);
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("pointermove", (event) => this.pointed(event));
  }

  private pointed(event: PointerEvent): void {
    const node = (event.target as Element).closest?.<HTMLElement>("[data-node]")?.dataset.node;
    this.hooks.point(node === undefined ? null : Number(node));
  }

  private clicked(event: MouseEvent): void {
    const row = (event.target as Element).closest<HTMLElement>("[data-node]");
    if (!row) return;
    const node = Number(row.dataset.node);
    this.active = node;
    const part = (event.target as Element).closest<HTMLElement>("[data-part]")?.dataset.part;
    if (part === "compare") this.hooks.compare(node);
    else if (part === "large") this.hooks.enlarge(node);
    else if (part === "twist" || this.network.holds(node)) this.hooks.toggle(node);
    else this.hooks.open(node);
    this.mark();
  }

  /**
   * Show rows[from..to) of height `height`, `state` says what is chosen: selection, settled
   * (iteration by node, -1 never, or null).
   */
  show(network: Network, rows: number[], { from, to, height, state }: Sight): void {
    this.network = network;
    this.rows = rows;
    this.state = state;
    this.element.style.height = `${rows.length * height}px`;
    this.element.dataset.size = height < 15 ? "tiny" : height < 26 ? "small" : "large";
    const wanted = new Set(rows.slice(from, to));
    for (const [node, row] of this.made) {
      if (!wanted.has(node)) {
        row.remove();
        this.made.delete(node);
      }
    }
    for (let at = from; at < to; at++) {
      const node = rows[at];
      if (!this.made.has(node)) {
        const row = this.make(node);
        this.made.set(node, row);
        this.element.append(row);
      }
      this.update(this.made.get(node)!, node, at, height);
    }
    this.mark();
  }

  private make(node: number): HTMLElement {
    const { network } = this;
    const row = make("div", "layers-node");
    row.id = `${this.id}-node-${node}`;
    row.dataset.node = String(node);
    row.dataset.kind = network.kind[node];
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", String(network.depth[node] + 1));
    const holds = network.holds(node);
    const twist = make("span", "layers-twist", holds ? "▸" : "");
    if (holds) twist.dataset.part = "twist";
    const name = make("span", "layers-name");
    name.append(make("span", "layers-label", network.label[node]));
    if (network.shortcut[node]) {
      const mark = make("span", "layers-shortcut", "⤷");
      mark.append(make("span", "layers-shortcut-word", " shortcut"));
      mark.title = "On the residual branch, beside the main path";
      name.append(mark);
    }
    const { kernel, filters, parameters, type, layers } = network;
    const kind = type[node]
      .replace(/^Conv(Transpose)?\d?d?$/, (_, transposed) => (transposed ? "transp." : ""))
      .replace(/^Embedding$/, "embed.");
    const depthwise =
      network.groups[node] > 1
        ? network.inputs[node] === 1
          ? " dw"
          : ` g${network.groups[node]}`
        : "";
    const shape = holds
      ? numbers.plural(layers[node], "layer", "layers")
      : kernel[node] + depthwise || kind.toLowerCase();
    const compare = make("span", "layers-pick", "");
    compare.dataset.part = "compare";
    compare.title = "Compare: overlay this with the other selected ones";
    const large = make("span", "layers-enlarge");
    large.dataset.part = "large";
    large.title = "Show this chart large; Escape goes back";
    name.append(large);
    row.append(
      compare,
      twist,
      name,
      make("span", "layers-cell layers-kernel", shape),
      make("span", "layers-cell", brief(filters[node])),
      make("span", "layers-cell layers-parameters", brief(parameters[node])),
      make("span", "layers-cell layers-settled"),
    );
    row.title = this.title(node);
    row.style.setProperty("--depth", String(network.depth[node]));
    return row;
  }

  private title(node: number): string {
    const { network } = this;
    const { integer, plural } = numbers;
    const parts = [network.name[node] || "the whole network"];
    if (network.holds(node)) parts.push(plural(network.layers[node], "layer", "layers"));
    else {
      parts.push([network.type[node], network.kernel[node]].filter(Boolean).join(" "));
      if (network.stride[node] && !/^1(×1)*$/.test(network.stride[node]))
        parts.push(`stride ${network.stride[node]}`);
      if (network.groups[node] > 1) parts.push(`${network.groups[node]} groups`);
      parts.push(`${integer(network.inputs[node])} input channels of a filter`);
    }
    parts.push(
      plural(network.filters[node], "filter", "filters"),
      plural(network.parameters[node], "parameter", "parameters"),
    );
    if (network.shortcut[node]) parts.push("on the residual branch");
    return parts.join(" · ");
  }

  private update(row: HTMLElement, node: number, at: number, height: number): void {
    const { selection, settled } = this.state;
    row.style.transform = `translateY(${at * height}px)`;
    row.style.height = row.style.lineHeight = `${height}px`;
    row.setAttribute("aria-posinset", String(at + 1));
    row.setAttribute("aria-setsize", String(this.rows.length));
    const holds = this.network.holds(node);
    // A row by itself, too, is told by its whole name.
    const flat = selection.sort !== "network" || selection.layerlarge === node;
    row.classList.toggle("layers-flat", flat);
    if (holds)
      row.setAttribute(
        "aria-expanded",
        String(Boolean(selection.search.trim()) || this.network.isOpen(node, selection)),
      );
    const label = row.querySelector(".layers-label")!;
    const text = flat ? this.network.name[node] : this.network.label[node];
    if (label.textContent !== text) label.textContent = text;
    row.setAttribute("aria-checked", String(selection.nodes.includes(node)));
    const opened =
      this.network.layer[node] >= 0 && selection.layers.includes(this.network.layer[node]);
    row.setAttribute("aria-selected", String(opened));
    const cell = row.querySelector<HTMLElement>(".layers-settled")!;
    const when = settled ? settled[node] : null;
    const words = when === null ? "" : when < 0 ? "–" : numbers.short(when);
    if (cell.textContent !== words) cell.textContent = words;
    cell.title =
      when === null
        ? ""
        : when < 0
          ? "At the end its change is above the limit, or not a number"
          : `Its change stays below the limit from iteration ${numbers.integer(when)}`;
  }

  private mark(): void {
    for (const [node, row] of this.made)
      row.classList.toggle("layers-active", node === this.active);
    const id = `${this.id}-node-${this.active}`;
    if (this.made.has(this.active)) this.element.setAttribute("aria-activedescendant", id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  /** Move the active row by so many, and bring it into sight. */
  move(step: number): void {
    const at = this.rows.indexOf(this.active);
    this.go(this.rows[Math.min(Math.max(at + step, 0), this.rows.length - 1)]);
  }

  private go(node: number | undefined): void {
    if (node === undefined) return;
    this.active = node;
    this.hooks.reveal(this.rows.indexOf(node));
    this.hooks.point(node);
    this.mark();
  }

  private key(event: KeyboardEvent): void {
    if (!this.rows || !pressed(this, event)) return;
    event.preventDefault();
    event.stopPropagation(); // the same keys move the cursor over the charts
  }

  /** Open what is closed, and go into what is open. */
  enter(): void {
    const { network, active } = this;
    if (this.isOpen()) this.go(network.children[active][0]);
    else if (network.holds(active)) this.hooks.toggle(active);
  }

  /** Close what is open, and go out of what is closed. */
  leave(): void {
    if (this.isOpen()) this.hooks.toggle(this.active);
    else this.go(this.above(this.active));
  }

  /** Open the filters of a layer, or what a stage or a block holds. */
  open(): void {
    if (this.network.holds(this.active)) this.hooks.toggle(this.active);
    else this.hooks.open(this.active);
  }

  compare(): void {
    this.hooks.compare(this.active);
  }

  enlarge(): void {
    this.hooks.enlarge(this.active);
  }

  private isOpen(): boolean {
    const { network, active } = this;
    return network.holds(active) && network.isOpen(active, this.state.selection);
  }

  private above(node: number): number | undefined {
    const parent = this.network.parent[node];
    return parent >= 0 && this.rows.includes(parent) ? parent : undefined;
  }
}

const MOVES: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};
const pressed = keyTable<NetworkRows>({ title: "In the network", within: ".layers-tree" }, [
  {
    keys: Object.keys(MOVES),
    says: "go from row to row",
    act: (tree, _event, key) => tree.move(MOVES[key]),
  },
  {
    keys: ["ArrowRight"],
    says: "open a stage or a block, and go into it",
    act: (tree) => tree.enter(),
  },
  { keys: ["ArrowLeft"], says: "close it, and go out of it", act: (tree) => tree.leave() },
  { keys: ["Enter"], says: "show the filters of a layer", act: (tree) => tree.open() },
  { keys: ["l"], says: "show its chart large, or all charts again", act: (tree) => tree.enlarge() },
  { keys: [" "], says: "compare the layer with others", act: (tree) => tree.compare() },
]);
