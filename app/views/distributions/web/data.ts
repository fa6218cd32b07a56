// What is known of the nodes of a level: asked for by pieces when one of their charts comes in sight.

import {
  type Answer,
  addressOf,
  type ChartKinds,
  fetchArrays,
  fetched,
  histogramTimes,
  live,
  type PairArrays,
  type Selection,
  spreads,
} from "#app/web/index.ts";
import type { NodeSpreads, PieceMeta } from "./types.ts";

type Piece = Answer<PieceMeta, PairArrays>;
/** An answer that came or is under way; what was asked and failed is asked again. */
interface Known {
  address: string;
  piece: Piece | null;
  /** Whether it is what was asked for last. */
  fresh: boolean;
}

const MOST = 60; // pieces that are remembered

/** Return whether a second run is chosen: an address may say anything. */
const hasOther = ({ run }: ChartKinds["distributions"], { otherrun }: Selection): boolean =>
  /^\d{1,9}$/.test(otherrun) && Number(otherrun) !== run;

/** Return what is asked for of a piece, at most `columns` snapshots of it. */
function queryOfPiece(selection: Selection, piece: number, columns: number): string {
  const { distributionlevel: level, distributionquantity: quantity, zoom } = selection;
  const given = [`quantity=${quantity}`, `level=${level}`, `piece=${piece}`, `columns=${columns}`];
  if (zoom) given.push(`from=${zoom[0]}`, `to=${zoom[1]}`);
  return given.join("&");
}

/** Return the templates of the first pieces, of a run that is compared with no other. */
export function aheadOfPieces(
  options: ChartKinds["distributions"],
  selection: Selection,
  pieces: number,
  columns: number,
): string[] {
  if (hasOther(options, selection)) return [];
  return Array.from(
    { length: pieces },
    (_, piece) => `${options.base}/distributions?${queryOfPiece(selection, piece, columns)}`,
  );
}

/** Return the address of a piece. */
export function addressOfPiece(
  options: ChartKinds["distributions"],
  selection: Selection,
  piece: number,
  columns: number,
): string {
  const asked = queryOfPiece(selection, piece, columns);
  if (!hasOther(options, selection)) return addressOf(`${options.base}/distributions?${asked}`);
  // Of two runs: asked for anew where this one has grown.
  const version = live.versionOf(`${options.base}/`);
  const runs = `runs=${options.run},${selection.otherrun}`;
  return `${options.compare}?${runs}&${asked}${version === null ? "" : `&v=${version}`}`;
}

export class PieceData {
  declare private readonly options: ChartKinds["distributions"];
  declare private readonly came: (error: unknown) => void;
  /** By what was asked but for version, range and columns: the old is shown until the new comes. */
  declare private readonly known: Map<string, Known>;
  /** The choices that were asked for last: what fails of others is nobody's concern. */
  declare private wanted: string;

  /** `came(error)` is called whenever a piece has come, or failed. */
  constructor(options: ChartKinds["distributions"], came: (error: unknown) => void) {
    this.options = options;
    this.came = came;
    this.known = new Map();
    this.wanted = "";
  }

  /** Return what is known of a node of the level; null where nothing has come yet. */
  of(selection: Selection, node: number, size: number, columns: number): NodeSpreads | null {
    const piece = Math.floor(node / size);
    const { distributionlevel, distributionquantity, otherrun } = selection;
    this.wanted = [distributionlevel, distributionquantity, otherrun].join(" ");
    const key = `${this.wanted} ${piece} ${columns}`;
    const address = addressOfPiece(this.options, selection, piece, columns);
    const known = this.known.get(key);
    if (known?.address !== address) this.ask(key, address, known?.piece ?? null);
    const found = this.known.get(key);
    const { distributionx } = selection;
    return found?.piece ? spreadsOf(found.piece, node % size, found.fresh, distributionx) : null;
  }

  private ask(key: string, address: string, before: Piece | null): void {
    const there = fetched<Piece>(address);
    this.known.delete(key);
    this.known.set(key, { address, piece: there ?? before, fresh: there !== null });
    for (const old of this.known.keys()) {
      if (this.known.size <= MOST) break;
      this.known.delete(old);
    }
    if (there) return;
    fetchArrays<Piece>(address).then(
      (piece) => {
        const entry = this.known.get(key);
        if (entry?.address !== address) return;
        entry.piece = piece;
        entry.fresh = true;
        this.came(null);
      },
      (error) => {
        if (this.known.get(key)?.address !== address) return;
        this.known.delete(key);
        if (key.startsWith(`${this.wanted} `)) this.came(error);
      },
    );
  }
}

function spreadsOf({ arrays, meta }: Piece, at: number, fresh: boolean, kind: string): NodeSpreads {
  const other = meta.matched?.[at] ? spreads.otherOf(arrays) : null;
  // Over what all shown runs have recorded.
  const known = [arrays, ...(other ? [other] : [])].every(({ iteration, clock }) =>
    histogramTimes.placesOf(kind, iteration, clock),
  );
  const over = known ? kind : "iteration";
  return {
    own: spreads.spreadOf(arrays, meta.first, at, over),
    other: other && spreads.spreadOf(other, meta.first, at, over),
    meta,
    at,
    fresh,
  };
}
