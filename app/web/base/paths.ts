// The lines and bands of runs as paths: over the columns of the common axis, broken where a value
// is not finite.

/** What a path is written to: a canvas, or one that writes SVG. */
export type Pen = Pick<CanvasRenderingContext2D, "moveTo" | "lineTo">;
type Along = (value: number) => number;
/** The ends of a group's band, by column; NaN where it has none. */
export interface Spread {
  low: ArrayLike<number>;
  high: ArrayLike<number>;
}

const LONE = 5; // px of a line that is of one value only

/** Follow finite values [from, from + columns) of an array over the axis; maybe in steps. */
export function follow(
  pen: Pen,
  values: ArrayLike<number>,
  from: number,
  columns: number,
  x: Along,
  y: Along,
  step = false,
): void {
  let open = false;
  let lone = false;
  // No pair for each point: of 500 layers and 2,000 snapshots there are hundred thousands in a drawing.
  let left = 0;
  let top = 0;
  for (let column = 0; column < columns; column++) {
    const value = values[from + column];
    if (!Number.isFinite(value)) {
      if (lone) pen.lineTo(left + LONE, top);
      open = lone = false;
      continue;
    }
    left = x(column + 0.5);
    const before = top;
    top = y(value);
    if (open && step) pen.lineTo(left, before);
    if (open) pen.lineTo(left, top);
    else pen.moveTo(left, top);
    lone = !open;
    open = true;
  }
  if (lone) pen.lineTo(left + LONE, top);
}

/** Return the band of one standard deviation to both sides of a mean. */
export function spread(
  mean: ArrayLike<number>,
  deviation: ArrayLike<number>,
): Record<"low" | "high", Float32Array<ArrayBuffer>> {
  const band = { low: new Float32Array(mean.length), high: new Float32Array(mean.length) };
  for (let at = 0; at < mean.length; at++) {
    band.low[at] = mean[at] - deviation[at];
    band.high[at] = mean[at] + deviation[at];
  }
  return band;
}

/** Return the stretches [start, end) of at least two columns where both ends are finite. */
export function stretches(
  { low, high }: Spread,
  from: number,
  columns: number,
): [start: number, end: number][] {
  const found: [number, number][] = [];
  let start = 0;
  for (let column = 0; column <= columns; column++) {
    const known =
      column < columns &&
      Number.isFinite(low[from + column]) &&
      Number.isFinite(high[from + column]);
    if (known) continue;
    if (column - start > 1) found.push([start, column]);
    start = column + 1;
  }
  return found;
}
