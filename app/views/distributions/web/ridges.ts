// Histograms over each other: behind one another by iteration (offset), or on one line (overlay).

import { colours, type DrawingContext, numbers, type Place } from "#app/web/index.ts";
import type { ValueAxis } from "./axis.ts";
import { cumulative, density, evenly, nearest } from "./density.ts";
import * as look from "./look.ts";
import type { Spread } from "./types.ts";

const LIFT = 0.46; // of the plot: how high the highest ridge of an offset is
const CELL = 3; // pixels of a part of the axis
const CELLS = [24, 300] as const;
const LABELS = 40; // right of an offset, for iterations

/** A drawn snapshot: of which run, its place among those that came, and where it stands. */
export interface Ridge {
  run: 0 | 1;
  at: number;
  iteration: number;
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
export function placeOf(width: number, height: number, offset: boolean): Place {
  return { left: 8, top: 4, width: width - 16 - (offset ? LABELS : 0), height: height - 24 };
}

/** Return what is drawn, the hindmost first: of each run `most` snapshots and that at the cursor. */
export function ridgesOf(
  spreads: readonly (Spread | null)[],
  axis: ValueAxis,
  place: Place,
  style: RidgeStyle,
): Ridge[] {
  const cells = Math.round(Math.min(Math.max(place.width / CELL, CELLS[0]), CELLS[1]));
  const whole = spreads.flatMap((spread) => (spread ? [...spread.iteration] : []));
  const [first, last] = [Math.min(...whole), Math.max(...whole)];
  const age = (iteration: number) => (last > first ? (iteration - first) / (last - first) : 1);
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
        age: age(iteration),
        marked: at === cursor,
      });
    }
  });
  settle(found, place, style.offset);
  return found.sort((a, b) => a.iteration - b.iteration || a.run - b.run);
}

/** Give the ridges their lines; all have one scale, so that areas of one chart are alike. */
function settle(ridges: Ridge[], place: Place, offset: boolean): void {
  let peak = 0;
  for (const { heights } of ridges) for (const height of heights) peak = Math.max(peak, height);
  const room = offset ? place.height * LIFT : place.height - 4;
  for (const ridge of ridges) {
    ridge.high = peak ? room / peak : 0;
    ridge.base = place.top + place.height;
    if (offset) ridge.base -= (1 - ridge.age) * (place.height - room);
  }
}

/** Draw the ridges; in an offset each hides what is behind it. */
export function draw(
  context: DrawingContext,
  place: Place,
  ridges: readonly Ridge[],
  axis: ValueAxis,
  offset: boolean,
): void {
  look.ground(context, place);
  for (const ridge of ridges) drawRidge(context, place, ridge, offset);
  if (!offset) {
    for (const ridge of ridges) if (ridge.marked) drawRidge(context, place, ridge, offset);
  }
  look.ticksBelow(context, place, axis);
  if (offset) iterations(context, place, ridges);
}

/** Return the height of a ridge above a pixel. */
export const heightAt = ({ heights, high }: Ridge, place: Place, x: number): number => {
  const cell = Math.floor(((x - place.left) / place.width) * heights.length);
  return high * (heights[cell] ?? 0);
};

function points(ridge: Ridge, place: Place): [number, number][] {
  const { base, heights, high } = ridge;
  const step = place.width / heights.length;
  const found: [number, number][] = [[place.left, base]];
  heights.forEach((height, cell) => {
    found.push([place.left + (cell + 0.5) * step, base - high * height]);
  });
  found.push([place.left + place.width, base]);
  return found;
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
  context.strokeStyle = ridge.marked
    ? colours.theme("--dt-text")
    : offset && !ridge.run
      ? colours.theme("--dt-panel")
      : colour;
  look.line(context, curve);
}

/** Write the first, the last and the marked iteration right of an offset. */
function iterations(context: DrawingContext, place: Place, ridges: readonly Ridge[]): void {
  context.font = look.FONT;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const told = ridges.filter(({ marked }) => marked);
  const ends = [ridges.at(-1), ridges[0]].filter((one): one is Ridge => Boolean(one));
  const taken: number[] = [];
  for (const ridge of [...told, ...ends]) {
    if (taken.some((y) => Math.abs(y - ridge.base) < 11)) continue;
    taken.push(ridge.base);
    context.fillStyle = colours.theme(ridge.marked ? "--dt-text" : "--dt-text-soft");
    const text = numbers.short(ridge.iteration);
    context.fillText(text, place.left + place.width + 5, ridge.base - 4);
  }
}
