// Which cells of the correlation grid stand out, and the orders that its rows and columns can have.

import type { Model } from "./model.ts";

/** How much a cell stands out: the smaller q, then the higher the count. */
export const strength = (model: Model, r: number, c: number): number =>
  model.at("count", r, c)
    ? -Math.log10(Math.max(model.at("q", r, c), 1e-300)) + model.at("count", r, c) * 1e-4
    : -1;

function best(model: Model, cells: [r: number, c: number][]): number {
  return cells.reduce((most, [r, c]) => Math.max(most, strength(model, r, c)), -1);
}

const collator = new Intl.Collator("en", { numeric: true });
const places = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** Return the rows in an order: "network", "strength" or "name". */
export function rowOrder(model: Model, how: string): number[] {
  const rows = places(model.layers.length);
  if (how === "name")
    return rows.sort((a, b) => collator.compare(model.layerName(a), model.layerName(b)));
  if (how !== "strength") return rows;
  const columns = places(model.classes.length);
  const rank = rows.map((r) =>
    best(
      model,
      columns.map((c) => [r, c]),
    ),
  );
  return rows.sort((a, b) => rank[b] - rank[a] || a - b);
}

/** Return the columns in an order: "strength", "iterations", "name" or "number". */
export function columnOrder(model: Model, how: string): number[] {
  const columns = places(model.classes.length);
  if (how === "name")
    return columns.sort((a, b) => collator.compare(model.className(a), model.className(b)));
  if (how === "iterations") {
    return columns.sort((a, b) => model.momentsOf(b).length - model.momentsOf(a).length || a - b);
  }
  if (how === "number") return columns;
  const rows = places(model.layers.length);
  const rank = columns.map((c) =>
    best(
      model,
      rows.map((r) => [r, c]),
    ),
  );
  return columns.sort((a, b) => rank[b] - rank[a] || a - b);
}

/** Return whether a cell stands out at the chosen limit. */
export function standsOut(model: Model, r: number, c: number, limit: string): boolean {
  return limit === "all" || model.at("q", r, c) <= Number(limit);
}
