// Where the columns of a time axis lie when they are not at equal distances: over iterations,
// epochs, the time since the start, or the time of day.

import { numbers } from "../base/numbers.ts";
import { duration, roundTimes } from "../base/times.ts";
import { roundTicks } from "./ticks.ts";

/** A mark of a scale: where it stands, and what it says. */
export interface Tick {
  value: number;
  text: string;
}
export interface AxisScale {
  /** What is said beside it. */
  name: string;
  /** Values at the coordinates 0, 0.5, 1.5 .. T - 0.5, T; never falling, the last above the first. */
  knots: Float64Array;
  /** Return about `count` round values within two. */
  ticks(low: number, high: number, count: number): Tick[];
  write(value: number): string;
  /** Whether what it writes says the whole place: columns that stand for no iterations. */
  whole?: boolean;
}
/** What the snapshots of a run say of time, [T] each; NaN: not recorded. */
export interface Clocks {
  iteration: ArrayLike<number>;
  epoch: ArrayLike<number>;
  /** Seconds since 1970. */
  recorded_at: ArrayLike<number>;
}

const round = (low: number, high: number, count: number, whole = false): Tick[] =>
  roundTicks(low, high, count, { whole }).map((value) => ({
    value,
    text: whole ? numbers.short(value) : numbers.number(value),
  }));

/** Write a time of day, with its date where it is asked for. */
export function clock(seconds: number, { date = false } = {}): string {
  const moment = new Date(seconds * 1000);
  const time = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (!date) return time;
  return `${moment.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}

function wallTicks(low: number, high: number, count: number): Tick[] {
  const offset = -new Date(low * 1000).getTimezoneOffset() * 60;
  const days = new Date(low * 1000).getDate() !== new Date(high * 1000).getDate();
  return roundTimes(low + offset, high + offset, days ? count / 2 : count).map((local) => ({
    value: local - offset,
    text: clock(local - offset, { date: days }),
  }));
}

const KINDS: Record<string, Omit<AxisScale, "knots"> & { of: keyof Clocks }> = {
  iteration: {
    name: "iteration",
    of: "iteration",
    ticks: (low, high, count) => round(low, high, count, true),
    write: (value) => `iteration ${numbers.integer(Math.round(value))}`,
  },
  epoch: {
    name: "epoch",
    of: "epoch",
    ticks: (low, high, count) => round(low, high, count),
    write: (value) => `epoch ${numbers.number(value)}`,
  },
  relative: {
    name: "time",
    of: "recorded_at",
    ticks: (low, high, count) =>
      roundTimes(low, high, count).map((value) => ({ value, text: duration(value) })),
    write: (value) => duration(Math.max(0, value)),
  },
  wall: {
    name: "clock",
    of: "recorded_at",
    ticks: wallTicks,
    write: (value) => clock(value, { date: true }),
  },
};

/** Fill gaps evenly between what is known, by iteration; the ends hold. */
function filled(values: ArrayLike<number>, iterations: ArrayLike<number>): Float64Array | null {
  const found = Float64Array.from(values);
  let before = -1;
  for (let at = 0; at < found.length; at++) {
    if (!Number.isFinite(found[at])) continue;
    for (let gap = before + 1; gap < at; gap++) {
      const share =
        before < 0
          ? 1
          : (iterations[gap] - iterations[before]) / (iterations[at] - iterations[before]);
      found[gap] = before < 0 ? found[at] : found[before] + share * (found[at] - found[before]);
    }
    before = at;
  }
  if (before < 0) return null;
  found.fill(found[before], before + 1);
  // What was recorded again after a resume may lie before what came earlier.
  for (let at = 1; at < found.length; at++) found[at] = Math.max(found[at], found[at - 1]);
  return found;
}

/** Return the scale of a kind; null where the run has not recorded it, or has but one snapshot. */
export function scaleOf(kind: string, clocks: Clocks): AxisScale | null {
  const about = KINDS[kind];
  const { iteration } = clocks;
  const last = iteration.length - 1;
  const centres = about && last > 0 ? filled(clocks[about.of], iteration) : null;
  if (!centres || !(centres[last] > centres[0])) return null;
  const start =
    centres[0] - ((centres[1] - centres[0]) / (iteration[1] - iteration[0])) * iteration[0];
  const end = centres[last] + (centres[last] - centres[last - 1]) / 2;
  const knots = Float64Array.of(start, ...centres, end);
  if (kind === "relative") knots.forEach((value, at) => (knots[at] = value - start));
  return { ...about, knots };
}

/** Return the value at a coordinate 0 .. T. */
export function valueAt(knots: Float64Array, coordinate: number): number {
  const last = knots.length - 1;
  const knot = Math.min(Math.max(Math.floor(coordinate + 0.5), 0), last - 1);
  const from = knot ? knot - 0.5 : 0;
  const to = knot === last - 1 ? last - 1 : knot + 0.5;
  return knots[knot] + ((coordinate - from) / (to - from)) * (knots[knot + 1] - knots[knot]);
}

/** Return the coordinate 0 .. T of a value. */
export function coordinateOf(knots: Float64Array, value: number): number {
  const last = knots.length - 1;
  let low = 0;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (knots[middle] <= value) low = middle;
    else high = middle - 1;
  }
  const from = low ? low - 0.5 : 0;
  const to = low === last - 1 ? last - 1 : low + 0.5;
  const span = knots[low + 1] - knots[low];
  const share = span > 0 ? (value - knots[low]) / span : 0;
  return from + Math.min(Math.max(share, 0), 1) * (to - from);
}
