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

/** Mix what a line covers into `pixels` [height, width, 4], colours times alpha and alpha, 0 to 1. */
export function mix(
  pixels: Float32Array,
  { low, high }: Covered,
  height: number,
  half: number,
  [red, green, blue]: readonly number[],
  alpha: number,
): void {
  const width = low.length;
  for (let x = 0; x < width; x++) {
    if (low[x] > high[x]) continue;
    const [top, bottom] = [low[x] - half, high[x] + half];
    const end = Math.min(height, Math.ceil(bottom));
    for (let y = Math.max(0, Math.floor(top)); y < end; y++) {
      const share = alpha * (Math.min(y + 1, bottom) - Math.max(y, top));
      const rest = 1 - share;
      const at = (y * width + x) * CHANNELS;
      pixels[at] = pixels[at] * rest + red * share;
      pixels[at + 1] = pixels[at + 1] * rest + green * share;
      pixels[at + 2] = pixels[at + 2] * rest + blue * share;
      pixels[at + 3] = pixels[at + 3] * rest + share;
    }
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
  const pixels = new Float32Array(width * height * CHANNELS);
  const covered = { low: new Float32Array(width), high: new Float32Array(width) };
  const yOf = (value: number) => (BEYOND + place.height * (1 - scale.at(value))) * ratio;
  lines.forEach((values, at) => {
    covered.low.fill(Infinity);
    covered.high.fill(-Infinity);
    follow(frame, values, (column) => frame.x(column) * ratio, yOf, covered);
    mix(pixels, covered, height, (look.width * ratio) / 2, look.colours[at], look.alpha);
  });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d")!.putImageData(imageOf(pixels, width, height), 0, 0);
  context.drawImage(canvas, place.left, place.top - BEYOND, width / ratio, height / ratio);
}

/** Note where the line of some values runs; a value between gaps is a small mark. */
function follow(
  { first, last, own }: Frame,
  values: Floats,
  xOf: (column: number) => number,
  yOf: (value: number) => number,
  covered: Covered,
): void {
  const valueAt = (column: number) => values[own ? own[column] : column] ?? NaN;
  let before: [x: number, y: number] | null = null;
  for (let column = first; column < last; column++) {
    const value = valueAt(column);
    if (value !== value) {
      before = null;
      continue;
    }
    const [x, y] = [xOf(column), yOf(value)];
    if (before) cover(covered, before[0], before[1], x, y);
    else {
      const alone = column + 1 >= last || Number.isNaN(valueAt(column + 1));
      const away = alone ? 1 : 0;
      cover(covered, x - away, y - away, x + away, y + away);
    }
    before = [x, y];
  }
}

function imageOf(pixels: Float32Array, width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  for (let at = 0; at < pixels.length; at += CHANNELS) {
    const alpha = pixels[at + 3];
    if (!alpha) continue;
    for (let channel = 0; channel < 3; channel++)
      image.data[at + channel] = pixels[at + channel] / alpha;
    image.data[at + 3] = 255 * alpha;
  }
  return image;
}
