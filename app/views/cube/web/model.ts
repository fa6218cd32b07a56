// @ts-nocheck
// What the faces of the cube show: the answers of the data routes, ranges, and matrices of cells.
//
// The correlation's sets (layer, class, iteration) depend on the iteration alone, so that every slice
// is made here from one answer, without a request. In matrices of sets -1 stands where a class is not
// anomalous at the iteration, and 0 where it is but the layer holds none of the filters.

import { addressOf, commonWords, fetchArrays } from "#app/web/index.ts";

const WINDOW = "k={k}&m={m}&share={share}&direction={direction}";
/** Return the largest corrected p-value of a cell that is more than chance. */
export const limitOf = ({ significance }) =>
  Number(significance) > 0 ? Number(significance) : 0.05;

export class Model {
  /** `told()` is called when something has come, `failed(error)` when it could not. */
  constructor(base, told, failed) {
    this.base = base;
    this.told = told;
    this.failed = failed;
    this.sources = new Map(); // name -> {address, answer}
    this.made = new Map(); // what was computed -> {key, value}
    this.layers = { names: [], stages: [], filters: [] };
    this.classes = 0;
  }

  /** Take the answer of the chart's own address: the layers, the snapshots, the front. */
  receive({ arrays, meta }) {
    this.front = {
      data: arrays.values,
      width: arrays.values.shape[1],
      iterations: arrays.iteration,
    };
    this.layers = meta;
    this.classes = meta.classes;
  }

  templates(selection) {
    if (!this.classes) return {};
    const peak = selection.classorder === "peak" ? "&k={k}" : "";
    const found = {
      errors: "class-error",
      order: `cube-order?order={classorder}${peak}`,
      correlation: `correlation?${WINDOW}&top={top}&quantity={topquantity}`,
    };
    if (selection.cubetop === "anomalies") found.anomalies = `anomalies?${WINDOW}`;
    // Which filters return within some of the iterations only the mini-sets tell.
    if (selection.zoom)
      found.detail = `correlation-detail?${WINDOW}&top={top}&quantity={topquantity}`;
    const single =
      this.ready("correlation") &&
      selection.sliceclass !== null &&
      this.columnOfClass(selection.sliceclass) < 0;
    if (single)
      found.single = `correlation-filters?${WINDOW}&top={top}&quantity={topquantity}&class={sliceclass}`;
    return found;
  }

  /** Ask for whatever the selection needs and is not there; old answers stay meanwhile. */
  load(selection) {
    for (const [name, template] of Object.entries(this.templates(selection))) {
      const address = addressOf(`${this.base}/${template}`);
      const source = this.sources.get(name) || {};
      if (source.address === address) continue;
      this.sources.set(name, { ...source, address, waiting: true });
      const current = () => this.sources.get(name)?.address === address;
      fetchArrays(address).then(
        (answer) => current() && this.came(name, { address, answer }),
        (error) => {
          if (!current()) return;
          this.sources.set(name, { answer: source.answer }); // so that the next load tries again
          this.failed(error);
        },
      );
    }
  }

  came(name, source) {
    this.sources.set(name, source);
    this.told();
  }

  ready(name) {
    return this.sources.get(name)?.answer || null;
  }

  /** Return the answer to what is asked for now, or null; `ready` may still hold the one before. */
  current(name) {
    const source = this.sources.get(name);
    return source && !source.waiting ? source.answer || null : null;
  }

  /** Return whether something that the selection needs has not come. */
  waiting(selection) {
    return Object.keys(this.templates(selection)).some((name) => this.sources.get(name)?.waiting);
  }

  /** Return what `make` gives, anew only where the key has changed. */
  once(name, key, make) {
    const kept = this.made.get(name);
    if (kept && kept.key.length === key.length && kept.key.every((part, at) => part === key[at])) {
      return kept.value;
    }
    const value = make();
    this.made.set(name, { key, value });
    return value;
  }

  /** Return the classes in the order that top and right share, the nearest to the front first. */
  order() {
    const given = this.ready("order")?.arrays.order;
    return this.once("order", [given, this.classes], () =>
      given?.length === this.classes
        ? given
        : Int32Array.from({ length: this.classes }, (_, id) => id),
    );
  }

  /** Return the place of every class in that order. */
  places() {
    const order = this.order();
    return this.once("places", [order], () => {
      const places = new Int32Array(order.length);
      order.forEach((id, at) => (places[id] = at));
      return places;
    });
  }

  className(id) {
    return this.ready("errors")?.meta.names[id] ?? `class ${id}`;
  }

  /** Return the name without the words that all classes begin with: the edges are short. */
  shortClass(id) {
    const names = this.ready("errors")?.meta.names;
    const common = this.once("common", [names], () => commonWords(names || []));
    return this.className(id).slice(names ? common : 0);
  }

  /** Return the shown cells [first, after) of every dimension; iterations as columns of the axis. */
  ranges(selection, axis) {
    const within = (range, count) => {
      if (!range || range[0] >= count) return [0, count];
      return [range[0], Math.min(range[1] + 1, count)];
    };
    return {
      layers: within(selection.layerrange, this.layers.names.length),
      classes: within(selection.classrange, this.classes),
      columns: axis.view(),
    };
  }

  /** Return the sets of the correlation in a form that slices are quickly made from, or null. */
  sets() {
    const answer = this.ready("correlation");
    if (!answer) return null;
    return this.once("sets", [answer], () => {
      const { arrays, meta } = answer;
      const row = new Int32Array(meta.layers).fill(-1);
      arrays.layer.forEach((layer, at) => (row[layer] = at));
      const column = new Int32Array(meta.classes).fill(-1);
      arrays.class.forEach((id, at) => (column[id] = at));
      return {
        ...arrays,
        row,
        column,
        meta,
        width: arrays.iteration.length,
        grid: arrays.class.length,
      };
    });
  }

  columnOfClass(id) {
    return this.sets()?.column[id] ?? -1;
  }

  /** Return the entries [from, to) of a class's anomalous iterations in class_iteration. */
  entries(id) {
    const sets = this.sets();
    const at = sets ? (sets.column[id] ?? -1) : -1;
    return at < 0 ? [0, 0] : [sets.class_start[at], sets.class_start[at + 1]];
  }

  /** Return how many filters of a layer the set of a moment (index of sets.iteration) holds. */
  held(layer, moment) {
    const sets = this.sets();
    const row = sets.row[layer];
    return row < 0 ? 0 : sets.holds[row * sets.width + moment];
  }

  /** Return the moment of an iteration, -1 where no class of the grid is anomalous. */
  momentOf(iteration) {
    return this.sets()?.iteration.indexOf(iteration) ?? -1;
  }
}
