// What the layer view says in words: names of what is shown, the key above the rows, the tooltip.

import {
  catalogue,
  colours,
  isRatio,
  manyOf,
  numbers,
  type Selection,
  type TooltipLine,
} from "#app/web/index.ts";
import * as layerEncodings from "./encodings.ts";
import type { Network } from "./network.ts";
import type { NodeValues, Seen, Span, TreeMeta } from "./types.ts";
import { layerQueries } from "./values.ts";

/** What the key tells of. */
interface Explained {
  selection: Selection;
  /** The ends of the scale that all rows share, in words; null: each has its own. */
  ends: string[] | null;
  /** The kind of that scale. */
  kind: string | undefined;
  seen: Seen;
  meta: TreeMeta;
}
/** What the tooltip tells of: a snapshot of a node. */
interface Pointed extends Pick<TreeMeta, "edges" | "thresholds" | "decades"> {
  selection: Selection;
  data: NodeValues;
  /** The snapshot's place in the arrays. */
  at: number;
  iteration: number;
  /** -1: not yet; undefined: not known. */
  settled: number | undefined;
  /** How high in its row the pointer is, 0 (bottom) to 1. */
  share: number;
  /** The bins that the row shows, where it shows any. */
  span: Span | false | null;
}

const statisticWords = (name: string) => catalogue().statistics[name]?.label ?? name;

/** Return what the rows show, for instance "standard deviation of the weights". */
export function subject({ measure, statistic }: Selection): string {
  if (measure === "ratio") return "‖update‖ / ‖weight‖ of one step";
  if (isRatio(measure)) return "‖update‖ / ‖weight‖ of one step / learning rate";
  return `${statisticWords(statistic)} of the ${manyOf(measure)}`;
}

export const format = ({ measure, statistic }: Selection) =>
  (!isRatio(measure) && catalogue().statistics[statistic]?.format) || "number";

function swatch(kind: string, text: string, colour?: string): HTMLElement {
  const part = document.createElement("span");
  part.className = "layers-key-part";
  const sample = document.createElement("span");
  sample.className = `layers-sample layers-sample-${kind}`;
  if (colour) sample.style.background = colour;
  part.append(sample, text);
  return part;
}

function note(text: string): HTMLElement {
  const part = document.createElement("span");
  part.className = "layers-key-note";
  part.textContent = text;
  return part;
}

const ENCODINGS: Record<string, (about: Pick<Explained, "selection" | "meta">) => HTMLElement[]> = {
  line: ({ selection }) => {
    const parts = [swatch("line", subject(selection))];
    if (layerQueries.hasEnvelope(selection)) {
      parts.push(swatch("envelope", "minimum to maximum"));
    }
    if (layerQueries.hasDeviation(selection))
      parts.push(swatch("deviation", "mean ± one standard deviation"));
    if (selection.measure === "ratio") parts.push(swatch("healthy", "healthy: near 1e−3"));
    return parts;
  },
  box: ({ selection }) => [
    swatch("median", "median"),
    swatch("box", "quartiles"),
    swatch("envelope", "minimum to maximum"),
    note(
      isRatio(selection.measure)
        ? "of the updates"
        : `of the ${manyOf(selection.measure)}; blocks, stages and network: from the merged histogram`,
    ),
  ],
  horizon: ({ selection }) => [
    swatch("horizon-1", ""),
    swatch("horizon-2", ""),
    swatch("horizon-3", `${subject(selection)}, folded at each third of the scale`),
    swatch("horizon-below", "below 0"),
  ],
  bands: ({ meta }) => {
    const colours = layerEncodings.bandColours(meta.thresholds.length + 1);
    const rising = [...meta.thresholds].reverse();
    const words = rising.map((threshold) => `≤ ${numbers.tick("number", threshold)}`);
    return [
      note("share of parameters with |update| / |weight|"),
      ...[...words, `> ${numbers.tick("number", rising.at(-1))}`].map((text, at) =>
        swatch("band", text, colours[at]),
      ),
    ];
  },
  histogram: ({ selection }) => [
    note(
      `how the ${isRatio(selection.measure) ? "updates" : manyOf(selection.measure)} spread: up positive, down negative, 4 bins a decade`,
    ),
    swatch("few", "few"),
    swatch("many", "many (log)"),
  ],
};

/** Fill the key: what is drawn, on which scale, and what the marks mean. */
export function explain(holder: HTMLElement, about: Explained): void {
  const { selection, ends, kind, seen, meta } = about;
  const key = JSON.stringify([
    selection.encoding,
    selection.measure,
    selection.statistic,
    selection.scale,
    ends,
    kind,
    seen,
    colours.isDark(),
  ]);
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  const parts = (ENCODINGS[selection.encoding] || ENCODINGS.line)({ selection, meta });
  if (ends && selection.encoding !== "bands") {
    const name =
      selection.encoding === "histogram"
        ? ""
        : `, ${kind}${kind === "symlog" && selection.scale === "log" ? " (there are values below 0)" : ""}`;
    parts.push(note(`all rows: ${[...new Set(ends)].join(" to ")}${name}`));
  } else if (selection.encoding !== "bands") {
    parts.push(note("each row has its own scale"));
  }
  parts.push(swatch("settled", "converged"));
  if (seen.odd)
    parts.push(
      swatch(
        "odd",
        {
          1: "NaN among the numbers",
          2: "Inf among the numbers",
          3: "NaN or Inf among the numbers",
        }[seen.odd]!,
      ),
    );
  if (seen.missing) parts.push(swatch("missing", "no value"));
  holder.replaceChildren(...parts);
}

/** Say how many of the layers have converged; `missed`: what was not recorded to tell. */
export function count(
  holder: HTMLElement,
  network: Network,
  settled: ArrayLike<number> | null,
  missed?: string,
): void {
  const layers = [...network.nodeOfLayer.values()];
  const done = settled ? layers.filter((node) => settled[node] >= 0).length : 0;
  const { integer } = numbers;
  const all = layers.length;
  const text = missed
    ? `not recorded: ${missed}`
    : !settled
      ? ""
      : !done
        ? "no layer has converged"
        : done < all
          ? `${integer(done)} of ${integer(all)} layers ${done === 1 ? "has" : "have"} converged`
          : all === 1
            ? "it has converged"
            : `all ${integer(all)} layers have converged`;
  if (holder.textContent !== text) holder.textContent = text;
}

const ODD = ["none", "NaN", "Inf", "NaN and Inf"];

/** Return the lines of the tooltip over a row. */
export function lines({
  selection,
  data,
  at,
  iteration,
  settled,
  share,
  span,
  edges,
  thresholds,
  decades,
}: Pointed): TooltipLine[] {
  const { as, integer, tick, percent } = numbers;
  const found: TooltipLine[] = [[`iteration ${integer(iteration)}`]];
  const { encoding } = selection;
  if (encoding === "bands" && data.bands) {
    const [kinds, width] = data.bandShape!;
    for (let band = 0; band < kinds; band++) {
      found.push([
        `changed by at most ${tick("number", thresholds[band])}`,
        percent(data.bands[band * width + at]),
      ]);
    }
  } else if (encoding === "histogram" && data.histogram && span) {
    const bin = Math.min(span[1] - 1, Math.floor(span[0] + share * (span[1] - span[0])));
    const code = data.histogram[bin * (data.histogram.length / data.binCount!) + at];
    const [low, high] = [edges[bin - 1] ?? -Infinity, edges[bin] ?? Infinity];
    found.push(
      [`from ${tick("number", low)} to`, tick("number", high)],
      ["share, about", code ? percentOf(10 ** ((code - 1) * (decades / 254) - decades)) : "0"],
    );
  } else {
    found.push([subject(selection), as(format(selection), data.value[at])]);
  }
  if (data.minimum && (encoding === "box" || (encoding === "line" && data.envelope))) {
    if (data.deviation) found.push([statisticWords("std"), as("number", data.deviation[at])]);
    for (const name of ["maximum", "q3", "median", "q1", "minimum"] as const) {
      if (data[name]) found.push([statisticWords(name), as("number", data[name]![at])]);
    }
  }
  if (at > 0 && !["bands", "histogram"].includes(encoding))
    found.push(["one snapshot before", as(format(selection), data.value[at - 1])]);
  if (data.odd?.[at]) found.push(["not finite", ODD[data.odd[at]]]);
  if (settled !== undefined)
    found.push(["converged from", settled < 0 ? "not yet" : integer(settled)]);
  return found;
}

const percentOf = (share: number) => `${Number((share * 100).toPrecision(2))} %`;
