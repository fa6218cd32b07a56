// @ts-nocheck
// What the charts of the correlation view share: the model of an answer, its mini-sets, orders,
// and what a click on a cell chooses.

import { addressOf, commonWords, fetchArrays, selectionStore } from "#app/web/index.ts";

const MOST_FILTERS = 40; // chosen at once: they stand in the address
const models = new WeakMap(); // answer -> Model
const details = new WeakMap(); // answer -> Detail
let pinned = { run: null, iterations: [] }; // what the last chosen cell has pinned

/** The abstract grid: rows and columns by their places r, c; iterations by their place i. */
class Model {
  constructor({ arrays, meta }, names) {
    Object.assign(this, { arrays, meta, names });
    this.layers = arrays.layer;
    this.classes = arrays.class;
    this.iterations = arrays.iteration;
    this.rowOf = new Map(Array.from(this.layers, (id, r) => [id, r]));
    this.columnOf = new Map(Array.from(this.classes, (id, c) => [id, c]));
    this.most = arrays.count.reduce((most, count) => Math.max(most, count), 1);
    this.common = commonWords(Array.from(this.classes, (id) => names.classes[id] ?? ""));
  }

  layerName(r) {
    const id = this.layers[r];
    return this.names.layers[id] ?? `layer ${id}`;
  }

  className(c) {
    const id = this.classes[c];
    return this.names.classes[id] ?? `class ${id}`;
  }

  /** Return the name without the words that all classes begin with: it has to be short. */
  shortClass(c) {
    return this.className(c).slice(this.common);
  }

  /** Return a numeric name as "class 8", any other as it is: "8" alone says nothing. */
  classWords(c) {
    const name = this.className(c);
    return /^[\d\s.]+$/.test(name) ? `class ${name}` : name;
  }

  /** Return the value of an array [R, C] at a cell. */
  at(name, r, c) {
    return this.arrays[name][r * this.classes.length + c];
  }

  /** Return the places in `iterations` at which class c is anomalous. */
  momentsOf(c) {
    const { class_start: start, class_iteration: moments } = this.arrays;
    return moments.subarray(start[c], start[c + 1]);
  }

  /** Return how many filters of row r are among the most changed at iteration i. */
  holds(r, i) {
    return this.arrays.holds[r * this.iterations.length + i];
  }

  /** Return what the cell's colour shows. */
  value(r, c, colour) {
    return this.at(colour === "lift" ? "lift" : "count", r, c);
  }
}

/** The mini-sets of the layers. */
class Detail {
  constructor({ arrays }) {
    this.arrays = arrays;
    this.parts = new Map(); // layer id -> places of its parts, the heaviest first
    arrays.part_layer.forEach((layer, p) => {
      if (!this.parts.has(layer)) this.parts.set(layer, []);
      this.parts.get(layer).push(p);
    });
    this.present = new Map(); // p -> Uint8Array over the iterations
  }

  of(layer) {
    return this.parts.get(layer) || [];
  }

  size(p) {
    return this.arrays.part_size[p];
  }

  filters(p) {
    return this.arrays.part_filter.subarray(
      this.arrays.part_start[p],
      this.arrays.part_start[p + 1],
    );
  }

  moments(p) {
    return this.arrays.presence.subarray(
      this.arrays.presence_start[p],
      this.arrays.presence_start[p + 1],
    );
  }

  /** Return 1 for each iteration i whose set contains part p, 0 for the others. */
  presence(p) {
    let present = this.present.get(p);
    if (!present) {
      present = new Uint8Array(this.arrays.iteration.length);
      for (const i of this.moments(p)) present[i] = 1;
      this.present.set(p, present);
    }
    return present;
  }
}

export function modelOf(answer, names) {
  if (!models.has(answer)) models.set(answer, new Model(answer, names));
  return models.get(answer);
}

export function detailOf(answer) {
  if (!details.has(answer)) details.set(answer, new Detail(answer));
  return details.get(answer);
}

/**
 * Keep `chart.handler.model` up to date with the chart's answer; `then(model)` is told when both
 * the answer and the names are there.
 */
export function follow(chart, answer, then) {
  fetchArrays(addressOf(chart.options.names)).then(
    ({ meta }) => {
      if (chart.data !== answer) return; // a newer one has come
      then(modelOf(answer, meta));
      chart.invalidate();
    },
    (error) => chart.failed(error),
  );
}

/** How much a cell stands out: the smaller q, then the higher the count. */
export const strength = (model, r, c) =>
  model.at("count", r, c)
    ? -Math.log10(Math.max(model.at("q", r, c), 1e-300)) + model.at("count", r, c) * 1e-4
    : -1;

function best(model, cells) {
  return cells.reduce((most, [r, c]) => Math.max(most, strength(model, r, c)), -1);
}

const collator = new Intl.Collator("en", { numeric: true });
const places = (count) => Array.from({ length: count }, (_, at) => at);

/** Return the rows in an order: "network", "strength" or "name". */
export function rowOrder(model, how) {
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
export function columnOrder(model, how) {
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
export function standsOut(model, r, c, limit) {
  return limit === "all" || model.at("q", r, c) <= Number(limit);
}

/** Return the filters of row r at these iterations, those that return most often last. */
function filtersAt(model, detail, r, moments) {
  const found = [];
  for (const p of detail?.of(model.layers[r]) || []) {
    const present = detail.presence(p);
    const times = moments.reduce((sum, i) => sum + present[i], 0);
    if (times) for (const filter of detail.filters(p)) found.push({ filter, times });
  }
  return found
    .sort((a, b) => a.times - b.times || b.filter - a.filter)
    .slice(-MOST_FILTERS)
    .map(({ filter }) => filter);
}

const rising = (values) => [...new Set(values)].sort((a, b) => a - b);
const runOf = () => /\/run\/(\d+)/.exec(location.pathname)?.[1] ?? null;

/**
 * Choose a cell for all views: its class, layer, filters, and pin its iterations.
 * `i` keeps one iteration, `part` one mini-set; `add` keeps the pins of the cell chosen before.
 */
export function choose(model, detail, { r, c, i = null, part = null, add = false }) {
  const layer = model.layers[r];
  const selection = selectionStore.get();
  const present = part === null ? null : detail.presence(part);
  const moments =
    i === null
      ? Array.from(model.momentsOf(c)).filter((at) => (present ? present[at] : model.holds(r, at)))
      : [i];
  const iterations = moments.map((at) => model.iterations[at]);
  const filters =
    part === null
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
    filters: filters.map((filter) => [layer, filter]),
    pins: rising([...kept, ...iterations]),
    ...(iterations.length ? { cursor: iterations[0] } : {}),
  });
}

/** Return the places {r, c} of the chosen cell in the model, or null. */
export function chosen(model, selection) {
  const [layer, classId] = selection.cell[0] || [];
  const [r, c] = [model.rowOf.get(layer), model.columnOf.get(classId)];
  return r === undefined || c === undefined ? null : { r, c };
}
