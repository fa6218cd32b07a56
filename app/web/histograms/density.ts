// From the counts of bins to a curve: how many numbers lie at each place of an axis.
//
// Recorded bins grow with the distance from zero, the pixels of an axis do not. The cumulative count
// is known at the edges of bins; between them it is a monotone cubic (Fritsch and Carlson 1980, with
// the slopes of PCHIP), so that every bin keeps exactly the numbers that it has, and no curve is
// below zero; bins too narrow for the eye are joined first. The outermost bins end at the least and the greatest number.

import type { ValueAxis } from "./axis.ts";
import type { Spread } from "./types.ts";

const LEAST = 1e-6; // of the axis: the width of a bin that holds one value only
const NARROW = 1 / 36; // of the axis: narrower bins are joined

/** Places on the axis, rising, and how many numbers lie below each. */
export interface Cumulative {
  place: number[];
  below: number[];
}

/** Return the edge before a bin; `edges` are the inner ones. */
export const edgeAt = (edges: readonly number[], bin: number): number =>
  bin === 0 ? -Infinity : bin > edges.length ? Infinity : edges[bin - 1];

/** Return the bin that holds a value. */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the cumulative counts of a snapshot; null where it has no number. */
export function cumulative(
  spread: Spread,
  at: number,
  edges: readonly number[],
  axis: ValueAxis,
): Cumulative | null {
  const { bins, count, first, iteration, percentile } = spread;
  const from = at * bins;
  let start = 0;
  let after = bins;
  while (start < after && !count[from + start]) start++;
  while (after > start && !count[from + after - 1]) after--;
  if (start === after) return null;
  const least = percentile[at];
  const most = percentile[8 * iteration.length + at];
  const within = (value: number) => axis.to(Math.min(Math.max(value, least), most));
  const place = [within(edgeAt(edges, first + start))];
  const below = [0];
  for (let bin = start; bin < after; bin++) {
    place.push(Math.max(within(edgeAt(edges, first + bin + 1)), place.at(-1)! + LEAST));
    below.push(below.at(-1)! + count[from + bin]);
  }
  return joined({ place, below });
}

/**
 * Join neighbouring bins that are too narrow for a curve: near zero they are a thousandth of the
 * axis and hold a few numbers each, which would be noise.
 */
function joined({ place, below }: Cumulative): Cumulative {
  const last = place.length - 1;
  const kept = [0];
  for (let knot = 1; knot < last; knot++) {
    if (place[knot] - place[kept.at(-1)!] >= NARROW) kept.push(knot);
  }
  if (kept.length > 1 && place[last] - place[kept.at(-1)!] < NARROW) kept.pop();
  kept.push(last);
  return { place: kept.map((knot) => place[knot]), below: kept.map((knot) => below[knot]) };
}

/** Return the slopes of the curve at its knots. */
export function slopes({ place, below }: Cumulative): number[] {
  const last = place.length - 1;
  const width = place.slice(1).map((x, k) => x - place[k]);
  const rise = width.map((h, k) => (below[k + 1] - below[k]) / h);
  const end = (near: number, far: number) => {
    if (width[far] === undefined) return rise[near];
    const slope =
      ((2 * width[near] + width[far]) * rise[near] - width[near] * rise[far]) /
      (width[near] + width[far]);
    return Math.min(Math.max(slope, 0), 3 * rise[near]);
  };
  return place.map((_, k) => {
    if (k === 0) return end(0, 1);
    if (k === last) return end(last - 1, last - 2);
    if (!rise[k - 1] || !rise[k]) return 0;
    const [before, after] = [2 * width[k] + width[k - 1], width[k] + 2 * width[k - 1]];
    return (before + after) / (before / rise[k - 1] + after / rise[k]);
  });
}

/**
 * Return how densely the numbers lie in each of `cells` equal parts of the axis: their share of all
 * numbers, in shares for the whole axis. The mean of all cells is 1.
 */
export function density(curve: Cumulative, cells: number): Float64Array {
  const { place, below } = curve;
  const slope = slopes(curve);
  const whole = below.at(-1)!;
  const found = new Float64Array(cells);
  let knot = 0;
  let before = 0;
  for (let cell = 0; cell < cells; cell++) {
    const x = (cell + 1) / cells;
    while (knot < place.length - 2 && place[knot + 1] <= x) knot++;
    // All that lies at the end of the axis belongs to the last cell.
    const now = cell === cells - 1 ? whole : valueAt(curve, slope, knot, x);
    found[cell] = ((now - before) / whole) * cells;
    before = now;
  }
  return found;
}

function valueAt({ place, below }: Cumulative, slope: number[], knot: number, x: number): number {
  const width = place[knot + 1] - place[knot];
  const t = Math.min(Math.max((x - place[knot]) / width, 0), 1);
  const [square, cube] = [t * t, t * t * t];
  return (
    (2 * cube - 3 * square + 1) * below[knot] +
    (cube - 2 * square + t) * width * slope[knot] +
    (3 * square - 2 * cube) * below[knot + 1] +
    (cube - square) * width * slope[knot + 1]
  );
}

/** Return about `most` of `count` places, evenly, with the first and the last. */
export function evenly(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, at) => at);
  if (most < 2) return [count - 1];
  return Array.from({ length: most }, (_, at) => Math.round((at * (count - 1)) / (most - 1)));
}

/** Return the place of the iteration that is nearest; -1 where there is none. */
export function nearest(iterations: ArrayLike<number>, iteration: number | null): number {
  if (iteration === null) return -1;
  let found = -1;
  for (let at = 0; at < iterations.length; at++) {
    if (found < 0 || Math.abs(iterations[at] - iteration) < Math.abs(iterations[found] - iteration))
      found = at;
  }
  return found;
}
