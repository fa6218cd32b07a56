// The graph as a table: every node, what its input comes from, and its value at the cursor.

import { make, numbers } from "#app/web/index.ts";
import type { Graph } from "./graph.ts";
import * as words from "./words.ts";

/** What the list says besides the graph: what colours it, and the value of a node in words. */
interface Said {
  subject: string;
  value(node: number): string;
  choose(node: number): void;
  chosen: Set<number>;
}

/** Fill a holder with the table; it is made anew with every drawing while it is open. */
export function fill(holder: HTMLElement, graph: Graph, said: Said): void {
  const heads = ["Node", "Kind", "Output", "Parameters", "FLOPs", "Input", said.subject];
  const head = make("tr", "", ...heads.map((text) => columnHead(text)));
  const rows = graph.nodes.name.map((_, node) => row(graph, node, said));
  const table = make("table", "network-table", make("thead", "", head), make("tbody", "", ...rows));
  const active = document.activeElement?.closest<HTMLElement>("[data-node]")?.dataset.node;
  holder.replaceChildren(table);
  if (active) holder.querySelector<HTMLElement>(`[data-node="${active}"]`)?.focus();
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
  if (nodes.layers[node].length) {
    const button = make("button", "network-name", words.title(graph, node));
    button.dataset.node = String(node);
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
