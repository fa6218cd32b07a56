// The marks of a strip's panels: lines, steps, crosses where a value was no number, stacks.

import type { DrawingContext } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import type { Matrix } from "../base/fetch.ts";
import { strokeMany } from "../base/hairlines.ts";
import * as raster from "../base/raster.ts";
import type { StackPart } from "../core/chartoptions.ts";
import type { Iterations, TimeAxis } from "../core/timeaxis.ts";
import type { Place } from "./plotarea.ts";

/** Finite values [n] at iterations [n], rising, and the iterations of those that were no number. */
export interface Series {
  iterations: Iterations;
  values: Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  odd: Iterations;
}
export interface LineStyle {
  /** A variable of charts.css. */
  colour: string;
  /** Whether a value holds until the next one. */
  step?: boolean;
  /** How much of it is seen, 0 to 1; and where it fills many pixels. */
  alpha?: number;
  denseAlpha?: number;
  /** In pixels; without it a line that fills many pixels is thinner. */
  width?: number;
}
/** From values to pixels of the chart. */
export interface ValueScale {
  y(value: number): number;
  log: boolean;
}
/** Counts [T, n] at iterations [T]; -1 where none were taken. */
export type Counts = Matrix<Int32Array<ArrayBuffer>>;
type Across = (iteration: number) => number;

const DENSE_ALPHA = 0.45; // lines that fill many pixels let those behind them shine through
const DOT_EVERY = 12; // pixels between values that have room for dots

/** Return the function from iterations to pixels of the chart. */
function across(axis: TimeAxis, place: Place): Across {
  const project = axis.projection(place.width);
  return (iteration) => place.left + project(axis.coordinate(iteration));
}

/**
 * Follow the finite values; a line ends where a NaN or Inf came between two of them. Return where
 * the last one is. Thousands of points at the first drawing, before the engine has compiled this:
 * hence no arrays of two.
 */
function follow(
  path: CanvasPath,
  { iterations, values, odd }: Series,
  across: Across,
  scale: ValueScale,
  step?: boolean,
): number | null {
  const { log } = scale;
  let before: number | null = null;
  let next = 0; // of the odd ones
  for (let at = 0; at < iterations.length; at++) {
    const iteration = iterations[at];
    const value = values[at];
    if (log && value <= 0) continue;
    let broken = before === null;
    while (next < odd.length && odd[next] < iteration) {
      next++;
      broken = true;
    }
    const x = across(iteration);
    const y = scale.y(value);
    if (broken) path.moveTo(x, y);
    else {
      if (step) path.lineTo(x, before!);
      path.lineTo(x, y);
    }
    before = y;
  }
  return before;
}

/**
 * Draw one series. line: {colour (a variable of charts.css), step}; data: {iterations, values,
 * odd}; scale: {y(value), log}; place: {left, top, width, height} of the panel.
 */
export function line(
  context: DrawingContext,
  { colour, step, alpha = 1, denseAlpha = DENSE_ALPHA, width }: LineStyle,
  data: Series,
  axis: TimeAxis,
  place: Place,
  scale: ValueScale,
): void {
  const x = across(axis, place);
  const dense = data.iterations.length > 2 * place.width;
  context.strokeStyle = context.fillStyle = colours.theme(colour);
  context.globalAlpha = alpha * (dense && !step ? denseAlpha : 1);
  context.lineWidth = width ?? (step || !dense || denseAlpha === 1 ? 1.75 : 1);
  context.lineJoin = "round";
  const end = place.left + axis.projection(place.width)(axis.columns);
  strokeMany(context, data.iterations.length, (path) => {
    const last = follow(path, data, x, scale, step);
    if (last !== null && step) path.lineTo(end, last);
  });
  // Single values between two gaps show as dots, so few values always have them.
  if (data.iterations.length <= place.width / DOT_EVERY) dots(context, data, x, scale);
  context.globalAlpha = 1;
}

function dots(context: DrawingContext, data: Series, x: Across, scale: ValueScale): void {
  data.iterations.forEach((iteration, at) => {
    if (scale.log && data.values[at] <= 0) return;
    context.beginPath();
    context.arc(x(iteration), scale.y(data.values[at]), 2, 0, 7);
    context.fill();
  });
}

/** Mark where a value was NaN or infinite: a cross at the panel's top. */
export function crosses(
  context: DrawingContext,
  odd: Iterable<number>,
  axis: TimeAxis,
  place: Place,
): void {
  const x = across(axis, place);
  const y = place.top + 6;
  context.strokeStyle = colours.theme("--dt-alarm");
  context.lineWidth = 1.5;
  context.beginPath();
  for (const iteration of odd) {
    const at = x(iteration);
    context.moveTo(at - 3, y - 3);
    context.lineTo(at + 3, y + 3);
    context.moveTo(at + 3, y - 3);
    context.lineTo(at - 3, y + 3);
  }
  context.stroke();
}

/** Return the row of `counts` that a pixel shows: of several the most changing; -1 for none. */
function mostChanging(
  counts: Counts,
  width: number,
  rows: Iterable<number>,
  changing: readonly number[],
): number {
  let best = -1;
  let most = -1;
  for (const row of rows) {
    if (row < 0 || counts[row * width] < 0) continue;
    const change = changing.reduce((sum, part) => sum + counts[row * width + part], 0);
    if (change > most) [best, most] = [row, change];
  }
  return best;
}

/** Stack counts [T, n] to the panel's height; returns whether there were any. */
export function stack(
  context: DrawingContext,
  {
    counts,
    iterations,
    parts,
  }: { counts?: Counts; iterations: Iterations; parts: readonly StackPart[] },
  axis: TimeAxis,
  place: Place,
): boolean {
  if (!counts?.some((value) => value > 0)) return false;
  const width = counts.shape[1];
  const own = axis.match(iterations) || Int32Array.from({ length: axis.columns }, (_, at) => at);
  const bins = raster.bins(place.width, ...axis.view(), axis.columns);
  const changing = parts.filter((part) => part.changing).map((part) => part.column);
  const fills = parts.map((part) => colours.theme(part.colour));
  for (let pixel = 0; pixel < place.width; pixel++) {
    const rows = own.subarray(bins.from[pixel], bins.to[pixel]);
    const row = mostChanging(counts, width, rows, changing);
    if (row < 0) continue;
    const values = parts.map((part) => counts[row * width + part.column]);
    const sum = values.reduce((a, b) => a + b, 0) || 1;
    let bottom = place.top + place.height;
    values.forEach((value, index) => {
      const height = (value / sum) * place.height;
      bottom -= height;
      context.fillStyle = fills[index];
      context.fillRect(place.left + pixel, bottom, 1, height);
    });
  }
  return true;
}
