// One row of the small multiples: on which scale, in which encoding, with which marks and words.

import {
  type Chart,
  isActivation,
  isRatio,
  numbers,
  type Place,
  powers,
  roundTicks,
  type Selection,
} from "#app/web/index.ts";
import * as layerEncodings from "./encodings.ts";
import * as layerMarks from "./marks.ts";
import * as layerScale from "./scale.ts";
import type { Floats, Frame, NodeValues, Scale, Seen, Span } from "./types.ts";
import { layerQueries } from "./values.ts";
import * as layerWords from "./words.ts";

const NO_SHAPE = "No histogram is recorded of activations.";
const HIGH = 160; // height of a row that has room for more than the ends of its scale
const ROOM = 32; // height of a row that also says a scale that all rows share

/** Whether the extremes are drawn, so that the scale must hold them. */
const isWide = ({ encoding }: Selection, data: NodeValues) =>
  encoding === "box" || (encoding === "line" && data.envelope);

const spans = new WeakMap<ArrayBuffer, Map<number, Span | null>>(); // buffer -> offset -> [first, after]

/** Return [first, after] of the bins that hold anything; null: none, or there is no histogram. */
export function spanOf({ histogram, binCount }: NodeValues): Span | null {
  if (!histogram) return null;
  if (!spans.has(histogram.buffer)) spans.set(histogram.buffer, new Map());
  const known = spans.get(histogram.buffer)!;
  const key = histogram.byteOffset;
  if (!known.has(key)) known.set(key, layerEncodings.spanOf(histogram, binCount!));
  return known.get(key)!;
}

/** Return the scale that all rows share, of `known` data in sight: over all nodes where that is known. */
export function wholeScale(
  selection: Selection,
  known: NodeValues[],
  frame: Frame | null,
): Scale | Span | null {
  if (selection.encoding === "histogram") {
    const found = known.map(spanOf).filter(Boolean) as Span[];
    return found.length
      ? [Math.min(...found.map(([first]) => first)), Math.max(...found.map(([, after]) => after))]
      : null;
  }
  const meta = known[0]?.meta;
  if (!meta) return null;
  if (isWide(selection, known[0])) {
    return layerScale.of(
      selection.scale,
      meta.minimum ?? NaN,
      meta.maximum ?? NaN,
      meta.least ?? NaN,
    );
  }
  if (layerQueries.isQuartile(selection)) {
    const ends = layerScale.endsOf(
      known.map(({ value }) => value),
      frame!.first,
      frame!.last,
    );
    return layerScale.of(selection.scale, ends.low, ends.high, ends.least);
  }
  return layerScale.of(selection.scale, meta.low ?? NaN, meta.high ?? NaN, meta.least ?? NaN);
}

/** Return the scale of one row by itself, over what is in view. */
function ownScale(selection: Selection, data: NodeValues, frame: Frame): Scale | Span | null {
  if (selection.encoding === "histogram") return spanOf(data);
  const arrays = isWide(selection, data) ? [data.minimum, data.maximum, data.value] : [data.value];
  const [first, last] = frame.own ? [0, data.value.length] : [frame.first, frame.last];
  const ends = layerScale.endsOf(arrays.filter(Boolean) as Floats[], first, last);
  return layerScale.of(selection.scale, ends.low, ends.high, ends.least);
}

/** Return the words for the ends of a scale; `edges` are the inner ones of the histogram's bins. */
export function ends(
  selection: Selection,
  scale: Scale | Span | null,
  edges: number[],
): string[] | null {
  const { tick } = numbers;
  if (selection.encoding === "bands") return ["0 %", "100 %"];
  if (!scale) return null;
  if (selection.encoding === "histogram") {
    return (scale as Span).map((bin) =>
      tick("number", edges[Math.min(Math.max(bin - 1, 0), edges.length - 1)]),
    );
  }
  const format = layerWords.format(selection);
  return [tick(format, (scale as Scale).low), tick(format, (scale as Scale).high)];
}

/** Return why a row shows nothing. `holds`: it is a block, a stage or the network. */
function whyNothing(
  { measure, encoding, statistic }: Selection,
  holds: boolean,
  lacks: Record<string, string>,
): string {
  const missed = lacks[encoding] ?? lacks[isRatio(measure) ? "update" : measure];
  if (missed) return `not recorded: ${missed}`;
  if (isActivation(measure) && ["histogram", "box"].includes(encoding)) return NO_SHAPE;
  if (isActivation(measure) && holds)
    return "activations are recorded layer by layer, and not merged";
  if (measure === "gradient") return "no gradient: the layer is frozen, or every value is NaN";
  if (encoding === "histogram") return "no finite value";
  if (isActivation(measure)) return `the ${statistic} of activations is not recorded`;
  return "no value: NaN throughout";
}

const DRAWN: Record<string, typeof layerEncodings.box> = {
  line: layerEncodings.line,
  box: layerEncodings.box,
  horizon: layerEncodings.horizon,
};

/** A row: whether it holds layers, and the iteration from which it is settled (-1: never). */
interface Row {
  data: NodeValues;
  place: Place;
  frame: Frame;
  /** The scale of all rows, if they share one. */
  whole: Scale | Span | null;
  /** Pixels of the screen in a CSS pixel. */
  ratio: number;
  holds: boolean;
  settled: number | null;
  axis: Chart["axis"];
  edges: number[];
  /** What the run was recorded without, in words, by capability. */
  lacks: Record<string, string>;
}
type Scaled = Row & { scale: Scale | Span | null };

/** Draw what the encoding shows; return whether there was anything to show. */
function drawValues(
  context: CanvasRenderingContext2D,
  selection: Selection,
  { data, place, frame, scale, ratio }: Scaled,
  seen: Seen,
): boolean {
  const { encoding, measure } = selection;
  if (encoding === "bands") return layerEncodings.bands(context, frame, data, place);
  if (encoding === "histogram") {
    const known = Boolean(scale && spanOf(data));
    if (known)
      layerEncodings.histogram(
        context,
        frame,
        data as layerEncodings.Binned,
        place,
        scale as Span,
        ratio,
      );
    return known;
  }
  if (scale) {
    if (encoding === "line" && measure === "ratio")
      layerMarks.healthy(context, place, scale as Scale);
    if (data.value && layerMarks.missing(context, frame, data.value, place)) seen.missing = true;
    if (encoding !== "box" || data.q1)
      (DRAWN[encoding] ?? DRAWN.line)(
        context,
        frame,
        data as layerEncodings.Spread,
        place,
        scale as Scale,
      );
  }
  return data.value.some((value) => value === value);
}

function drawTicks(
  context: CanvasRenderingContext2D,
  selection: Selection,
  place: Place,
  { kind, low, high, at }: Scale,
): void {
  const count = place.height / 60;
  const values = kind === "log" ? powers(low, high, count) : roundTicks(low, high, count);
  const shown = kind === "symlog" ? [0] : values;
  const texts = numbers.ticks(layerWords.format(selection), shown);
  layerMarks.ticks(context, place, shown, at, (value) => texts[shown.indexOf(value)]);
}

/**
 * Draw one row. row: {data, place, frame, whole (scale of all rows, or null), ratio, holds,
 * settled, axis, edges}; `seen` collects which marks the key must explain.
 */
export function draw(
  context: CanvasRenderingContext2D,
  selection: Selection,
  row: Row,
  seen: Seen,
): void {
  const { data, place, frame, whole } = row;
  const scale = whole || ownScale(selection, data, frame);
  const valued = ["line", "box"].includes(selection.encoding);
  if (valued && place.height > HIGH && scale && !Array.isArray(scale))
    drawTicks(context, selection, place, scale);
  const shown = drawValues(context, selection, { ...row, scale }, seen);
  if (!shown && place.height >= 9)
    layerMarks.words(context, place, whyNothing(selection, row.holds, row.lacks));
  if (data.odd) seen.odd |= layerMarks.odd(context, frame, data.odd, place);
  layerMarks.settled(context, frame, row.settled, place, row.axis);
  const words = ends(selection, scale, row.edges);
  // What all rows share is said in the key; low rows have no room to say it again.
  if (words && (!selection.same || place.height > ROOM)) layerMarks.ends(context, place, words);
}
