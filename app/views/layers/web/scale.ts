// From a value to its height in a row (linear, log or symlog), and from a snapshot to its place.

import { type Chart, raster } from "#app/web/index.ts";
import type { Frame, Scale } from "./types.ts";

const DECADES = 3; // of a symlog scale on each side of zero

/**
 * Return {kind, low, high, at(value)}: `at` gives 0 (bottom) to 1 (top), NaN for NaN; values
 * beyond the ends lie at the ends, as zero lies at the bottom of a log scale. Null where low and
 * high are not numbers. `least` is the smallest size above zero, for a log scale.
 */
function scaleOf(wanted: string, low: number, high: number, least: number): Scale | null {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  const kind = wanted === "log" && low < 0 ? "symlog" : wanted;
  if (kind === "log" && high > 0) return logScale(low, high, least);
  const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const step = size / 10 ** DECADES;
  const bend =
    kind === "symlog"
      ? (value: number) => Math.sign(value) * Math.log10(1 + Math.abs(value) / step)
      : (value: number) => value;
  return scaled(kind === "log" ? "linear" : kind, low, high, bend);
}

function logScale(low: number, high: number, least: number): Scale {
  const positive = low > 0 ? low : Number.isFinite(least) && least > 0 ? least : high / 1e3;
  const bottom = Math.max(positive, high * 1e-12);
  const floor = Math.log10(bottom);
  return scaled("log", bottom, high, (value) => (value > 0 ? Math.log10(value) : floor));
}

function scaled(kind: string, low: number, high: number, bend: (value: number) => number): Scale {
  let [bottom, top] = [bend(low), bend(high)];
  if (top - bottom < 1e-12 * Math.max(1, Math.abs(top))) {
    // One value only: in the middle.
    const room = kind === "linear" ? Math.abs(top) || 1 : 0.5;
    [bottom, top] = [bottom - room, top + room];
  }
  const span = top - bottom;
  return {
    kind,
    low,
    high,
    at: (value) => Math.min(1, Math.max(0, (bend(value) - bottom) / span)),
  };
}

/** Infinite where there is no finite value. */
interface Ends {
  low: number;
  high: number;
  least: number;
}

/** Return {low, high, least} of the finite values of arrays, over columns [from, to). */
export function endsOf(arrays: ArrayLike<number>[], from: number, to: number): Ends {
  let [low, high, least] = [Infinity, -Infinity, Infinity];
  for (const array of arrays) {
    for (let at = Math.max(0, from); at < Math.min(to, array.length); at++) {
      const value = array[at];
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
      const size = Math.abs(value);
      if (size > 0 && size < least) least = size;
    }
  }
  return { low, high, least };
}

/** Return what the encodings know of the time axis in a plot of this width; see layers/web/encodings.ts. */
export function frameOf({ axis, data }: Pick<Chart, "axis" | "data">, width: number): Frame {
  const [first, last] = axis.view();
  const project = axis.projection(width);
  return {
    bins: raster.bins(width, first, last, axis.columns),
    first: Math.max(0, Math.floor(first)),
    last: Math.min(axis.columns, Math.ceil(last)),
    x: (column) => project(column + 0.5),
    step: width / Math.max(1e-9, last - first),
    own: axis.match(data!.arrays.iteration!),
  };
}

export { scaleOf as of };
