// Percentiles over the iterations as bands around the median, of a run and of a second one over it.

import {
  colours,
  type DrawingContext,
  density,
  histogramLook as look,
  type Place,
  ridges,
  type HistogramSpread as Spread,
  histogramTimes as times,
  type ValueAxis,
} from "#app/web/index.ts";

const { nearest } = density;
const { rangeOf } = ridges;

// Least to greatest, then the percentiles that lie alike on both sides of the median.
const PAIRS: readonly [number, number][] = [
  [0, 8],
  [1, 7],
  [2, 6],
  [3, 5],
];
const SHADES = [0.16, 0.32, 0.5, 0.7];
const MEDIAN = 4;
const OVER = 0.22; // the bands of the second run: the first is to be seen through them
const THIN = 2; // pixels of one lone snapshot

type Along = (time: number) => number;

/** Return where the bands of a chart of this size lie. */
export const placeOf = (width: number, height: number): Place => ({
  left: 46,
  top: 5,
  width: width - 56,
  height: height - 25,
});

/** Return the pixel of a place over time; all runs lie on one axis. */
export function along(spreads: readonly (Spread | null)[], place: Place): Along {
  const { first, last } = rangeOf(spreads);
  if (first >= last) return () => place.left + place.width / 2;
  return (time) => place.left + ((time - first) / (last - first)) * place.width;
}

export function draw(
  context: DrawingContext,
  place: Place,
  spreads: readonly (Spread | null)[],
  axis: ValueAxis,
  cursor: number | null,
): void {
  look.ground(context, place);
  const x = along(spreads, place);
  const y = (value: number) => place.top + (1 - axis.to(value)) * place.height;
  spreads.forEach((spread, run) => {
    if (spread) drawRun(context, spread, run as 0 | 1, x, y);
  });
  spreads.forEach((spread) => {
    if (spread) drawOdd(context, place, spread, x);
  });
  drawCursor(context, place, spreads, cursor, x);
  look.ticksBeside(context, place, axis);
  timesBelow(context, place, spreads, x);
}

/** Return the rows of percentiles [9][S]; the outermost are those of all that a snapshot stands for. */
const rowOf = ({ highest, iteration, lowest, percentile }: Spread, row: number) =>
  row === 0
    ? lowest
    : row === 8
      ? highest
      : percentile.subarray(row * iteration.length, (row + 1) * iteration.length);

function drawRun(context: DrawingContext, spread: Spread, run: 0 | 1, x: Along, y: Along): void {
  const places = Array.from(spread.place, x);
  PAIRS.forEach(([lower, upper], band) => {
    const [low, high] = [rowOf(spread, lower), rowOf(spread, upper)];
    context.fillStyle = run ? colours.theme(look.RUNS[1]) : look.shade(0, SHADES[band]);
    context.globalAlpha = run ? OVER : 1;
    for (const [from, to] of stretches(low, high)) {
      const across = (at: number, side: -1 | 1) =>
        from === to ? places[at] + side * THIN : places[at];
      const there: [number, number][] = [];
      const back: [number, number][] = [];
      for (let at = from; at <= to; at++) {
        there.push([across(at, -1), y(low[at])]);
        back.unshift([across(at, -1), y(high[at])]);
      }
      if (from === to) {
        there.push([across(from, 1), y(low[from])]);
        back.unshift([across(from, 1), y(high[from])]);
      }
      look.area(context, [...there, ...back]);
    }
    context.globalAlpha = 1;
  });
  const median = rowOf(spread, MEDIAN);
  context.strokeStyle = run ? colours.theme(look.RUNS[1]) : colours.theme("--dt-text");
  context.lineWidth = 1.25;
  for (const [from, to] of stretches(median, median)) {
    const curve = places.slice(from, to + 1).map((px, at) => [px, y(median[from + at])] as const);
    const [[px, py]] = curve;
    look.line(
      context,
      from === to
        ? [
            [px - THIN, py],
            [px + THIN, py],
          ]
        : curve,
    );
  }
}

/** Return [first, last] of the neighbours that are finite in both. */
export function stretches(low: ArrayLike<number>, high: ArrayLike<number>): [number, number][] {
  const found: [number, number][] = [];
  for (let at = 0; at < low.length; at++) {
    if (!Number.isFinite(low[at]) || !Number.isFinite(high[at])) continue;
    const last = found.at(-1);
    if (last && last[1] === at - 1) last[1] = at;
    else found.push([at, at]);
  }
  return found;
}

/** Mark on top where there are numbers that are NaN or Inf. */
function drawOdd(context: DrawingContext, place: Place, spread: Spread, x: Along): void {
  context.fillStyle = colours.theme("--dt-alarm");
  spread.odd.forEach((odd, at) => {
    if (odd) context.fillRect(x(spread.place[at]) - 1.5, place.top, 3, 4);
  });
}

function drawCursor(
  context: DrawingContext,
  place: Place,
  spreads: readonly (Spread | null)[],
  cursor: number | null,
  x: Along,
): void {
  const own = spreads[0];
  const at = own ? nearest(own.iteration, cursor) : -1;
  if (!own || at < 0) return;
  context.strokeStyle = colours.theme("--dt-text");
  context.lineWidth = 1;
  const px = Math.round(x(own.place[at])) + 0.5;
  look.line(context, [
    [px, place.top],
    [px, place.top + place.height],
  ]);
}

function timesBelow(
  context: DrawingContext,
  place: Place,
  spreads: readonly (Spread | null)[],
  x: Along,
): void {
  const { first, last } = rangeOf(spreads);
  const ends = first < last ? [first, last] : [first];
  context.font = look.FONT;
  context.textBaseline = "top";
  context.fillStyle = colours.theme("--dt-text-soft");
  const over = spreads[0]?.over ?? "iteration";
  ends.forEach((time, at) => {
    context.textAlign = ends.length < 2 ? "center" : at ? "right" : "left";
    context.fillText(times.short(over, time), x(time), place.top + place.height + 5);
  });
}
