// The scale of values of one chart of curves, and where its ticks are.

import { between, powers, wider } from "../base/ranges.ts";
import { roundTicks } from "../core/ticks.ts";

/** What somebody chose: ends (null: as the values say), a logarithm, no extreme values. */
export interface Chosen {
  low?: number | null;
  high?: number | null;
  log?: boolean;
  clip?: boolean;
}
export interface Ends {
  low: number;
  high: number;
  log: boolean;
}
type Values = ArrayLike<number>;

// What is left out at each end of the values, as TensorBoard does.
const EXTREME = 0.05;
const AIR = 0.04;

/** Return the ends of a scale over some lines of finite values; null where none can be shown. */
export function endsOf(lines: readonly Values[], chosen: Chosen): Ends | null {
  const log = Boolean(chosen.log);
  const all = Float64Array.from(lines.flatMap((values) => Array.from(values)));
  const shown = log ? all.filter((value) => value > 0) : all;
  const found = chosen.clip ? between(shown, EXTREME, 1 - EXTREME) : between(shown, 0, 1);
  const { low = null, high = null } = chosen;
  const usable = (end: number | null): end is number => end !== null && !(log && end <= 0);
  if (!found && !(usable(low) && usable(high))) return null;
  const [bottom, top] = found ?? [low as number, high as number];
  // Air is a share of the whole scale: values close together, far above a chosen end, have it, too.
  const whole: [number, number] = [
    usable(low) ? Math.min(low, bottom) : bottom,
    usable(high) ? Math.max(high, top) : top,
  ];
  const [least, most] = wider(whole, AIR, log);
  const ends = [usable(low) ? low : least, usable(high) ? high : most];
  if (ends[0] >= ends[1]) {
    const [below, above] = wider([ends[0], ends[0]], AIR, log);
    if (usable(low) || !usable(high)) ends[1] = above;
    else ends[0] = below;
    if (ends[0] >= ends[1]) ends[1] = above;
  }
  return { low: ends[0], high: ends[1], log };
}

// What stands aside, such as a capacity, may make a scale so many times larger.
const LARGER = 3;

/** Return the lines that make a scale, with those aside that do not make it much larger. */
export function withAside<Line extends Values>(
  lines: readonly Line[],
  aside: readonly Line[],
): Line[] {
  const most = (some: readonly Values[]) => {
    let found = -Infinity;
    for (const values of some)
      for (let at = 0; at < values.length; at++) found = Math.max(found, values[at]);
    return found;
  };
  const high = most(lines);
  return [...lines, ...aside.filter((one) => !lines.length || most([one]) <= LARGER * high)];
}

/** Return the function from values to pixels 0 (the top) to `height`. */
export function projection({ low, high, log }: Ends, height: number): (value: number) => number {
  const to = log ? Math.log10 : (value: number) => value;
  const [from, span] = [to(low), to(high) - to(low)];
  return (value) => height * (1 - (to(value) - from) / span);
}

/** Return the value at a share 0 (the top) to 1 of a scale: the way back from `projection`. */
export function valueAtShare({ low, high, log }: Ends, share: number): number {
  return log ? low * (high / low) ** (1 - share) : low + (1 - share) * (high - low);
}

/** Return where a scale is marked: about `count` round values. */
export function ticksOf({ low, high, log }: Ends, count: number): number[] {
  const tens = log ? powers(low, high, count) : [];
  return tens.length > 1 ? tens : roundTicks(low, high, count);
}

/** Return how many values lie beyond a scale. */
export const beyond = (lines: readonly Values[], { low, high }: Ends): number =>
  lines.reduce(
    (sum, values) => sum + Array.from(values).filter((value) => value < low || value > high).length,
    0,
  );
