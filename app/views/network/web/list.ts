// The graph as a table: every node, what its input comes from, and its value at the cursor.

import { make, numbers, replaceKept } from "#app/web/index.ts";
import type { Graph } from "./graph.ts";
import * as words from "./words.ts";

/** What the list says besides the graph: what colours it, and the value of a node in words. */
interface Said {
  subject: string;
  value(node: number): string;
  choose(node: number): void;
  /** Fold a group, or unfold it. */
  turn(group: number): void;
  chosen: Set<number>;
}

/** Fill a holder with the table; it is made anew with every drawing while it is open. */
export function fill(holder: HTMLElement, graph: Graph, said: Said): void {
  const heads = ["Node", "Kind", "Output", "Parameters", "FLOPs", "Input", said.subject];
  const head = make("tr", "", ...heads.map((text) => columnHead(text)));
  const rows = graph.nodes.name.flatMap((_, node) => [
    ...opened(graph, node).map((group) => groupRow(graph, group, heads.length, said)),
    row(graph, node, said),
  ]);
  const table = make("table", "network-table", make("thead", "", head), make("tbody", "", ...rows));
  replaceKept(holder, "key", table);
}

/** Return the open groups that begin with a node. */
function opened({ nodes }: Graph, node: number): number[] {
  const before = node ? nodes.group[node - 1] : [];
  const own = nodes.kind[node] === "folded" ? nodes.group[node].slice(0, -1) : nodes.group[node];
  return own.filter((group) => !before.includes(group));
}

function groupRow({ meta }: Graph, group: number, wide: number, said: Said): HTMLElement {
  const name = make("th", "network-group", turner(meta.groups.name[group], group, true, said));
  name.scope = "rowgroup";
  name.colSpan = wide;
  return make("tr", "", name);
}

/** Return a button that folds a group, or unfolds it. */
function turner(name: string, group: number, open: boolean, said: Said): HTMLElement {
  const button = make("button", "network-name", `${open ? "▾" : "▸"} ${name}`);
  button.dataset.key = `group ${group}`;
  button.setAttribute("aria-expanded", String(open));
  button.setAttribute("aria-label", `${name}: ${open ? "fold it" : "unfold it"}`);
  button.addEventListener("click", () => said.turn(group));
  return button;
}

function columnHead(text: string): HTMLElement {
  const cell = make("th", "", text);
  cell.scope = "col";
  return cell;
}

function row(graph: Graph, node: number, said: Said): HTMLElement {
  const { nodes } = graph;
  const name = make("th");
  name.scope = "row";
  if (graph.isFolded(node))
    name.append(turner(words.title(graph, node), graph.groupOf(node)!, false, said));
  else if (nodes.layers[node].length) {
    const button = make("button", "network-name", words.title(graph, node));
    button.dataset.key = nodes.name[node];
    button.setAttribute("aria-pressed", String(said.chosen.has(node)));
    button.addEventListener("click", () => said.choose(node));
    name.append(button);
  } else name.append(words.title(graph, node));
  const cells = [
    nodes.type[node] || nodes.kind[node],
    nodes.shape[node],
    nodes.parameters[node] ? numbers.integer(nodes.parameters[node]) : "",
    words.flops(nodes.flops[node]),
    graph.inputs[node].map((other) => words.title(graph, other)).join(", "),
    nodes.layers[node].length ? said.value(node) : "",
  ];
  return make("tr", "", name, ...cells.map((text) => make("td", "", text)));
}
