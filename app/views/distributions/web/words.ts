// What the page of distributions says: tooltips, how many charts there are, what their marks mean.

import {
  density,
  histogramLook as look,
  make,
  numbers,
  type Selection,
  type HistogramSpread as Spread,
  type TooltipLine,
} from "#app/web/index.ts";
import type { NodesMeta, PieceMeta } from "./types.ts";

const { integer, number, percent, plural } = numbers;
const MOST_NAMES = 4;
const KINDS: Record<string, [string, string]> = {
  layer: ["layer", "layers"],
  block: ["block", "blocks"],
  stage: ["stage", "stages"],
};

/** What the page shows of the network. */
export interface Shown {
  meta: NodesMeta;
  selection: Selection;
  shown: number;
  piece: PieceMeta | null;
  names: readonly [own: string, other: string | null];
  odd: boolean;
  /** Whether a shown run did not record what snapshots are to lie over. */
  unknown: boolean;
}

export const nameOf = (name: string): string => name || "the whole network";

/** Return the lines about a bin: its edges, how many numbers lie in it. */
export function binLines(
  spread: Spread,
  at: number,
  edges: readonly number[],
  value: number,
): TooltipLine[] {
  const bin = density.binOf(edges, value);
  const place = bin - spread.first;
  const row = spread.count.subarray(at * spread.bins, (at + 1) * spread.bins);
  let whole = 0;
  for (const count of row) whole += count;
  const count = place >= 0 && place < spread.bins ? row[place] : 0;
  return [
    ["bin from", number(density.edgeAt(edges, bin))],
    ["to below", number(density.edgeAt(edges, bin + 1))],
    ["numbers in it", `${integer(count)} of ${integer(whole)}`],
    ["share", percent(whole ? count / whole : NaN)],
  ];
}

/** Return the lines about the percentiles of a snapshot, the greatest first. */
export function percentileLines(
  spread: Spread,
  at: number,
  percentiles: readonly number[],
): TooltipLine[] {
  const snapshots = spread.iteration.length;
  const titles = ["least", ...percentiles.map((share) => `${Math.round(share)} %`), "greatest"];
  return titles
    .map((title, row): TooltipLine => [title, number(spread.percentile[row * snapshots + at])])
    .reverse();
}

/** Return the line that says that some numbers are none. */
export function oddLines(spread: Spread, at: number): TooltipLine[] {
  const said = ["", "NaN", "Inf", "NaN and Inf"][spread.odd[at]];
  return said ? [["among the numbers", said]] : [];
}

/** Return how many numbers a node holds, and of how many layers. */
export function sizeOf(parameters: number, layers: number): string {
  const size = plural(parameters, "number", "numbers");
  return layers > 1 ? `${size} · ${plural(layers, "layer", "layers")}` : size;
}

/** Return how many charts there are, and what of the second run has none. */
export function count({ meta, names, piece, selection, shown }: Shown): string {
  const { distributionlevel: level } = selection;
  const { kind } = meta.levels[level];
  const parts: string[] = [];
  if (level !== "network") {
    const [one, many] = kind.every((own) => own === kind[0]) ? KINDS[kind[0]] : ["part", "parts"];
    parts.push(
      shown === kind.length
        ? plural(shown, one, many)
        : `${integer(shown)} of ${plural(kind.length, one, many)}`,
    );
    if (level !== "layer" && kind.every((own) => own === "layer"))
      parts.push(`this network has no ${KINDS[level][1]} of several layers: its layers are shown`);
  }
  if (piece?.lone && piece.alone) {
    names.forEach((name, run) => {
      const [lone, alone] = [piece.lone![run], piece.alone![run]];
      if (!lone) return;
      const more = lone > MOST_NAMES ? ` and ${integer(lone - MOST_NAMES)} more` : "";
      parts.push(`only in ${name}: ${alone.slice(0, MOST_NAMES).map(nameOf).join(", ")}${more}`);
    });
  }
  return parts.join(" · ");
}

const swatch = (colour: string, kind = ""): HTMLElement => {
  const made = make("span", `distributions-swatch ${kind}`.trim());
  made.style.background = `var(${colour})`;
  return made;
};

/** Say in `holder` which colour is whose, and what the marks mean. */
export function key(holder: Element, { names, odd, selection, unknown }: Shown): void {
  const parts: Node[] = [];
  if (names[1] !== null) {
    names.forEach((name, run) => {
      parts.push(make("span", "", swatch(look.RUNS[run]), name ?? ""));
    });
  }
  parts.push(make("span", "", MEANINGS[selection.distributionmode] ?? MEANINGS.offset));
  if (unknown)
    parts.push(make("span", "", "Over iterations: the log does not say when all snapshots were"));
  if (odd && selection.distributionmode !== "overlay")
    parts.push(make("span", "", swatch("--dt-alarm", "distributions-odd"), "NaN or Inf"));
  holder.replaceChildren(...parts);
}

const MEANINGS: Record<string, string> = {
  offset: "Newest in front · height: share of the numbers, every chart on its own scale",
  overlay: "Strongest: newest · height: share of the numbers, every chart on its own scale",
  percentiles:
    "Line: median · bands: 31 to 69, 16 to 84, 7 to 93 %, right to within a bin · palest: least to greatest, exact",
};
