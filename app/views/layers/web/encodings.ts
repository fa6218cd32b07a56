// How the numbers of one layer over time are drawn in its row: five encodings.
//
// Each draws into `place` {left, top, width, height}; `frame` is {bins (columns of each pixel),
// first and last (columns in view), x (pixel of a column's middle), step (pixels of a column), own
// (column of the arrays by column of the axis, or null)}; `data` the arrays of this one node;
// `scale` of layers/web/scale.ts.

import { colours, type Place, raster, strokeMany } from "#app/web/index.ts";
import type { Floats, Frame, NodeValues, Scale, Span } from "./types.ts";

/** What has a histogram. */
export type Binned = Required<Pick<NodeValues, "histogram" | "binCount">>;
/** What has quartiles and extremes. */
export type Spread = NodeValues &
  Required<Pick<NodeValues, "minimum" | "maximum" | "q1" | "median" | "q3">>;

const theme = (name: string) => colours.theme(name);
const ownOf = (frame: Frame, column: number) => (frame.own ? frame.own[column] : column);

/** Call `visit(pixel, least, greatest)` for each pixel that has finite values. */
function eachPixel(
  frame: Frame,
  array: ArrayLike<number>,
  visit: (pixel: number, low: number, high: number) => void,
): void {
  const { from, to } = frame.bins;
  for (let pixel = 0; pixel < from.length; pixel++) {
    let low = Infinity;
    let high = -Infinity;
    for (let column = from[pixel]; column < to[pixel]; column++) {
      const value = array[ownOf(frame, column)];
      if (value === undefined || value !== value) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low <= high) visit(pixel, low, high);
  }
}

const yOf = (place: Place, scale: Scale) => (value: number) =>
  place.top + place.height * (1 - scale.at(value));

/** Draw a curve through every column; where several share a pixel, through its extremes. */
export function curve(
  context: CanvasRenderingContext2D,
  frame: Frame,
  array: ArrayLike<number>,
  place: Place,
  scale: Scale,
): void {
  const y = yOf(place, scale);
  /** Return NaN where a column is not in view, or nothing is known there. */
  const valueAt = (column: number) =>
    column >= frame.first && column < frame.last ? (array[ownOf(frame, column)] ?? NaN) : NaN;
  const alone: [x: number, y: number][] = [];
  const extremes = (path: CanvasPath) => {
    let before = -2;
    eachPixel(frame, array, (pixel, low, high) => {
      const x = place.left + pixel + 0.5;
      const top = y(low);
      if (pixel > before + 1) path.moveTo(x, top);
      path.lineTo(x, top);
      path.lineTo(x, y(high));
      before = pixel;
    });
  };
  const columns = (path: CanvasPath) => {
    let pen = false;
    for (let column = frame.first; column < frame.last; column++) {
      const value = valueAt(column);
      if (value !== value) {
        pen = false;
        continue;
      }
      const x = place.left + frame.x(column);
      const height = y(value);
      if (pen) path.lineTo(x, height);
      else {
        path.moveTo(x, height);
        if (Number.isNaN(valueAt(column + 1))) alone.push([x, height]);
      }
      pen = true;
    }
  };
  const count = frame.last - frame.first;
  strokeMany(context, count, count > 2 * place.width ? extremes : columns);
  dots(context, alone, place);
}

/** Show single values, which no line leads to or from. */
function dots(
  context: CanvasRenderingContext2D,
  points: [x: number, y: number][],
  place: Place,
): void {
  context.fillStyle = context.strokeStyle;
  for (const [x, y] of points) {
    context.beginPath();
    context.arc(x, Math.min(Math.max(y, place.top + 2), place.top + place.height - 2), 2.2, 0, 7);
    context.fill();
  }
}

/** Fill between two arrays, where both are numbers. */
function between(
  context: CanvasRenderingContext2D,
  frame: Frame,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  place: Place,
  scale: Scale,
): void {
  const y = yOf(place, scale);
  context.beginPath();
  const { from, to } = frame.bins;
  let start = -1;
  const tops: number[] = [];
  const bottoms: number[] = [];
  const close = (end: number) => {
    if (start < 0) return;
    context.moveTo(place.left + start, tops[0]);
    for (let at = 1; at < tops.length; at++) context.lineTo(place.left + start + at, tops[at]);
    context.lineTo(place.left + end, tops.at(-1)!);
    context.lineTo(place.left + end, bottoms.at(-1)!);
    for (let at = bottoms.length - 1; at >= 0; at--)
      context.lineTo(place.left + start + at, bottoms[at]);
    context.closePath();
    start = -1;
    tops.length = bottoms.length = 0;
  };
  for (let pixel = 0; pixel < from.length; pixel++) {
    let low = Infinity;
    let high = -Infinity;
    for (let column = from[pixel]; column < to[pixel]; column++) {
      const own = ownOf(frame, column);
      if (lower[own] < low) low = lower[own];
      if (upper[own] > high) high = upper[own];
    }
    if (low > high) {
      close(pixel);
      continue;
    }
    if (start < 0) start = pixel;
    tops.push(Math.min(y(high), y(low) - 1));
    bottoms.push(y(low));
  }
  close(from.length);
  context.fill();
}

/** Fill one standard deviation to both sides of a mean. */
export function around(
  context: CanvasRenderingContext2D,
  frame: Frame,
  mean: Floats,
  deviation: Floats,
  place: Place,
  scale: Scale,
): void {
  const [lower, upper] = [-1, 1].map((side) =>
    mean.map((value, at) => value + side * deviation[at]),
  );
  between(context, frame, lower, upper, place, scale);
}

export function line(
  context: CanvasRenderingContext2D,
  frame: Frame,
  data: NodeValues,
  place: Place,
  scale: Scale,
): void {
  if (data.minimum && data.envelope) {
    context.fillStyle = theme("--layers-envelope");
    between(context, frame, data.minimum, data.maximum!, place, scale);
  }
  if (data.deviation) {
    context.fillStyle = theme("--layers-deviation");
    around(context, frame, data.value, data.deviation, place, scale);
  }
  context.strokeStyle = theme("--dt-blue");
  context.lineWidth = place.height > 20 ? 1.5 : 1.1;
  context.lineJoin = "round";
  curve(context, frame, data.value, place, scale);
}

export function box(
  context: CanvasRenderingContext2D,
  frame: Frame,
  data: Spread,
  place: Place,
  scale: Scale,
): void {
  const wide = frame.step >= 9;
  if (wide) {
    boxes(context, frame, data, place, scale);
    return;
  }
  context.fillStyle = theme("--layers-envelope");
  between(context, frame, data.minimum, data.maximum, place, scale);
  context.fillStyle = theme("--layers-box");
  between(context, frame, data.q1, data.q3, place, scale);
  context.strokeStyle = theme("--dt-text");
  context.lineWidth = 1.1;
  curve(context, frame, data.median, place, scale);
}

/** Where there is room for them: a box, a median and whiskers for each snapshot. */
function boxes(
  context: CanvasRenderingContext2D,
  frame: Frame,
  data: Spread,
  place: Place,
  scale: Scale,
): void {
  const y = yOf(place, scale);
  const half = Math.min(10, frame.step * 0.32);
  for (let column = frame.first; column < frame.last; column++) {
    const own = ownOf(frame, column);
    if (!(data.minimum[own] <= data.maximum[own])) continue;
    const x = place.left + frame.x(column);
    context.fillStyle = theme("--dt-text-soft");
    context.fillRect(x - 0.5, y(data.maximum[own]), 1, y(data.minimum[own]) - y(data.maximum[own]));
    for (const end of [data.minimum, data.maximum])
      context.fillRect(x - half / 2, y(end[own]) - 0.5, half, 1);
    if (!(data.q1[own] <= data.q3[own])) continue;
    context.fillStyle = theme("--layers-box");
    context.fillRect(
      x - half,
      y(data.q3[own]),
      2 * half,
      Math.max(1, y(data.q1[own]) - y(data.q3[own])),
    );
    context.fillStyle = theme("--dt-text");
    context.fillRect(x - half, y(data.median[own]) - 0.75, 2 * half, 1.5);
  }
}

/** Fold the height over itself three times: each fold is one step darker. */
export function horizon(
  context: CanvasRenderingContext2D,
  frame: Frame,
  data: NodeValues,
  place: Place,
  scale: Scale,
): void {
  const zero = scale.kind === "log" || scale.low >= 0 ? 0 : scale.at(0);
  const reach = Math.max(1 - zero, zero) || 1;
  const folds = 3;
  const bottom = place.top + place.height;
  for (const [sign, colour] of [
    [1, "--layers-horizon"],
    [-1, "--layers-horizon-below"],
  ] as const) {
    const heights = new Float32Array(place.width);
    let any = false;
    eachPixel(frame, data.value, (pixel, low, high) => {
      const far = sign > 0 ? scale.at(high) - zero : zero - scale.at(low);
      heights[pixel] = Math.max(0, far) / reach;
      any = any || far > 0;
    });
    if (!any) continue;
    for (let fold = 0; fold < folds; fold++) {
      context.fillStyle = theme(`${colour}-${fold + 1}`);
      context.beginPath();
      for (let pixel = 0; pixel < place.width; pixel++) {
        const height = Math.min(1, Math.max(0, heights[pixel] * folds - fold)) * place.height;
        if (height > 0) context.rect(place.left + pixel, bottom - height, 1, height);
      }
      context.fill();
    }
  }
}

/** Return the CSS colours of the change bands, from the smallest change to the largest. */
export function bandColours(count: number): string[] {
  const table = colours.table("magnitude");
  return Array.from({ length: count }, (_, at) =>
    colours.css(table[Math.round((0.06 + 0.9 * (at / (count - 1))) * 255)]),
  );
}

/** Stack the shares of parameters by the size of their change: small at the bottom. */
export function bands(
  context: CanvasRenderingContext2D,
  frame: Frame,
  data: NodeValues,
  place: Place,
): boolean {
  const [kinds, width] = data.bandShape!;
  const colours = bandColours(kinds + 1);
  // Thresholds fall: band 0 holds all others.
  let known = false;
  for (let band = -1; band < kinds; band++) {
    context.fillStyle = colours[kinds - 1 - band];
    context.beginPath();
    const source = data.bands!.subarray(Math.max(0, band) * width, (Math.max(0, band) + 1) * width);
    eachPixel(frame, source, (pixel, low) => {
      known = true;
      const height = (band < 0 ? 1 : low) * place.height;
      if (height > 0)
        context.rect(place.left + pixel, place.top + place.height - height, 1, height);
    });
    context.fill();
  }
  return known;
}

/** Paint the shares of the histogram's bins as colours; `span` is [first, after] of the bins. */
export function histogram(
  context: CanvasRenderingContext2D,
  frame: Frame,
  data: Binned,
  place: Place,
  span: Span,
  ratio: number,
): void {
  const width = Math.round(place.width * ratio);
  const height = Math.max(1, Math.round(place.height * ratio));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const table = colours.table("magnitude");
  const empty = colours.packed("--dt-empty");
  const down = raster.bins(height, span[0], span[1], span[1]);
  const columns = data.histogram.length / data.binCount;
  for (let x = 0; x < width; x++) {
    const pixel = Math.min(frame.bins.from.length - 1, Math.floor(x / ratio));
    const [from, to] = [frame.bins.from[pixel], frame.bins.to[pixel]];
    for (let y = 0; y < height; y++) {
      let best = 0;
      for (let column = from; column < to; column++) {
        const own = ownOf(frame, column);
        if (!(own >= 0 && own < columns)) continue;
        for (let bin = down.from[y]; bin < down.to[y]; bin++) {
          const code = data.histogram[bin * columns + own];
          if (code > best) best = code;
        }
      }
      pixels[(height - 1 - y) * width + x] = best ? table[best] : empty;
    }
  }
  context.putImageData(image, Math.round(place.left * ratio), Math.round(place.top * ratio));
}

/** Return [first, after] of the bins of a histogram [B, T] that hold anything; null: none. */
export function spanOf(codes: ArrayLike<number>, binCount: number): Span | null {
  const columns = codes.length / binCount;
  const has = (bin: number) => {
    for (let at = bin * columns; at < (bin + 1) * columns; at++) if (codes[at]) return true;
    return false;
  };
  let first = 0;
  while (first < binCount && !has(first)) first++;
  if (first === binCount) return null;
  let after = binCount;
  while (!has(after - 1)) after--;
  return [first, after];
}
