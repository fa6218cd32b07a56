// What the nodes are coloured by: one statistic of every layer over time, from the layer view's
// route, in the pieces that that view asks for, so that the browser may have them already.

import {
  addressOf,
  colours,
  fetchArrays,
  isRatio,
  LastAnswer,
  type Matrix,
  type Scale,
  type Selection,
} from "#app/web/index.ts";
import type { Graph } from "./graph.ts";
import type { Floats, GraphMeta } from "./types.ts";

interface Piece {
  arrays: { value: Matrix<Floats> };
  meta: object;
}

export class Values {
  private readonly base: string;
  private readonly asking: LastAnswer<Piece[]>;
  private places = new Int32Array();
  private size = 1;
  private count = 0;
  private scaled: { pieces: Piece[] | null; key: string; scale: Scale } | null = null;

  /** `came(error)` is called when something has come, or failed. */
  constructor(base: string, came: (error: unknown) => void) {
    this.base = base;
    const asker = { invalidate: () => came(null), failed: came };
    this.asking = new LastAnswer<Piece[]>(asker, (address) => this.fetch(address));
  }

  /** Ask for what a selection shows, where that was not done; say whether all of it is there. */
  ask(graph: Graph, { measure, statistic }: Selection): boolean {
    this.take(graph.meta);
    const query = `measure=${measure}&statistic=${isRatio(measure) ? "l2" : statistic}`;
    this.asking.ask(addressOf(`${this.base}/layer-rows?${query}`));
    return !this.asking.waiting && this.asking.value !== null;
  }

  private take({ order, piece, places }: GraphMeta): void {
    const at = new Int32Array(order.length);
    order.forEach((node, place) => {
      at[node] = place;
    });
    this.places = Int32Array.from(places, (node) => at[node]);
    this.size = piece;
    this.count = Math.ceil(order.length / piece);
  }

  private fetch(address: string): Promise<Piece[]> {
    const [path, query] = address.split("?");
    // As the layer view has them, the version last.
    const [asked, version] = query.split("&v=");
    const end = version === undefined ? "" : `&v=${version}`;
    const pieces = Array.from({ length: this.count }, (_, index) => {
      const [from, to] = [index * this.size, (index + 1) * this.size];
      return fetchArrays<Piece>(`${path}?${asked}&from=${from}&to=${to}${end}`);
    });
    return Promise.all(pieces);
  }

  private row(layer: number): Floats | null {
    const place = this.places[layer];
    const found = this.asking.value?.[Math.floor(place / this.size)]?.arrays.value;
    if (!found) return null;
    const [, snapshots] = found.shape;
    const start = (place % this.size) * snapshots;
    return found.subarray(start, start + snapshots);
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
    const pieces = this.asking.value;
    if (this.scaled?.key === key && this.scaled.pieces === pieces) return this.scaled.scale;
    const every: number[] = [];
    this.places.forEach((_, layer) => {
      for (const value of this.row(layer) ?? []) every.push(value);
    });
    const fitted = colours.fit(every, { log: kind !== "linear" });
    const palette = fitted.signed ? "diverging" : "magnitude";
    const scale = colours.scale({ ...fitted, palette });
    this.scaled = { pieces, key, scale };
    return scale;
  }
}
