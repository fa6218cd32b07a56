// What the nodes are coloured by: one statistic of every layer over time.

import {
  addressOf,
  type ChartKinds,
  colours,
  isRatio,
  LastAnswer,
  type Matrix,
  type Scale,
  type Selection,
} from "#app/web/index.ts";
import type { Floats } from "./types.ts";

interface Answered {
  arrays: { value: Matrix<Floats> };
  meta: object;
}

const templateOf = (base: string, { measure, statistic }: Selection): string =>
  `${base}/layer-values?measure=${measure}&statistic=${isRatio(measure) ? "l2" : statistic}`;

/** Return the templates of what a graph asks for first: itself and its colours. */
export const aheadOfGraph = (
  { base, url }: ChartKinds["networkgraph"],
  selection: Selection,
): string[] => [url, templateOf(base, selection)];

export class Values {
  private readonly base: string;
  private readonly asking: LastAnswer<Answered>;
  private scaled: { of: Answered | null; key: string; scale: Scale } | null = null;

  /** `came(error)` is called when something has come, or failed. */
  constructor(base: string, came: (error: unknown) => void) {
    this.base = base;
    const asker = { invalidate: () => came(null), failed: came };
    this.asking = new LastAnswer<Answered>(asker);
  }

  /** Ask for what a selection shows, where that was not done; say whether all of it is there. */
  ask(selection: Selection): boolean {
    this.asking.askNow(addressOf(templateOf(this.base, selection)));
    return !this.asking.waiting && this.asking.value !== null;
  }

  private row(layer: number): Floats | null {
    const value = this.asking.value?.arrays.value;
    if (!value) return null;
    const [layers, snapshots] = value.shape;
    return layer < layers ? value.subarray(layer * snapshots, (layer + 1) * snapshots) : null;
  }

  /**
   * Return the value of layers at a snapshot: their mean, the largest or the least of those that are
   * numbers; NaN where there is none, or it has not come.
   */
  of(layers: readonly number[], snapshot: number, how = "mean"): number {
    const known = layers.map((layer) => this.row(layer)?.[snapshot] ?? NaN).filter(Number.isFinite);
    if (!known.length) return NaN;
    if (how === "largest") return Math.max(...known);
    if (how === "least") return Math.min(...known);
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  }

  /** Return the scale of the colours: the same at all snapshots. */
  scale({ scale: kind }: Selection): Scale {
    const key = `${kind} ${colours.isDark()}`;
    const of = this.asking.value;
    if (this.scaled?.key === key && this.scaled.of === of) return this.scaled.scale;
    const fitted = colours.fit(of?.arrays.value ?? [], { log: kind !== "linear" });
    const palette = fitted.signed ? "diverging" : "magnitude";
    const scale = colours.scale({ ...fitted, palette });
    this.scaled = { of, key, scale };
    return scale;
  }
}
