// The lines of a chart of curves with their averages, and the bands around means.

import type { DrawingContext } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import { type Spread, stretches } from "../base/paths.ts";
import type { Iterations, TimeAxis } from "../core/timeaxis.ts";
import type { Shown } from "./curvedata.ts";
import { type Ends, projection } from "./curvescale.ts";
import type { Place } from "./plotarea.ts";
import * as stripmarks from "./stripmarks.ts";

const BEHIND = 0.28; // how much is seen of the values behind their average
const ALONE = 0.8; // of lines that fill many pixels
const BAND = 0.2; // of the band around a mean

/** Where a chart draws: its axes, and the pixels between them. */
export interface Plot {
  axis: TimeAxis;
  place: Place;
  ends: Ends;
}

/** Draw some lines, and their averages above all values; `width` in pixels, the usual one without. */
export function paintLines(
  context: DrawingContext,
  shown: readonly Shown[],
  { axis, place, ends }: Plot,
  width?: number,
): void {
  const project = projection(ends, place.height);
  const scale = { y: (value: number) => place.top + project(value), log: ends.log };
  const draw = ({ line }: Shown, data: stripmarks.Series, alpha: number, denseAlpha: number) => {
    context.setLineDash(line.dash ? [...line.dash] : []);
    const style = { colour: line.colour, alpha, denseAlpha, width };
    stripmarks.line(context, style, data, axis, place, scale);
  };
  for (const one of shown) draw(one, one.data, one.smooth ? BEHIND : 1, ALONE);
  for (const one of shown) if (one.smooth) draw(one, one.smooth, 1, 1);
  context.setLineDash([]);
}

/** Fill a band over iterations, where both its ends are known. */
export function paintBand(
  context: DrawingContext,
  colour: string,
  band: Spread,
  iterations: Iterations,
  { axis, place, ends }: Plot,
): void {
  const project = axis.projection(place.width);
  const y = projection(ends, place.height);
  const at = (values: ArrayLike<number>, row: number): [number, number] => [
    place.left + project(axis.coordinate(iterations[row])),
    place.top + y(ends.log ? Math.max(values[row], ends.low) : values[row]),
  ];
  context.fillStyle = colours.theme(colour);
  context.globalAlpha = BAND;
  for (const [start, end] of stretches(band, 0, iterations.length)) {
    context.beginPath();
    for (let row = start; row < end; row++) context.lineTo(...at(band.high, row));
    for (let row = end - 1; row >= start; row--) context.lineTo(...at(band.low, row));
    context.fill();
  }
  context.globalAlpha = 1;
}
