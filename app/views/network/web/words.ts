// What is said of a node: in the tooltip, to a screen reader, in the list.

import {
  catalogue,
  type Format,
  isRatio,
  manyOf,
  numbers,
  type Selection,
  type TooltipLine,
} from "#app/web/index.ts";
import type { Graph } from "./graph.ts";

const MOST = 6; // names in a list of them

/** Return what colours the nodes, for instance "standard deviation of the weights". */
export function subject({ measure, statistic }: Selection): string {
  if (measure === "ratio") return "‖update‖ / ‖weight‖ of one step";
  if (isRatio(measure)) return "‖update‖ / ‖weight‖ of one step / learning rate";
  return `${catalogue().statistics[statistic]?.label ?? statistic} of the ${manyOf(measure)}`;
}

export const format = ({ measure, statistic }: Selection): Format =>
  (!isRatio(measure) && catalogue().statistics[statistic]?.format) || "number";

/** 4,089,184,256 -> 4.09 G. */
export function flops(value: number | null): string {
  if (value === null) return "";
  const [unit, size] =
    value >= 1e12 ? ["T", 1e12] : value >= 1e9 ? ["G", 1e9] : value >= 1e6 ? ["M", 1e6] : ["", 1];
  return unit ? `${(value / size).toPrecision(3)} ${unit}` : numbers.integer(value);
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, MOST).join(", ");
  return names.length > MOST ? `${some} and ${names.length - MOST} more` : some;
}

/** Return the names of the layers of a folded node, without what is its own name. */
const inside = ({ nodes }: Graph, node: number): string[] =>
  nodes.called[node].map((name) =>
    name.startsWith(`${nodes.name[node]}.`) ? name.slice(nodes.name[node].length + 1) : name,
  );

export const title = ({ nodes }: Graph, node: number): string =>
  nodes.kind[node] === "operation" && nodes.block[node]
    ? `${nodes.name[node]} in ${nodes.block[node]}`
    : nodes.name[node];

const OF: Record<string, string> = { mean: "mean", largest: "largest", least: "least" };

/** Return what a folded node shows of its layers, for instance "mean of the layers". */
export const ofFolded = ({ networkof }: Selection): string =>
  `${OF[networkof] ?? OF.mean} of the layers`;

/** 25,557,032 -> 25.6 M. */
const short = (value: number): string => flops(value).replace("G", "B");

/** Return the second line in a node: its output, or how much is in a folded one. */
export function second({ nodes }: Graph, node: number): string {
  if (nodes.kind[node] === "layer") return nodes.shape[node];
  if (nodes.kind[node] !== "folded") return "";
  const parts = [nodes.type[node]];
  if (nodes.parameters[node]) parts.push(`${short(nodes.parameters[node])} param.`);
  return parts.join(" · ");
}

/** Return what is said of the frame of a group that is open. */
export const frameLines = (graph: Graph, group: number): TooltipLine[] => {
  const within = graph.within(group);
  const layers = new Set(within.flatMap((node) => graph.nodes.layers[node]));
  return [[numbers.plural(layers.size, "layer", "layers")], ["a click folds it"]];
};

/** Return the lines of the tooltip; `value` is that of the first layer, in words. */
export function lines(graph: Graph, node: number, subject: string, value: string): TooltipLine[] {
  const { nodes } = graph;
  const found: TooltipLine[] = [];
  const folded = graph.isFolded(node);
  if (nodes.type[node]) found.push([nodes.type[node]]);
  if (folded) found.push([`layers: ${listed(inside(graph, node))}`]);
  else if (nodes.called[node].length > 1) found.push([`layers: ${listed(nodes.called[node])}`]);
  if (nodes.shape[node]) found.push(["output of an image", nodes.shape[node]]);
  if (nodes.parameters[node]) found.push(["parameters", numbers.integer(nodes.parameters[node])]);
  if (nodes.flops[node] !== null) found.push(["FLOPs of an image", flops(nodes.flops[node])]);
  if (nodes.after[node].length) found.push(["then", nodes.after[node].join(", ")]);
  if (nodes.layers[node].length) found.push([subject, value]);
  const from = graph.inputs[node].map((other) => title(graph, other));
  if (from.length > 1) found.push([`input: ${listed(from)}`]);
  if (folded) found.push(["a click unfolds it"]);
  return found;
}

/** Return how large the network is. */
export function facts(graph: Graph): string {
  const { nodes, meta, arrays } = graph;
  let [layers, folded] = [0, 0];
  nodes.kind.forEach((kind, node) => {
    if (kind === "layer") layers += 1;
    if (kind !== "folded") return;
    layers += nodes.layers[node].length;
    folded += 1;
  });
  const parts = [numbers.plural(layers, "layer", "layers")];
  if (folded) parts.push(`${numbers.plural(folded, "node", "nodes")} folded`);
  else if (meta.recorded) parts.push(numbers.plural(arrays.source.length, "edge", "edges"));
  const known = nodes.flops.filter((value) => value !== null);
  const total = known.reduce((sum: number, value) => sum + (value ?? 0), 0);
  if (total) parts.push(`${flops(total)} FLOPs an image`);
  if (meta.recorded && meta.unrun.length) parts.push(`not run: ${listed(meta.unrun)}`);
  return parts.join(" · ");
}
