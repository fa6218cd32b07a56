// What lies over and under the rows whatever the encoding: the healthy band, values that are not
// numbers, where a layer settles, the ends of the scale.

import { type Chart, colours, type Place } from "#app/web/index.ts";
import type { Frame, Scale } from "./types.ts";

const theme = (name: string) => colours.theme(name);
export const HEALTHY = [10 ** -3.5, 10 ** -2.5];
const FONT = "10px system-ui, sans-serif";

let hatch: { key: string; fill: CanvasPattern } | null = null;

/** Return a fill for places where a value is not known. */
function hatching(context: CanvasRenderingContext2D): CanvasPattern {
  const key = theme("--dt-missing") + theme("--dt-missing-line");
  if (hatch?.key === key) return hatch.fill;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d")!;
  pen.fillStyle = theme("--dt-missing");
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = theme("--dt-missing-line");
  pen.beginPath();
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  hatch = { key, fill: context.createPattern(tile, "repeat")! };
  return hatch.fill;
}

/** Hatch the pixels all of whose snapshots have no value; return whether there are any. */
export function missing(
  context: CanvasRenderingContext2D,
  frame: Frame,
  array: ArrayLike<number>,
  place: Place,
): boolean {
  const { from, to } = frame.bins;
  let any = false;
  context.fillStyle = hatching(context);
  for (let pixel = 0; pixel < from.length; pixel++) {
    if (from[pixel] >= to[pixel]) continue;
    let known = false;
    for (let column = from[pixel]; column < to[pixel] && !known; column++) {
      const value = array[frame.own ? frame.own[column] : column];
      known = value === value || value === undefined;
    }
    if (known) continue;
    any = true;
    context.fillRect(place.left + pixel, place.top, 1, place.height);
  }
  return any;
}

/** Mark snapshots with NaN or Inf among their numbers: a bar along the top, at least 3 wide. */
export function odd(
  context: CanvasRenderingContext2D,
  frame: Frame,
  array: ArrayLike<number>,
  place: Place,
): number {
  const { from, to } = frame.bins;
  context.fillStyle = theme("--dt-alarm");
  let any = 0;
  for (let pixel = 0; pixel < from.length; pixel++) {
    for (let column = from[pixel]; column < to[pixel]; column++) {
      const kind = array[frame.own ? frame.own[column] : column];
      if (!kind) continue;
      any |= kind;
      context.fillRect(place.left + pixel - 1, place.top, 3, Math.min(4, place.height / 3));
      break;
    }
  }
  return any;
}

/** Shade where update / weight is as a rule of thumb wants it: about 1e-3. */
export function healthy(context: CanvasRenderingContext2D, place: Place, scale: Scale): void {
  const y = (value: number) => place.top + place.height * (1 - scale.at(value));
  if (scale.high < HEALTHY[0] || scale.low > HEALTHY[1]) return;
  context.fillStyle = theme("--layers-healthy");
  context.fillRect(
    place.left,
    y(HEALTHY[1]),
    place.width,
    Math.max(1, y(HEALTHY[0]) - y(HEALTHY[1])),
  );
}

/** Mark the iteration from which the layer's change stays below the limit. */
export function settled(
  context: CanvasRenderingContext2D,
  frame: Frame,
  iteration: number | null,
  place: Place,
  axis: Chart["axis"],
): void {
  if (iteration === null || iteration < 0) return;
  const column = axis.exactColumn(iteration);
  if (column < frame.first || column >= frame.last) return;
  const x = place.left + frame.x(column);
  const size = Math.min(5, place.height / 3);
  const bottom = place.top + place.height;
  context.fillStyle = theme("--layers-settled");
  context.fillRect(x - 0.5, place.top, 1, place.height);
  context.beginPath();
  context.moveTo(x - size, bottom);
  context.lineTo(x + size, bottom);
  context.lineTo(x, bottom - size * 1.4);
  context.fill();
}

/** Write the ends of a row's scale left of it, where there is room for both. */
export function ends(
  context: CanvasRenderingContext2D,
  place: Place,
  [low, high]: readonly string[],
): void {
  context.font = FONT;
  context.fillStyle = theme("--dt-text-soft");
  context.textAlign = "right";
  if (place.height < 22) return;
  context.textBaseline = "top";
  context.fillText(high, place.left - 5, place.top);
  context.textBaseline = "bottom";
  context.fillText(low, place.left - 5, place.top + place.height);
}

/** Write round values of a scale beside a high row, with a faint line through it. */
export function ticks(
  context: CanvasRenderingContext2D,
  place: Place,
  values: readonly number[],
  at: (value: number) => number,
  write: (value: number) => string,
): void {
  context.font = FONT;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of values) {
    const y = Math.round(place.top + (1 - at(value)) * place.height);
    context.fillStyle = theme("--dt-border");
    context.fillRect(place.left, y, place.width, 1);
    // The ends are written where they are.
    if (y - place.top < 20 || place.top + place.height - y < 20) continue;
    context.fillStyle = theme("--dt-text-soft");
    context.fillText(write(value), place.left - 5, y);
  }
}

/** Write a sentence into a row. */
export function words(context: CanvasRenderingContext2D, place: Place, text: string): void {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = theme("--dt-text-soft");
  context.textAlign = "center";
  context.textBaseline = "middle";
  const half = context.measureText(text).width / 2 + 6;
  const [x, y] = [place.left + place.width / 2, place.top + place.height / 2];
  const kept = context.fillStyle;
  context.fillStyle = theme("--dt-panel");
  context.fillRect(x - half, place.top, 2 * half, place.height);
  context.fillStyle = kept;
  context.fillText(text, x, y);
}
