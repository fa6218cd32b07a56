// The common axis of runs as a scale: ticks lie at equal distances, and say what they are.

import { type AxisScale, roundTicks, roundTimes } from "#app/web/index.ts";
import { compare } from "./compare.ts";

/** Return round ticks between two, in the unit of the alignment, about `count` of them. */
export function roundPlaces(low: number, high: number, count: number): number[] {
  const align = compare.align();
  const unit = compare.UNITS[align];
  const ends = [low / unit, high / unit] as const;
  const found = align === "clock" ? roundTimes(...ends, count) : roundTicks(...ends, count);
  return found.map((value) => Math.round(value * unit));
}

/** Return the scale of an axis of these ticks [K], rising; null where there are fewer than two. */
export function tickScale(ticks: ArrayLike<number>): AxisScale | null {
  const last = ticks.length - 1;
  if (last < 1) return null;
  const centres = Float64Array.from(ticks);
  const end = centres[last] + (centres[last] - centres[last - 1]) / 2;
  const start = Math.max(0, centres[0] - (centres[1] - centres[0]) / 2);
  return {
    name: compare.align(),
    knots: Float64Array.of(start, ...centres, end),
    ticks: (low, high, count) =>
      roundPlaces(low, high, count).map((value) => ({ value, text: compare.tickShort(value) })),
    write: (value) => compare.tickWords(Math.round(value)),
    whole: true,
  };
}
