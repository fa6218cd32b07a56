// What the faces of the cube show of the answers of its data routes: layers, classes and their orders,
// and the ranges of both.
//
// The correlation's sets (layer, class, iteration) depend on the iteration alone, so that every slice
// is made here from one answer, without a request.

import {
  anomalousClasses,
  type ChartKinds,
  commonWords,
  type Selection,
  within,
} from "#app/web/index.ts";
import type { Ranges } from "./geometry.ts";
import { type Sets, setsOf } from "./sets.ts";
import { type Name, Sources } from "./sources.ts";
import type { FrontAnswer, Layers } from "./types.ts";

/** What was computed, and of what. */
interface Made {
  key: readonly unknown[];
  value: unknown;
}

const WINDOW = "k={k}&m={m}&share={share}&direction={direction}";
const CORRELATION = `correlation?${WINDOW}&top={top}&quantity={topquantity}`;
type Templates = { [Key in Name]?: string };
const orderOf = ({ classorder }: Selection): string =>
  `cube-order?order={classorder}${classorder === "peak" ? "&k={k}" : ""}`;

/** Return the templates of what a cube asks for first. */
export const aheadOfCube = ({ base, url }: ChartKinds["cube"], selection: Selection): string[] => [
  url,
  ...["class-error", orderOf(selection), CORRELATION].map((one) => `${base}/${one}`),
];

const NAMES: Name[] = ["errors", "order", "correlation", "anomalies", "detail", "single"];
const namesOf = (templates: Templates): Name[] => NAMES.filter((name) => templates[name]);

/** Return the largest corrected p-value of a cell that is more than chance. */
export const limitOf = ({ significance }: Pick<Selection, "significance">): number =>
  Number(significance) > 0 ? Number(significance) : 0.05;

export class Model {
  readonly sources: Sources;
  private readonly made: Map<string, Made>;
  layers: Layers;
  classes: number;
  /** Whether classes without an anomaly are left out. */
  private only = false;
  front?: { data: Float32Array; width: number; iterations: Int32Array<ArrayBuffer> };

  /** `told()` is called when something has come, `failed(error)` when it could not. */
  constructor(base: string, told: () => void, failed: (error: unknown) => void) {
    this.sources = new Sources(base, told, failed);
    this.made = new Map();
    this.layers = { names: [], stages: [], filters: [] };
    this.classes = 0;
  }

  /** Take the answer of the chart's own address: the layers, the snapshots, the front. */
  receive({ arrays, meta }: FrontAnswer): void {
    this.front = {
      data: arrays.values,
      width: arrays.values.shape[1],
      iterations: arrays.iteration,
    };
    this.layers = meta;
    this.classes = meta.classes;
  }

  private templates(selection: Selection): Templates {
    if (!this.classes) return {};
    const found: Templates = {
      errors: within(
        "class-error",
        this.sources.ready("errors")?.arrays.column ? selection.zoom : null,
      ),
      order: orderOf(selection),
      correlation: CORRELATION,
    };
    if (selection.cubetop === "anomalies" || selection.onlyanomalous)
      found.anomalies = `anomalies?${WINDOW}`;
    // Which filters return within some of the iterations only the mini-sets tell.
    if (selection.zoom)
      found.detail = `correlation-detail?${WINDOW}&top={top}&quantity={topquantity}`;
    const single =
      this.sources.ready("correlation") &&
      selection.sliceclass !== null &&
      selection.sliceclass < this.classes &&
      !(this.sets()!.column[selection.sliceclass] >= 0);
    if (single)
      found.single = `correlation-filters?${WINDOW}&top={top}&quantity={topquantity}&class={sliceclass}`;
    return found;
  }

  /** Ask for whatever the selection needs and is not there; old answers stay meanwhile. */
  load(selection: Selection): void {
    this.only = selection.onlyanomalous;
    const templates = this.templates(selection);
    for (const name of namesOf(templates)) this.sources.ask(name, templates[name]!);
  }

  /** Return whether something that the selection needs has not come. */
  waiting(selection: Selection): boolean {
    return namesOf(this.templates(selection)).some((name) => this.sources.waiting(name));
  }

  /** Return what `make` gives, anew only where the key has changed. */
  once<Value>(name: string, key: readonly unknown[], make: () => Value): Value {
    const kept = this.made.get(name);
    if (kept && kept.key.length === key.length && kept.key.every((part, at) => part === key[at])) {
      return kept.value as Value; // what the same name has made before
    }
    const value = make();
    this.made.set(name, { key, value });
    return value;
  }

  /** Return the classes in the order that top and right share, the nearest to the front first. */
  order(): Int32Array {
    const given = this.sources.ready("order")?.arrays.order;
    const first = this.anomalous();
    return this.once("order", [given, this.classes, first], () => {
      const every =
        given?.length === this.classes
          ? given
          : Int32Array.from({ length: this.classes }, (_, id) => id);
      if (!first) return every;
      const isFirst = (id: number) => first.has(id);
      return Int32Array.of(...every.filter(isFirst), ...every.filter((id) => !isFirst(id)));
    });
  }

  /** Return the classes with an anomaly where the others are left out; null: all are shown. */
  private anomalous(): Set<number> | null {
    const answer = this.only ? this.sources.ready("anomalies") : null;
    const found = this.once("anomalous", [answer], () =>
      answer ? anomalousClasses(answer.arrays) : null,
    );
    // A cube of no classes would be none.
    return found?.size ? found : null;
  }

  /** Return how many classes are shown at most: the first ones of the order. */
  get shownClasses(): number {
    return this.anomalous()?.size ?? this.classes;
  }

  /** Return the place of every class in that order. */
  places(): Int32Array {
    const order = this.order();
    return this.once("places", [order], () => {
      const places = new Int32Array(order.length);
      order.forEach((id, at) => {
        places[id] = at;
      });
      return places;
    });
  }

  className(id: number): string {
    return this.sources.ready("errors")?.meta.names[id] ?? `class ${id}`;
  }

  /** Return the name without the words that all classes begin with: the edges are short. */
  shortClass(id: number): string {
    const names = this.sources.ready("errors")?.meta.names;
    const common = this.once("common", [names], () => commonWords(names || []));
    return this.className(id).slice(names ? common : 0);
  }

  /** Return the shown cells [first, after) of every dimension; iterations as columns of the axis. */
  ranges(
    selection: Pick<Selection, "layerrange" | "classrange">,
    axis: { view(): readonly [number, number] },
  ): Ranges {
    const within = (
      range: readonly [number, number] | null,
      count: number,
    ): [first: number, after: number] => {
      if (!range || range[0] >= count) return [0, count];
      return [range[0], Math.min(range[1] + 1, count)];
    };
    return {
      layers: within(selection.layerrange, this.layers.names.length),
      classes: within(selection.classrange, this.shownClasses),
      columns: axis.view(),
    };
  }

  /** Return the sets of the correlation in a form that slices are quickly made from, or null. */
  sets(): Sets | null {
    const answer = this.sources.ready("correlation");
    if (!answer) return null;
    return this.once("sets", [answer], () => setsOf(answer));
  }
}
