// A small chart of one filter around the anomalous iterations of a class.

import { colours, raster, sizeCanvas, strokeMany } from "#app/web/index.ts";

/** The series by filter, over the iterations [T]. */
export interface Series {
  iteration: Int32Array;
  of: Map<number, Float32Array>;
}
/** What the charts of a table share; marks and span are snapshots, sizes CSS pixels. */
export interface SeriesPlace {
  span: readonly [from: number, to: number];
  marks: readonly number[];
  most: number;
  width: number;
  height: number;
}

const PAD = 6; // snapshots shown before the first and after the last of the iterations, at least

/** Return the snapshots [from, to) around these iterations, with some before and after them. */
export function around(
  every: Int32Array,
  iterations: ArrayLike<number>,
): [from: number, to: number] {
  const place = (iteration: number) => {
    const at = every.findIndex((one) => one >= iteration);
    return at < 0 ? every.length - 1 : at;
  };
  const from = place(iterations[0]);
  const to = place(iterations[iterations.length - 1]);
  const pad = Math.max(PAD, Math.round((to - from) * 0.12));
  return [Math.max(0, from - pad), Math.min(every.length, to + pad + 1)];
}

/** Return what the charts of all series share: the snapshots around the iterations, one scale. */
export function shared(
  { iteration, of }: Series,
  iterations: Int32Array,
): Pick<SeriesPlace, "span" | "marks" | "most"> {
  const marks = Array.from(iterations, (one) => iteration.indexOf(one));
  const span = around(iteration, iterations);
  let most = 0;
  for (const values of of.values()) {
    for (const value of values.subarray(...span))
      if (value > most && value < Infinity) most = value;
  }
  return { span, marks, most: most || 1 };
}

/**
 * Draw values [T] of a filter over the snapshots `span`: each pixel's largest value, a line at
 * each marked snapshot, all filters on one scale that ends at `most`.
 */
export function draw(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  { span, marks, most, width, height }: SeriesPlace,
): void {
  const { context } = sizeCanvas(canvas, width, height);
  const { theme } = colours;
  const [from, to] = span;
  const x = (at: number) => ((at - from + 0.5) / (to - from)) * width;
  context.fillStyle = theme("--dt-pin");
  context.globalAlpha = 0.4;
  for (const mark of marks) context.fillRect(Math.round(x(mark)) - 0.5, 0, 1, height);
  context.globalAlpha = 1;
  context.strokeStyle = theme("--dt-blue");
  context.lineWidth = 1.25;
  const bins = raster.bins(Math.min(to - from, Math.floor(width)), from, to, to);
  let open = false;
  const highest = (path: CanvasPath, first: number, pixel: number): void => {
    let high = NaN;
    for (let at = first; at < bins.to[pixel]; at++)
      if (!(values[at] <= high)) high = values[at] === values[at] ? values[at] : high;
    if (high !== high) {
      open = false;
      return;
    }
    const y = height - 1.5 - (Math.min(high, most) / most) * (height - 3);
    const at = x((first + bins.to[pixel] - 1) / 2);
    if (open) path.lineTo(at, y);
    else path.moveTo(at, y);
    open = true;
  };
  strokeMany(context, bins.from.length, (path) => {
    bins.from.forEach((first, pixel) => highest(path, first, pixel));
  });
}
