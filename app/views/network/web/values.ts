// What the nodes are coloured by: one statistic of every layer over time, from the layer view's
// route, in the pieces that that view asks for, so that the browser may have them already.

import {
  addressOf,
  colours,
  fetchArrays,
  isRatio,
  type Matrix,
  type Scale,
  type Selection,
} from "#app/web/index.ts";
import type { Graph } from "./graph.ts";
import type { Floats } from "./types.ts";

interface Piece {
  arrays: { value: Matrix<Floats> };
}

export class Values {
  private readonly base: string;
  private readonly came: (error: unknown) => void;
  private pieces: (Piece | null)[] = [];
  /** What is there, and what it is of. */
  private shown = "";
  private asked = "";
  private places = new Int32Array();
  private size = 1;
  private scaled: { key: string; scale: Scale } | null = null;
  private arrived = 0;

  /** `came(error)` is called when something has come, or failed. */
  constructor(base: string, came: (error: unknown) => void) {
    this.base = base;
    this.came = came;
  }

  /** Ask for what a selection shows, where that was not done; say whether all of it is there. */
  ask(graph: Graph, { measure, statistic }: Selection): boolean {
    const { order, piece, places } = graph.meta;
    const query = `measure=${measure}&statistic=${isRatio(measure) ? "l2" : statistic}`;
    const key = addressOf(`${this.base}/layer-rows?${query}`);
    if (key !== this.asked) {
      this.asked = key;
      const at = new Int32Array(order.length);
      order.forEach((node, place) => {
        at[node] = place;
      });
      const wanted = Int32Array.from(places, (node) => at[node]);
      const count = Math.ceil(order.length / piece);
      const addresses = Array.from({ length: count }, (_, index) =>
        addressOf(
          `${this.base}/layer-rows?${query}&from=${index * piece}&to=${(index + 1) * piece}`,
        ),
      );
      Promise.all(addresses.map((address) => fetchArrays<Piece & { meta: object }>(address))).then(
        (pieces) => key === this.asked && this.take(key, pieces, wanted, piece),
        (error) => key === this.asked && this.came(error),
      );
    }
    return this.shown === key;
  }

  private take(key: string, pieces: Piece[], places: Int32Array<ArrayBuffer>, size: number): void {
    Object.assign(this, { pieces, places, size, shown: key });
    this.arrived += 1;
    this.came(null);
  }

  /** Return the value of a layer at a snapshot; NaN where there is none, or it has not come. */
  of(layer: number | undefined, snapshot: number): number {
    if (layer === undefined || snapshot < 0) return NaN;
    const place = this.places[layer];
    const found = this.pieces[Math.floor(place / this.size)]?.arrays.value;
    return found ? found[(place % this.size) * found.shape[1] + snapshot] : NaN;
  }

  /** Return the scale of the colours: the same at all snapshots. */
  scale({ scale: kind }: Selection): Scale {
    const key = `${this.arrived} ${kind} ${colours.isDark()}`;
    if (this.scaled?.key === key) return this.scaled.scale;
    const every: number[] = [];
    for (const place of this.places) {
      const found = this.pieces[Math.floor(place / this.size)]?.arrays.value;
      const start = (place % this.size) * (found?.shape[1] ?? 0);
      if (found) every.push(...found.subarray(start, start + found.shape[1]));
    }
    const fitted = colours.fit(every, { log: kind !== "linear" });
    const palette = fitted.signed ? "diverging" : "magnitude";
    const scale = colours.scale({ ...fitted, palette });
    this.scaled = { key, scale };
    return scale;
  }
}
