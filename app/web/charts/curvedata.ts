// What one curve is made of: the values of an answer, and their moving average.

import type { Answer, Numbers } from "../base/fetch.ts";
import { smoothed } from "../base/smoothing.ts";
import type { StripLine } from "../core/chartoptions.ts";
import type { Iterations, TimeAxis } from "../core/timeaxis.ts";
import type { Series } from "./stripmarks.ts";

/** How many values of a series there are: drawn, no number, in all. */
export interface Told {
  shown: number;
  odd: number;
  total: number;
}
export type CurveArrays = Record<string, Numbers> & { iteration: Iterations };
export type CurvesData = Answer<{ series: Record<string, Told> }, CurveArrays>;

/** A line as it is drawn: its values, and their average where one is asked for. */
export interface Shown {
  line: StripLine;
  data: Series;
  smooth: Series | null;
}

const NONE = new Int32Array(0);

/** Return the values of a series of an answer; null where it has none. */
export function seriesOf(arrays: CurveArrays, name: string): Series | null {
  const iterations = arrays[`series.${name}.iterations`] as Iterations | undefined;
  if (!iterations) return null;
  return {
    iterations,
    values: arrays[`series.${name}.values`] as Series["values"],
    odd: arrays[`series.${name}.odd`] as Iterations,
  };
}

/**
 * Return the moving average of a series, by its distances on an axis. It is of all that was logged,
 * also where the series has but some values of every pixel; NaN and Inf do not count.
 */
export function average(
  arrays: CurveArrays,
  name: string,
  axis: TimeAxis,
  weight: number,
): Series | null {
  const means = arrays[`mean.${name}.iterations`] as Iterations | undefined;
  const key = `${means ? "mean" : "series"}.${name}`;
  const iterations = arrays[`${key}.iterations`] as Iterations | undefined;
  if (!iterations) return null;
  const places = Float64Array.from(iterations, (one) => axis.valueOf(axis.coordinate(one)));
  const span = axis.valueOf(axis.columns) - axis.valueOf(0);
  const values = smoothed(places, arrays[`${key}.values`], weight, span, arrays[`${key}.counts`]);
  return { iterations, values, odd: NONE };
}

/** Return the place in a series of what is nearest to an iteration; -1 where it is empty. */
export function nearest({ iterations }: Series, iteration: number): number {
  let low = 0;
  let high = iterations.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (iterations[middle] < iteration) low = middle + 1;
    else high = middle;
  }
  if (low === iterations.length) return low - 1;
  if (low && iteration - iterations[low - 1] < iterations[low] - iteration) return low - 1;
  return low;
}
