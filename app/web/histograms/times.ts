// Where snapshots lie over time: by iteration, epoch, the time since the start, or the time of day.

import { numbers } from "../base/numbers.ts";
import { duration } from "../base/times.ts";
import { clock as clockWords } from "../core/axisscale.ts";

/** The rows of the array `clock` (app/data/distributions.py). */
const ROWS: Record<string, number | undefined> = { epoch: 0, relative: 1, wall: 2 };

/**
 * Return the places of snapshots over a kind of time, rising; null where the run did not record it.
 * `clock` is [3, S].
 */
export function placesOf(
  kind: string,
  iterations: ArrayLike<number>,
  clock: Float64Array | undefined,
): ArrayLike<number> | null {
  const row = ROWS[kind];
  if (row === undefined) return iterations;
  const count = iterations.length;
  const places = clock?.slice(row * count, (row + 1) * count);
  if (!places?.every(Number.isFinite)) return null;
  // What was recorded again after a resume may lie before what came earlier.
  for (let at = 1; at < count; at++) places[at] = Math.max(places[at], places[at - 1]);
  return places;
}

/** Write a place as short as a chart wants it. */
export function short(kind: string, place: number): string {
  if (kind === "epoch") return numbers.number(place, 3);
  if (kind === "relative") return duration(Math.max(0, place));
  if (kind === "wall") return clockWords(place, { date: false });
  return numbers.short(place);
}

/** Write a place in words; "" for an iteration, which is said anyway. */
export function words(kind: string, place: number): string {
  if (kind === "epoch") return `epoch ${numbers.number(place)}`;
  if (kind === "relative") return `${duration(Math.max(0, place))} after the start`;
  if (kind === "wall") return clockWords(place, { date: true });
  return "";
}
