// What is told of the curves under the pointer.

import * as colours from "../base/colours.ts";
import { numbers } from "../base/numbers.ts";
import type { TooltipLine } from "../base/tooltip.ts";
import type { TimeAxis } from "../core/timeaxis.ts";
import { nearest, type Shown } from "./curvedata.ts";

const NEAR = 14; // pixels between the pointer and the line that it is near to
const MOST_TOLD = 10;

interface Value {
  shown: Shown;
  raw: number;
  average: number | undefined;
  where: number | undefined;
  away: number;
}
/** The values under the pointer, the largest first; of many lines those nearest to it. */
export interface Pointed {
  values: readonly Value[];
  /** How many more there are. */
  more: number;
  /** The series whose line the pointer is near to. */
  near: string | null;
  /** The iteration of the values. */
  where: number | undefined;
}

/** Return what lines have at an iteration; `away` gives the pixels from a value to the pointer. */
export function pointedAt(
  lines: readonly Shown[],
  iteration: number,
  away: (value: number) => number,
): Pointed {
  const found = lines.map((shown): Value => {
    const { data, smooth } = shown;
    const at = nearest(data, iteration);
    const average = smooth ? smooth.values[nearest(smooth, iteration)] : undefined;
    const raw = data.values[at];
    return { shown, raw, average, where: data.iterations[at], away: away(average ?? raw) };
  });
  const closest = [...found].sort((a, b) => order(a.away) - order(b.away));
  const values = closest
    .slice(0, MOST_TOLD)
    .sort((a, b) => (b.average ?? b.raw) - (a.average ?? a.raw));
  return {
    values,
    more: found.length - values.length,
    near: found.length > 1 && closest[0].away < NEAR ? closest[0].shown.line.series : null,
    where: values.find(({ where }) => where !== undefined)?.where,
  };
}

const order = (away: number): number => (Number.isNaN(away) ? Number.MAX_VALUE : away);

/** Return the lines of a tooltip; a line without a name has that of the chart. */
export function linesOf({ values, more }: Pointed, title: string): TooltipLine[] {
  const lines = values.map(({ shown, raw, average }): TooltipLine => {
    const value =
      average === undefined
        ? numbers.number(raw, 5)
        : `${numbers.number(average, 5)} (${numbers.number(raw, 4)})`;
    return [shown.line.name || title, value, colours.theme(shown.line.colour)];
  });
  return more ? [...lines, [`and ${more} more, further from the pointer`, ""]] : lines;
}

/** Say where on the axis an iteration is. */
export function placeOf(axis: TimeAxis, iteration: number): string {
  const { scale } = axis;
  const written = scale?.write(axis.valueOf(axis.coordinate(iteration)));
  if (scale?.whole) return `at ${written}`;
  const also = scale && scale.name !== "iteration" ? `, ${written}` : "";
  return `at iteration ${numbers.integer(iteration)}${also}`;
}
