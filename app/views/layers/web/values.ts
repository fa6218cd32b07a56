// The numbers of the network's nodes: asked for in pieces of the tree, when they come into sight.

import { addressOf, isActivation, isRatio, Pieces, type Selection } from "#app/web/index.ts";
import type { PieceOrder, Routes } from "./types.ts";

type Route = keyof Routes;
type AnyPiece = Routes[Route];
type Shown = Pick<Selection, "measure" | "statistic">;

/** Return the template of a piece of `size` nodes. */
export function templateOf(
  base: string,
  kind: Route,
  query: string,
  piece: number,
  size: number,
): string {
  const from = piece * size;
  return `${base}/${kind}?${query}&from=${from}&to=${from + size}`;
}

export class LayerValues {
  declare private readonly base: string;
  declare private readonly pieces: Pieces<AnyPiece>;
  declare private readonly last: Map<string, AnyPiece>;
  declare private size: number;
  declare private places: Int32Array | null;

  /** `base` is "/data/run/3", `piece` the nodes of one answer; `changed(error)` is called whenever a piece has come, or failed. */
  constructor(base: string, piece: number, changed: (error: unknown) => void) {
    this.base = base;
    this.pieces = new Pieces(changed);
    this.last = new Map(); // the same without the version -> data, to show meanwhile
    this.size = piece;
    this.places = null; // of the nodes in the order of the pieces
  }

  /** Take over meta of layer-tree: which nodes are in which piece. */
  setOrder({ order, piece }: PieceOrder): void {
    this.size = piece;
    this.places = new Int32Array(order.length);
    order.forEach((node, place) => (this.places![node] = place));
  }

  /** Whether a piece has ever come. */
  knows(kind: Route, query: string, node: number): boolean {
    return this.last.has(this.template(kind, query, Math.floor(this.places![node] / this.size)));
  }

  private template(kind: Route, query: string, piece: number): string {
    return templateOf(this.base, kind, query, piece, this.size);
  }

  /** Return {data, fresh} of a piece, or null; asks for it where that was not done. */
  private piece<Kind extends Route>(
    kind: Kind,
    query: string,
    piece: number,
  ): { data: Routes[Kind]; fresh: boolean } | null {
    const template = this.template(kind, query, piece);
    const data = this.pieces.of(addressOf(template)) as Routes[Kind] | null;
    if (data) {
      this.last.set(template, data);
      return { data, fresh: true };
    }
    const before = this.last.get(template);
    return before ? { data: before as Routes[Kind], fresh: false } : null;
  }

  /** Return {arrays, meta, at, fresh}: node `at` of the arrays; null where it has not come yet. */
  of<Kind extends Route>(
    kind: Kind,
    query: string,
    node: number,
  ): (Routes[Kind] & { at: number; fresh: boolean }) | null {
    const place = this.places ? this.places[node] : 0;
    const found = this.piece(kind, query, Math.floor(place / this.size));
    return found && { ...found.data, at: place % this.size, fresh: found.fresh };
  }

  /** Forget addresses of old versions: what is shown meanwhile is in `last`. */
  tidy(): void {
    if (this.last.size > 400) this.last.clear();
  }
}

const QUARTILES = ["q1", "median", "q3"];

/** Return the query of the rows that a selection shows. */
function rowsQuery({ measure, statistic }: Shown): string {
  // Quartiles are with the shapes; the rows then give the extremes.
  const wanted = isRatio(measure) ? "l2" : QUARTILES.includes(statistic) ? "mean" : statistic;
  return `measure=${measure}&statistic=${wanted}`;
}
export const layerQueries = {
  rows: rowsQuery,
  extremes: ({ measure }: Shown) => `measure=${measure}`,
  shapes: ({ measure }: Shown) => `measure=${measure}`,
  /** Whether the statistic is a quartile, which comes with the shapes. */
  isQuartile: ({ measure, statistic }: Shown) => !isRatio(measure) && QUARTILES.includes(statistic),
  /** Whether the extremes lie around what is shown. */
  hasEnvelope: ({ measure, statistic }: Shown) =>
    !isRatio(measure) && !isActivation(measure) && ["mean", ...QUARTILES].includes(statistic),
  /** Whether one standard deviation lies around what is shown. */
  hasDeviation: ({ measure, statistic, encoding }: Shown & Pick<Selection, "encoding">) =>
    encoding === "line" && statistic === "mean" && !isRatio(measure) && !isActivation(measure),
  deviations: ({ measure }: Shown) => `measure=${measure}&statistic=std`,
};

/** An array of which parts can be shown. */
export interface Rows<Kind> {
  shape: number[];
  subarray(from: number, to: number): Kind;
}

/** Return row `at` of a matrix [n, T], or plane `at` of [n, K, T], without copying. */
export const rowOf = <Kind>(array: Rows<Kind>, at: number): Kind => {
  const size = array.shape.slice(1).reduce((product, side) => product * side, 1);
  return array.subarray(at * size, (at + 1) * size);
};
