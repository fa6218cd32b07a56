// How distributions look: the colours of two runs from old to new, ticks and frames of small charts.

import type { DrawingContext } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import { strokeMany } from "../base/hairlines.ts";
import { numbers } from "../base/numbers.ts";
import type { Place } from "../charts/plotarea.ts";
import type { ValueAxis } from "./axis.ts";

export const FONT = "10px system-ui, sans-serif";
/** This run, and the one drawn over it. */
export const RUNS = ["--dt-blue", "--dt-orange"] as const;
const PALE = 0.22; // of its colour: the oldest snapshot

const channels = (colour: number): number[] => [0, 8, 16].map((shift) => (colour >> shift) & 255);

/** Return a colour between the panel (0) and that of a run (1). */
export function shade(run: 0 | 1, share: number): string {
  const from = channels(colours.packed("--dt-panel"));
  const to = channels(colours.packed(RUNS[run]));
  return `rgb(${from.map((value, at) => Math.round(value + (to[at] - value) * share)).join(", ")})`;
}

/** Return the colour of a snapshot by its age, 0 (the first) to 1 (the last). */
export const aged = (run: 0 | 1, age: number): string => shade(run, PALE + (1 - PALE) * age);

export function ground(context: DrawingContext, { left, top, width, height }: Place): void {
  context.fillStyle = colours.theme("--dt-panel");
  context.fillRect(left, top, width, height);
}

/** Write the values below a plot. */
export function ticksBelow(context: DrawingContext, place: Place, axis: ValueAxis): void {
  context.font = FONT;
  context.textBaseline = "top";
  context.fillStyle = colours.theme("--dt-text-soft");
  context.strokeStyle = colours.theme("--dt-border");
  context.lineWidth = 1;
  let free = -Infinity;
  const ticks = axis.ticks(place.width / 60);
  const texts = numbers.ticks("number", ticks);
  for (const [index, tick] of ticks.entries()) {
    const x = place.left + axis.to(tick) * place.width;
    const text = texts[index];
    const half = context.measureText(text).width / 2;
    const middle = Math.min(Math.max(x, place.left + half), place.left + place.width - half);
    line(context, [
      [x, place.top + place.height],
      [x, place.top + place.height + 3],
    ]);
    if (middle - half < free) continue;
    free = middle + half + 6;
    context.textAlign = "center";
    context.fillText(text, middle, place.top + place.height + 5);
  }
}

/** Write the values left of a plot. */
export function ticksBeside(context: DrawingContext, place: Place, axis: ValueAxis): void {
  context.font = FONT;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = colours.theme("--dt-text-soft");
  const ticks = axis.ticks(place.height / 28);
  const texts = numbers.ticks("number", ticks);
  for (const [index, tick] of ticks.entries()) {
    const y = place.top + (1 - axis.to(tick)) * place.height;
    const inside = Math.min(Math.max(y, place.top + 5), place.top + place.height - 4);
    context.fillText(texts[index], place.left - 5, inside);
  }
}

export function line(
  context: DrawingContext,
  points: readonly (readonly [number, number])[],
): void {
  strokeMany(context, points.length, (path) => {
    for (const [at, [x, y]] of points.entries()) path[at ? "lineTo" : "moveTo"](x, y);
  });
}

/** Fill between a curve and the way back. */
export function area(
  context: DrawingContext,
  points: readonly (readonly [number, number])[],
): void {
  context.beginPath();
  points.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fill();
}
