// The lines that a page of scalars asks for first, together: before it knows which scalars there are,
// and which of their charts are in sight. The server says which these are (app/data/scalars.py).

import type { ScalarListOptions } from "../core/chartoptions.ts";
import type { Selection } from "../core/fields.ts";

export const GUTTER = { left: 64, right: 12 };
export const FIRST = "first";
const PADDING = 40; // of a page, and what lies between charts, which are as wide at least: scalars.css
const GAP = 14;
const LEAST = 340;

/** Return the template of the lines of some scalars, by their keys with commas or FIRST. */
export const linesOf = ({ lines }: ScalarListOptions, pixels: number, keys: string): string =>
  `${lines}${lines.includes("?") ? "&" : "?"}pixels=${pixels}&names=${keys}`;

/** Return for how many pixels the lines of a chart of this width are asked: answers are few. */
export const pixelsFor = (width: number): number =>
  [256, 512].find((one) => one >= width - GUTTER.left) ?? 1024;

/** Return how wide the charts of a page will be that has a whole window. */
export function chartWidth(window: number, { scalarcolumns }: Selection): number {
  const room = window - PADDING;
  const fit = Math.max(1, Math.floor((room + GAP) / (LEAST + GAP)));
  const count = /^[1-9]$/.test(scalarcolumns) ? Number(scalarcolumns) : fit;
  return (room - GAP * (count - 1)) / count;
}

/** Return what a list of scalars asks for first: which there are, and lines of the first ones. */
export function aheadOfScalars(options: ScalarListOptions, selection: Selection): string[] {
  // A search may find none of these.
  if (selection.scalars.trim()) return [options.url!];
  const width = chartWidth(document.documentElement.clientWidth, selection);
  return [options.url!, linesOf(options, pixelsFor(width), FIRST)];
}
