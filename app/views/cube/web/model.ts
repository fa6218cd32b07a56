// What the faces of the cube show: the answers of the data routes, ranges, and matrices of cells.
//
// The correlation's sets (layer, class, iteration) depend on the iteration alone, so that every slice
// is made here from one answer, without a request. In matrices of sets -1 stands where a class is not
// anomalous at the iteration, and 0 where it is but the layer holds none of the filters.

import {
  addressOf,
  anomalousClasses,
  type ChartKinds,
  commonWords,
  fetchArrays,
  fetched,
  type Selection,
  within,
} from "#app/web/index.ts";
import type { Ranges } from "./geometry.ts";

/** What the front is drawn from: L layers at T snapshots. */
export interface FrontAnswer {
  arrays: { values: Float32Array & { shape: number[] }; iteration: Int32Array<ArrayBuffer> };
  meta: Layers & { classes: number };
}
/** The layers of the run; `format` and `log` are of the front's measure. */
export interface Layers {
  names: string[];
  stages: string[];
  filters: number[];
  format?: "percent" | "integer" | "number";
  log?: boolean;
}
/** The correlation's sets: R layers, C classes, I iterations; see app/data/correlation.py. */
export interface SetArrays {
  layer: Int32Array;
  class: Int32Array;
  iteration: Int32Array;
  /** Columns of the front. */
  snapshot: Int32Array;
  /** class_iteration[class_start[c]..class_start[c + 1]) are places in `iteration`. */
  class_start: Int32Array;
  class_iteration: Int32Array;
  class_side: Uint8Array;
  class_images: Int32Array;
  /** [R, I] */
  holds: Uint8Array;
  /** [R, C], as the others below. */
  count: Int32Array;
  sets: Int32Array;
  members: Int32Array;
  usual: Float32Array;
  lift: Float32Array;
  q: Float32Array;
}
export interface SetMeta {
  /** Of the run, not of the grid: layers, classes and snapshots. */
  layers: number;
  classes: number;
  snapshots: number;
  reason: string | null;
  message: string;
  strongest?: [row: number, column: number][];
}
/** The sets with the row of each layer and the column of each class, -1 where it has none. */
export interface Sets extends SetArrays {
  row: Int32Array;
  column: Int32Array;
  meta: SetMeta;
  /** Iterations, and classes of the grid. */
  width: number;
  grid: number;
}
export interface Given<Arrays, Meta = object> {
  arrays: Arrays;
  meta: Meta;
}
/** Classes that lost or won images that are stable on one side, at columns of the top face. */
type Anomalies = {
  [Name in `${"left" | "right"}_${"class_id" | "snapshot" | "forgotten" | "learned"}`]: Int32Array;
} & { pending_class_id: Int32Array };
/** What the data routes answer, by the name it has here. */
export interface Answers {
  errors: Given<
    {
      iteration: Int32Array<ArrayBuffer>;
      /** [C, T], and the images of each class. */
      wrong: Int32Array & { shape: number[] };
      images: Int32Array;
      /** The column of each snapshot, where several share one. */
      column?: Int32Array<ArrayBuffer>;
    },
    { names: string[]; pooled?: number }
  >;
  order: Given<{ order: Int32Array }>;
  correlation: Given<SetArrays, SetMeta>;
  anomalies: Given<Anomalies>;
  detail: Given<{
    iteration: Int32Array;
    part_layer: Int32Array;
    part_size: Int32Array;
    presence_start: Int32Array;
    presence: Int32Array;
  }>;
  single: Given<{
    iteration: Int32Array;
    layer: Int32Array;
    /** at[at_start[f]..at_start[f + 1]) are places in `iteration`. */
    at_start: Int32Array;
    at: Int32Array;
  }>;
}
type Name = keyof Answers;
type Templates = { [Key in Name]?: string };
interface Source<Found> {
  address?: string;
  answer?: Found;
  waiting?: boolean;
}
type Sources = { [Key in Name]: Source<Answers[Key]> };
/** What was computed, and of what. */
interface Made {
  key: readonly unknown[];
  value: unknown;
}

const WINDOW = "k={k}&m={m}&share={share}&direction={direction}";
const CORRELATION = `correlation?${WINDOW}&top={top}&quantity={topquantity}`;
const orderOf = ({ classorder }: Selection): string =>
  `cube-order?order={classorder}${classorder === "peak" ? "&k={k}" : ""}`;

/** Return the templates of what a cube asks for first. */
export const aheadOfCube = ({ base, url }: ChartKinds["cube"], selection: Selection): string[] => [
  url,
  ...["class-error", orderOf(selection), CORRELATION].map((one) => `${base}/${one}`),
];

/** Return the largest corrected p-value of a cell that is more than chance. */
export const limitOf = ({ significance }: Pick<Selection, "significance">): number =>
  Number(significance) > 0 ? Number(significance) : 0.05;

const NAMES: Name[] = ["errors", "order", "correlation", "anomalies", "detail", "single"];
const namesOf = (templates: Templates): Name[] => NAMES.filter((name) => templates[name]);

export class Model {
  private readonly base: string;
  private readonly told: () => void;
  private readonly failed: (error: unknown) => void;
  private readonly sources: Sources;
  private readonly made: Map<string, Made>;
  layers: Layers;
  classes: number;
  /** Whether classes without an anomaly are left out. */
  private only = false;
  front?: { data: Float32Array; width: number; iterations: Int32Array<ArrayBuffer> };

  /** `told()` is called when something has come, `failed(error)` when it could not. */
  constructor(base: string, told: () => void, failed: (error: unknown) => void) {
    this.base = base;
    this.told = told;
    this.failed = failed;
    this.sources = {
      errors: {},
      order: {},
      correlation: {},
      anomalies: {},
      detail: {},
      single: {},
    };
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
      errors: within("class-error", this.ready("errors")?.arrays.column ? selection.zoom : null),
      order: orderOf(selection),
      correlation: CORRELATION,
    };
    if (selection.cubetop === "anomalies" || selection.onlyanomalous)
      found.anomalies = `anomalies?${WINDOW}`;
    // Which filters return within some of the iterations only the mini-sets tell.
    if (selection.zoom)
      found.detail = `correlation-detail?${WINDOW}&top={top}&quantity={topquantity}`;
    const single =
      this.ready("correlation") &&
      selection.sliceclass !== null &&
      selection.sliceclass < this.classes &&
      this.columnOfClass(selection.sliceclass) < 0;
    if (single)
      found.single = `correlation-filters?${WINDOW}&top={top}&quantity={topquantity}&class={sliceclass}`;
    return found;
  }

  /** Ask for whatever the selection needs and is not there; old answers stay meanwhile. */
  load(selection: Selection): void {
    this.only = selection.onlyanomalous;
    const templates = this.templates(selection);
    for (const name of namesOf(templates)) this.ask(name, `${this.base}/${templates[name]}`);
  }

  private ask<Key extends Name>(name: Key, template: string): void {
    const address = addressOf(template);
    const source: Source<Answers[Key]> = this.sources[name];
    if (source.address === address) return;
    const there = fetched<Answers[Key]>(address);
    if (there) {
      this.keep(name, { address, answer: there });
      return;
    }
    this.keep(name, { ...source, address, waiting: true });
    const current = () => this.sources[name].address === address;
    fetchArrays<Answers[Key]>(address).then(
      (answer) => current() && this.came(name, { address, answer }),
      (error) => {
        if (!current()) return;
        this.keep(name, { answer: source.answer }); // so that the next load tries again
        this.failed(error);
      },
    );
  }

  private keep<Key extends Name>(name: Key, source: Source<Answers[Key]>): void {
    Object.assign(this.sources, { [name]: source });
  }

  private came<Key extends Name>(name: Key, source: Source<Answers[Key]>): void {
    this.keep(name, source);
    this.told();
  }

  ready<Key extends Name>(name: Key): Answers[Key] | null {
    return this.sources[name].answer || null;
  }

  /** Return the answer to what is asked for now, or null; `ready` may still hold the one before. */
  current<Key extends Name>(name: Key): Answers[Key] | null {
    const source: Source<Answers[Key]> = this.sources[name];
    return !source.waiting ? source.answer || null : null;
  }

  /** Return whether something that the selection needs has not come. */
  waiting(selection: Selection): boolean {
    return namesOf(this.templates(selection)).some((name) => this.sources[name].waiting);
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
    const given = this.ready("order")?.arrays.order;
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
    const answer = this.only ? this.ready("anomalies") : null;
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
    return this.ready("errors")?.meta.names[id] ?? `class ${id}`;
  }

  /** Return the name without the words that all classes begin with: the edges are short. */
  shortClass(id: number): string {
    const names = this.ready("errors")?.meta.names;
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
    const answer = this.ready("correlation");
    if (!answer) return null;
    return this.once("sets", [answer], () => {
      const { arrays, meta } = answer;
      const row = new Int32Array(meta.layers).fill(-1);
      arrays.layer.forEach((layer, at) => {
        row[layer] = at;
      });
      const column = new Int32Array(meta.classes).fill(-1);
      arrays.class.forEach((id, at) => {
        column[id] = at;
      });
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

  columnOfClass(id: number): number {
    return this.sets()?.column[id] ?? -1;
  }

  /** Return the entries [from, to) of a class's anomalous iterations in class_iteration. */
  entries(id: number): [from: number, to: number] {
    const sets = this.sets();
    const at = sets ? (sets.column[id] ?? -1) : -1;
    return !sets || at < 0 ? [0, 0] : [sets.class_start[at], sets.class_start[at + 1]];
  }

  /** Return how many filters of a layer the set of a moment (index of sets.iteration) holds. */
  held(layer: number, moment: number): number {
    const sets = this.sets();
    if (!sets) return 0;
    const row = sets.row[layer];
    return row < 0 ? 0 : sets.holds[row * sets.width + moment];
  }

  /** Return the moment of an iteration, -1 where no class of the grid is anomalous. */
  momentOf(iteration: number): number {
    return this.sets()?.iteration.indexOf(iteration) ?? -1;
  }
}
