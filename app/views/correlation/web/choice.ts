// The chosen cell: what choosing one sets in the selection for all views, and which one is chosen.

import { selectionStore } from "#app/web/index.ts";
import type { Detail } from "./minisets.ts";
import type { Model } from "./model.ts";

const MOST_FILTERS = 40; // chosen at once: they stand in the address
// What the last chosen cell has pinned.
let pinned: { run: string | null; iterations: number[] } = { run: null, iterations: [] };

/** Return the filters of row r at these iterations, those that return most often last. */
function filtersAt(
  model: Model,
  detail: Detail | null,
  r: number,
  moments: readonly number[],
): number[] {
  const found: { filter: number; times: number }[] = [];
  if (!detail) return [];
  for (const p of detail.of(model.layers[r])) {
    const present = detail.presence(p);
    const times = moments.reduce((sum, i) => sum + present[i], 0);
    if (times) for (const filter of detail.filters(p)) found.push({ filter, times });
  }
  return found
    .sort((a, b) => a.times - b.times || b.filter - a.filter)
    .slice(-MOST_FILTERS)
    .map(({ filter }) => filter);
}

const rising = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);
const runOf = (): string | null => /\/run\/(\d+)/.exec(location.pathname)?.[1] ?? null;

export interface Choice {
  r: number;
  c: number;
  i?: number | null;
  part?: number | null;
  add?: boolean;
}

/**
 * Choose a cell for all views: its class, layer, filters, and pin its iterations.
 * `i` keeps one iteration, `part` one mini-set; `add` keeps the pins of the cell chosen before.
 */
export function choose(
  model: Model,
  detail: Detail | null,
  { r, c, i = null, part = null, add = false }: Choice,
): void {
  const layer = model.layers[r];
  const selection = selectionStore.get();
  const present = part === null || !detail ? null : detail.presence(part);
  const moments =
    i === null
      ? Array.from(model.momentsOf(c)).filter((at) => (present ? present[at] : model.holds(r, at)))
      : [i];
  const iterations = moments.map((at) => model.iterations[at]);
  const filters =
    part === null || !detail
      ? filtersAt(model, detail, r, moments)
      : Array.from(detail.filters(part)).slice(0, MOST_FILTERS);
  const before = add || pinned.run !== runOf() ? [] : pinned.iterations;
  const kept = selection.pins.filter((pin) => !before.includes(pin));
  pinned = {
    run: runOf(),
    iterations: [
      ...(add ? pinned.iterations : []),
      ...iterations.filter((pin) => !kept.includes(pin)),
    ],
  };
  selectionStore.set({
    cell: [[layer, model.classes[c]]],
    classes: add ? rising([...selection.classes, model.classes[c]]) : [model.classes[c]],
    layers: [layer],
    filters: filters.map((filter): [number, number] => [layer, filter]),
    pins: rising([...kept, ...iterations]),
    ...(iterations.length ? { cursor: iterations[0] } : {}),
  });
}

/** Return the places {r, c} of the chosen cell in the model, or null. */
export function chosen(
  model: Model,
  selection: { cell: readonly (readonly [layer: number, classId: number])[] },
): { r: number; c: number } | null {
  const [cell] = selection.cell;
  if (!cell) return null;
  const [r, c] = [model.rowOf.get(cell[0]), model.columnOf.get(cell[1])];
  return r === undefined || c === undefined ? null : { r, c };
}
