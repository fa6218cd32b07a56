// Histograms over each other: behind one another by iteration (offset), or on one line (overlay).

import type { DrawingContext } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import type { Place } from "../charts/plotarea.ts";
import type { ValueAxis } from "./axis.ts";
import { cumulative, density, evenly, nearest } from "./density.ts";
import * as look from "./look.ts";
import { short } from "./times.ts";
import type { Spread } from "./types.ts";

const LIFT = 0.46; // of the plot: how high the highest ridge of an offset is
const CELL = 3; // pixels of a part of the axis
const CELLS = [24, 300] as const;
const LABELS = 40; // right of an offset, for iterations or epochs
const WIDE = 58; // and for times

/** A drawn snapshot: of which run, its place among those that came, and where it stands. */
export interface Ridge {
  run: 0 | 1;
  at: number;
  iteration: number;
  /** Where it lies over time. */
  time: number;
  heights: Float64Array;
  /** Pixels of the line that it stands on, and of its highest place above that. */
  base: number;
  high: number;
  /** 0: the first snapshot, 1: the last. */
  age: number;
  marked: boolean;
}
export interface RidgeStyle {
  offset: boolean;
  most: number;
  cursor: number | null;
  edges: readonly number[];
}

/** Return where the ridges of a chart of this size lie. */
export function placeOf(width: number, height: number, offset: boolean, over: string): Place {
  const room = ["relative", "wall"].includes(over) ? WIDE : LABELS;
  return { left: 8, top: 4, width: width - 16 - (offset ? room : 0), height: height - 24 };
}

/** Return the first and the last place over time of all runs. */
export function rangeOf(spreads: readonly (Spread | null)[]): { first: number; last: number } {
  const ends = spreads.flatMap((spread) =>
    spread?.place.length ? [spread.place[0], spread.place[spread.place.length - 1]] : [],
  );
  return { first: Math.min(...ends), last: Math.max(...ends) };
}

/** Return how late a place over time is, 0 (the first of all runs) to 1 (the last). */
function ageOf(spreads: readonly (Spread | null)[], time: number): number {
  const { first, last } = rangeOf(spreads);
  return last > first ? (time - first) / (last - first) : 1;
}

/** Return how high the highest ridge is, and the pixel of the line that one of an age stands on. */
const roomOf = (place: Place, offset: boolean): number =>
  offset ? place.height * LIFT : place.height - 4;
const lineOf = (place: Place, offset: boolean, age: number): number =>
  place.top + place.height - (offset ? (1 - age) * (place.height - roomOf(place, offset)) : 0);

/** Return what is drawn, the hindmost first: of each run `most` snapshots and that at the cursor. */
export function ridgesOf(
  spreads: readonly (Spread | null)[],
  axis: ValueAxis,
  place: Place,
  style: RidgeStyle,
): Ridge[] {
  const cells = Math.round(Math.min(Math.max(place.width / CELL, CELLS[0]), CELLS[1]));
  const found: Ridge[] = [];
  spreads.forEach((spread, run) => {
    if (!spread) return;
    const cursor = nearest(spread.iteration, style.cursor);
    const chosen = new Set(evenly(spread.iteration.length, style.most));
    if (cursor >= 0) chosen.add(cursor);
    for (const at of chosen) {
      const curve = cumulative(spread, at, style.edges, axis);
      if (!curve) continue;
      const iteration = spread.iteration[at];
      found.push({
        run: run as 0 | 1,
        at,
        iteration,
        heights: density(curve, cells),
        base: 0,
        high: 0,
        time: spread.place[at],
        age: ageOf(spreads, spread.place[at]),
        marked: at === cursor,
      });
    }
  });
  settle(found, place, style.offset);
  return found.sort((a, b) => a.time - b.time || a.run - b.run);
}

/** Give the ridges their lines; all have one scale, so that areas of one chart are alike. */
function settle(ridges: Ridge[], place: Place, offset: boolean): void {
  let peak = 0;
  for (const { heights } of ridges) for (const height of heights) peak = Math.max(peak, height);
  const room = roomOf(place, offset);
  for (const ridge of ridges) {
    ridge.high = peak ? room / peak : 0;
    ridge.base = lineOf(place, offset, ridge.age);
  }
}

/** Draw the ridges; in an offset each hides what is behind it. */
export function draw(
  context: DrawingContext,
  place: Place,
  ridges: readonly Ridge[],
  spreads: readonly (Spread | null)[],
  axis: ValueAxis,
  offset: boolean,
): void {
  look.ground(context, place);
  for (const ridge of ridges) drawRidge(context, place, ridge, offset);
  if (!offset) {
    for (const ridge of ridges) if (ridge.marked) drawRidge(context, place, ridge, offset);
  }
  look.ticksBelow(context, place, axis);
  if (!offset) return;
  times(context, place, ridges, spreads);
  odds(context, place, spreads);
}

/** Return the height of a ridge above a pixel. */
export const heightAt = ({ heights, high }: Ridge, place: Place, x: number): number => {
  const cell = Math.floor(((x - place.left) / place.width) * heights.length);
  return high * (heights[cell] ?? 0);
};

/** Return the curve of a ridge, from where its numbers begin to where they end. */
function points({ base, heights, high }: Ridge, place: Place): [number, number][] {
  const step = place.width / heights.length;
  let from = 0;
  let after = heights.length;
  while (!heights[from] && from < after) from++;
  while (!heights[after - 1] && after > from) after--;
  const found: [number, number][] = [[place.left + from * step, base]];
  for (let cell = from; cell < after; cell++)
    found.push([place.left + (cell + 0.5) * step, base - high * heights[cell]]);
  found.push([place.left + after * step, base]);
  return found;
}

/** Return the colour of a ridge's line: ridges of an offset stand off from those behind them. */
function strokeOf({ marked, run }: Ridge, offset: boolean, colour: string): string {
  if (run) return marked ? colours.theme(look.RUNS[run]) : colour;
  if (marked) return colours.theme("--dt-text");
  return offset ? colours.theme("--dt-panel") : colour;
}

function drawRidge(context: DrawingContext, place: Place, ridge: Ridge, offset: boolean): void {
  const curve = points(ridge, place);
  const colour = look.aged(ridge.run, ridge.age);
  if (offset) {
    context.fillStyle = colour;
    // The second run lies over the first, which is to be seen through it.
    context.globalAlpha = ridge.run ? 0.3 : 0.92;
    look.area(context, curve);
    context.globalAlpha = 1;
  }
  context.lineWidth = ridge.marked ? 2 : 1;
  context.strokeStyle = strokeOf(ridge, offset, colour);
  look.line(context, curve);
}

/** Write where the first, the last and the marked snapshot lie right of an offset. */
function times(
  context: DrawingContext,
  place: Place,
  ridges: readonly Ridge[],
  spreads: readonly (Spread | null)[],
): void {
  context.font = look.FONT;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const { first, last } = rangeOf(spreads);
  const told = ridges.find(({ marked }) => marked);
  const over = spreads[0]?.over ?? "iteration";
  const rows = [...(told ? [told.time] : []), last, first];
  const taken: number[] = [];
  rows.forEach((time, at) => {
    const y = lineOf(place, true, ageOf(spreads, time)) - 4;
    if (taken.some((other) => Math.abs(y - other) < 11)) return;
    taken.push(y);
    context.fillStyle = colours.theme(told && !at ? "--dt-text" : "--dt-text-soft");
    context.fillText(short(over, time), place.left + place.width + 5, y);
  });
}

/** Mark right of an offset where there are numbers that are NaN or Inf. */
function odds(context: DrawingContext, place: Place, spreads: readonly (Spread | null)[]): void {
  context.fillStyle = colours.theme("--dt-alarm");
  for (const spread of spreads) {
    spread?.odd.forEach((odd, at) => {
      const y = lineOf(place, true, ageOf(spreads, spread.place[at]));
      if (odd) context.fillRect(place.left + place.width - 4, y - 2, 4, 2);
    });
  }
}
