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

/** Part of a picture: its middle and its size, as shares of the picture. */
export interface Where {
  middle: readonly [down: number, across: number];
  size: readonly [height: number, width: number];
}

/** Return what a filter sees of image `cell`, from codes of places (0..255, down and across). */
export function whereOf(place: ArrayLike<number>, cell: number, field: ArrayLike<number>): Where {
  return {
    middle: [place[2 * cell] / 255, place[2 * cell + 1] / 255],
    size: [field[0], field[1]],
  };
}

/**
 * Return a part of a picture of [width, height] in percent of the square that it is drawn into,
 * in its middle; what would lie beyond the picture is cut off.
 */
export function framed({ middle, size }: Where, [width, height]: readonly [number, number]) {
  const longest = Math.max(width, height);
  const [high, wide] = [height / longest, width / longest];
  const cut = (value: number) => Math.min(1, Math.max(0, value));
  const [top, bottom] = [cut(middle[0] - size[0] / 2), cut(middle[0] + size[0] / 2)];
  const [left, right] = [cut(middle[1] - size[1] / 2), cut(middle[1] + size[1] / 2)];
  return {
    left: 100 * ((1 - wide) / 2 + wide * left),
    top: 100 * ((1 - high) / 2 + high * top),
    width: 100 * wide * (right - left),
    height: 100 * high * (bottom - top),
  };
}

export const seenBefore = (images: ArrayLike<number>, image: number): boolean =>
  Array.prototype.includes.call(images, image);

/** Clusters of one layer that all lead to the same clusters of the next, by the sign of r. */
export interface Bundle {
  sources: number[];
  targets: number[];
  positive: boolean;
}

/**
 * Return the edges in bundles: those that leave clusters with the same targets run through one
 * point, so that a bundle of a sources and b targets is drawn with a + b lines, not a * b.
 */
export function bundles(
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  together: ArrayLike<number>,
): Bundle[] {
  const leads = new Map<string, { from: number; positive: boolean; targets: number[] }>();
  for (let at = 0; at < source.length; at++) {
    const positive = together[at] > 0;
    const key = `${source[at]} ${positive}`;
    const one = leads.get(key) ?? { from: source[at], positive, targets: [] };
    one.targets.push(target[at]);
    leads.set(key, one);
  }
  const found = new Map<string, Bundle>();
  for (const { from, positive, targets } of leads.values()) {
    targets.sort((a, b) => a - b);
    const key = `${positive} ${targets.join()}`;
    const bundle = found.get(key) ?? { sources: [], targets, positive };
    bundle.sources.push(from);
    found.set(key, bundle);
  }
  return [...found.values()];
}

/** Return the places of the `most` largest values above 0, the largest first. */
export function strongest(values: ArrayLike<number>, most: number): number[] {
  return byMean(values)
    .filter((at) => values[at] > 0)
    .slice(0, most);
}
