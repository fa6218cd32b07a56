// Many pale lines over each other, as pixels: the browser takes a millisecond or two for the path of
// a line, half a second for those of five hundred layers.
//
// A line covers, in each column of pixels, from the lowest to the highest it has there, and half its
// width beyond; lines that lie over others are mixed with them as paths are.

import type { Place } from "#app/web/index.ts";
import type { Floats, Frame, Scale } from "./types.ts";

/** How lines look: a colour (red, green, blue, 0 to 255) for each, what they have in common. */
export interface Look {
  colours: readonly (readonly number[])[];
  alpha: number;
  /** In CSS pixels. */
  width: number;
}
/** Of each column of pixels where a line is, in pixels from the top; low > high: nowhere. */
interface Covered {
  low: Float32Array;
  high: Float32Array;
}

const BEYOND = 2; // CSS pixels above and below the place, for lines at its ends
const CHANNELS = 4;

/** Note where the line from (x0, y0) to (x1, y1) runs, x rising. */
export function cover(
  { low, high }: Covered,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  const first = Math.max(0, Math.floor(x0));
  const last = Math.min(low.length - 1, Math.floor(x1));
  const slope = x1 > x0 ? (y1 - y0) / (x1 - x0) : 0;
  for (let x = first; x <= last; x++) {
    const from = x <= x0 ? y0 : y0 + slope * (x - x0);
    const to = x + 1 >= x1 ? y1 : y0 + slope * (x + 1 - x0);
    low[x] = Math.min(low[x], from, to);
    high[x] = Math.max(high[x], from, to);
  }
}

/**
 * Mix a line that covers `top` to `bottom` into a column of pixels [height, 4], colours times alpha
 * and alpha, 0 to 1.
 */
export function mix(
  column: Float32Array,
  top: number,
  bottom: number,
  colour: readonly number[],
  alpha: number,
): void {
  // Not taken apart by a pattern: the browser has not compiled this when the first lines are drawn.
  const red = colour[0];
  const green = colour[1];
  const blue = colour[2];
  const end = Math.min(column.length / CHANNELS, Math.ceil(bottom));
  for (let y = Math.max(0, Math.floor(top)); y < end; y++) {
    const share = alpha * (Math.min(y + 1, bottom) - Math.max(y, top));
    const rest = 1 - share;
    const at = y * CHANNELS;
    column[at] = column[at] * rest + red * share;
    column[at + 1] = column[at + 1] * rest + green * share;
    column[at + 2] = column[at + 2] * rest + blue * share;
    column[at + 3] = column[at + 3] * rest + share;
  }
}

/** Draw lines, one over the other, into a place. */
export function manyLines(
  context: CanvasRenderingContext2D,
  frame: Frame,
  lines: readonly Floats[],
  place: Place,
  scale: Scale,
  look: Look,
): void {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(place.width * ratio);
  const height = Math.round((place.height + 2 * BEYOND) * ratio);
  if (width < 1) return;
  const yOf = (value: number) => (BEYOND + place.height * (1 - scale.at(value))) * ratio;
  const xs = new Float64Array(Math.max(0, frame.last - frame.first));
  for (let at = 0; at < xs.length; at++) xs[at] = frame.x(frame.first + at) * ratio;
  const covered = lines.map((values) => {
    const own = nowhere(width);
    follow(frame, values, xs, yOf, own);
    return own;
  });
  const image = new ImageData(width, height);
  paint(image, covered, (look.width * ratio) / 2, look);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  context.drawImage(canvas, place.left, place.top - BEYOND, width / ratio, height / ratio);
}

const nowhere = (width: number): Covered => ({
  low: new Float32Array(width).fill(Infinity),
  high: new Float32Array(width).fill(-Infinity),
});

/** Note where the line of some values runs; a value between gaps is a small mark. */
function follow(
  { first, last, own }: Frame,
  values: Floats,
  xs: Float64Array,
  yOf: (value: number) => number,
  covered: Covered,
): void {
  const valueAt = (column: number) => values[own ? own[column] : column] ?? NaN;
  let goesOn = false;
  let x0 = 0;
  let y0 = 0;
  for (let column = first; column < last; column++) {
    const value = valueAt(column);
    if (value !== value) {
      goesOn = false;
      continue;
    }
    const x = xs[column - first];
    const y = yOf(value);
    if (goesOn) cover(covered, x0, y0, x, y);
    else {
      const alone = column + 1 >= last || Number.isNaN(valueAt(column + 1));
      const away = alone ? 1 : 0;
      cover(covered, x - away, y - away, x + away, y + away);
    }
    goesOn = true;
    x0 = x;
    y0 = y;
  }
}

/**
 * Paint lines that reach `half` beyond what they cover, one column of pixels after the other: what
 * is mixed there stays in the processor's own memory.
 */
export function paint(
  { data, width, height }: Pick<ImageData, "data" | "width" | "height">,
  covered: readonly Covered[],
  half: number,
  { colours, alpha }: Pick<Look, "colours" | "alpha">,
): void {
  const column = new Float32Array(height * CHANNELS);
  for (let x = 0; x < width; x++) {
    let from = Infinity;
    let to = -Infinity;
    for (let line = 0; line < covered.length; line++) {
      const top = covered[line].low[x] - half;
      const bottom = covered[line].high[x] + half;
      if (top > bottom) continue;
      if (top < from) from = top;
      if (bottom > to) to = bottom;
      mix(column, top, bottom, colours[line], alpha);
    }
    if (from > to) continue;
    const end = Math.min(height, Math.ceil(to));
    for (let y = Math.max(0, Math.floor(from)); y < end; y++) {
      const own = y * CHANNELS;
      const share = column[own + 3];
      if (!share) continue;
      const at = (y * width + x) * CHANNELS;
      data[at] = column[own] / share;
      data[at + 1] = column[own + 1] / share;
      data[at + 2] = column[own + 2] / share;
      data[at + 3] = 255 * share;
    }
    column.fill(0);
  }
}
