// Which probes and filters are shown in which order, and what the codes of maps mean.

const TOP = 254;
const NOT_FINITE = 255;

/** Return the value of a code of a map; NaN for what was not finite (deeptracker.format.LayerMaps). */
export const decoded = (code: number, low: number, high: number): number =>
  code === NOT_FINITE ? NaN : low + (code / TOP) * (high - low);

/** Return the ends of all finite values: [least, greatest], 0 and 0 where there is none. */
export function ends(low: ArrayLike<number>, high: ArrayLike<number>): [number, number] {
  const found: [number, number] = [0, 0];
  for (let at = 0; at < low.length; at++) {
    if (low[at] < found[0]) found[0] = low[at];
    if (high[at] > found[1]) found[1] = high[at];
  }
  return found;
}

/** Return the place of the iteration nearest to the cursor; the last without one. */
export function nearest(iterations: ArrayLike<number>, cursor: number | null): number {
  let best = iterations.length - 1;
  if (cursor === null) return best;
  for (let at = iterations.length - 1; at >= 0; at--) {
    if (Math.abs(iterations[at] - cursor) < Math.abs(iterations[best] - cursor)) best = at;
  }
  return best;
}

/** Return the filters, the largest mean first; those without a finite value last. */
export function byMean(mean: ArrayLike<number>): number[] {
  const height = (at: number) => (Number.isNaN(mean[at]) ? -Infinity : mean[at]);
  return Array.from(mean, (_, at) => at).sort((a, b) => height(b) - height(a) || a - b);
}

/** Return at most `most` of `count` places, rising, spread evenly: first, last and `here` among them. */
export function spread(count: number, most: number, here: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, at) => at);
  const chosen = Array.from({ length: most }, (_, at) =>
    Math.round((at * (count - 1)) / (most - 1)),
  );
  if (here >= 0 && !chosen.includes(here)) {
    // In place of the nearest one between the ends.
    let best = 1;
    for (let at = 1; at < most - 1; at++)
      if (Math.abs(chosen[at] - here) < Math.abs(chosen[best] - here)) best = at;
    chosen[best] = here;
  }
  return chosen;
}
