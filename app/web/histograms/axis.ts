// The axis of values: linear, or linear around zero and by decades beyond (symlog); and its ticks.

import { roundTicks } from "../core/ticks.ts";
import type { Spread } from "./types.ts";

/** From a value to its place 0..1 and back. */
export interface ValueAxis {
  low: number;
  high: number;
  to(value: number): number;
  from(place: number): number;
  ticks(count: number): number[];
}

// At most this share of all numbers lies where a symlog axis is linear.
const INNER = 0.02;
const DECADES = 6; // the most that such an axis tells apart below its larger end
const SAME = 0.1; // of the value: what one value only has on both sides

/** Return the least and the greatest number of all; null where there is none. */
export function endsOf(spreads: readonly Spread[]): [low: number, high: number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const { lowest, highest } of spreads) {
    for (const value of lowest) if (value < low && Number.isFinite(value)) low = value;
    for (const value of highest) if (value > high && Number.isFinite(value)) high = value;
  }
  if (low > high) return null;
  if (low < high) return [low, high];
  const room = Math.abs(low) * SAME || 1;
  return [low - room, high + room];
}

/** Return up to where a symlog axis is linear: the largest edge within which few numbers lie. */
export function threshold(
  spreads: readonly Spread[],
  edges: readonly number[],
  largest: number,
): number {
  const middle = edges.length / 2; // edges lie alike on both sides of zero
  const held = new Float64Array(edges.length + 1);
  let whole = 0;
  for (const { count, bins, first } of spreads) {
    for (let at = 0; at < count.length; at++) {
      held[first + (at % bins)] += count[at];
      whole += count[at];
    }
  }
  let inside = held[middle];
  let found = edges[middle];
  for (let step = 1; step < middle && inside <= INNER * whole; step++) {
    found = edges[middle + step - 1];
    inside += held[middle + step] + held[middle - step];
  }
  return Math.max(found, largest * 10 ** -DECADES);
}

/** Return the axis of some histograms; `kind` is "linear" or "symlog". */
export function axisOf(
  kind: string,
  spreads: readonly Spread[],
  edges: readonly number[],
): ValueAxis | null {
  const ends = endsOf(spreads);
  if (!ends) return null;
  const [low, high] = ends;
  if (kind !== "symlog") {
    return {
      low,
      high,
      to: (value) => (value - low) / (high - low),
      from: (place) => low + place * (high - low),
      ticks: (count) => roundTicks(low, high, count),
    };
  }
  const inner = threshold(spreads, edges, Math.max(-low, high));
  const bend = (value: number) => Math.sign(value) * Math.log10(1 + Math.abs(value) / inner);
  const back = (bent: number) => Math.sign(bent) * inner * (10 ** Math.abs(bent) - 1);
  const [from, span] = [bend(low), bend(high) - bend(low)];
  return {
    low,
    high,
    to: (value) => (bend(value) - from) / span,
    from: (place) => back(from + place * span),
    ticks: (count) => decades(low, high, inner, count),
  };
}

/** Return zero and powers of ten on both sides of it, about `count` of them. */
function decades(low: number, high: number, inner: number, count: number): number[] {
  const first = Math.ceil(Math.log10(inner) - 1e-9);
  const last = Math.floor(Math.log10(Math.max(-low, high)) + 1e-9);
  const sides = low < 0 && high > 0 ? 2 : 1;
  const step = Math.max(1, Math.ceil(((last - first + 1) * sides) / Math.max(1, count - 1)));
  const found = low <= 0 && high >= 0 ? [0] : [];
  for (let power = last; power >= first; power -= step) {
    const value = 10 ** power;
    if (value <= high && value >= low) found.push(value);
    if (-value >= low && -value <= high) found.unshift(-value);
  }
  return found.sort((a, b) => a - b);
}
