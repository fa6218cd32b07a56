// How the confusion matrix is painted: cells, what they say, the names beside and above them.

import {
  colours,
  type DrawingContext,
  differsAt,
  gutter,
  numbers,
  type Selection,
} from "#app/web/index.ts";
import type { ConfusionMeta } from "./answer.ts";
import type { As, Pooled, Shown } from "./model.ts";

/** What is shown: the cells, and what they mean. */
export interface Picture {
  shown: Shown;
  pooled: Pooled;
  as: As;
  /** Whether values are differences. */
  changes: boolean;
  meta: ConfusionMeta;
  images: Int32Array;
}
/** Where the cells lie, CSS pixels. */
export interface Layout {
  left: number;
  top: number;
  cell: number;
  width: number;
  height: number;
}
/** What the values of cells are coloured by: errors, and the largest of the diagonal. */
export interface Scales {
  wrong: colours.Scale;
  right: number;
}

const NARROW = 520;
const SIDE = { wide: 132, narrow: 84 };
const LEAST_SIDE = 28;
const NO_PREDICTION = "no prediction";
const BOTTOM = 6;
const MOST_CELL = 56;
const MOST_SIDE = 760;
const WORDS_FROM = 24; // pixels of a cell that has room for its number
const LINE = 11; // pixels that a name needs
const LOG_FROM = 20;

const narrow = (width: number): "narrow" | "wide" => (width < NARROW ? "narrow" : "wide");

/** Return where the cells of a picture lie in so many pixels. */
export function layoutOf(
  width: number,
  { pooled, shown, meta }: Picture,
  ruler: Pick<DrawingContext, "font" | "measureText">,
): Layout {
  ruler.font = gutter.FONT;
  const names = shown.none ? [...meta.names, NO_PREDICTION] : meta.names;
  const longest = names.reduce((most, name) => Math.max(most, ruler.measureText(name).width), 0);
  const left = Math.min(SIDE[narrow(width)], Math.max(LEAST_SIDE, Math.ceil(longest) + 14));
  const top = left - 2;
  const most = Math.max(pooled.width, pooled.height, 1);
  const cell = Math.min(MOST_CELL, layoutOf.room(width) / most);
  return { left, top, cell, width, height: top + cell * pooled.height + BOTTOM };
}
/** Return how many pixels the longer side of the cells may have. */
layoutOf.room = (width: number): number =>
  Math.max(60, Math.min(MOST_SIDE, width - SIDE[narrow(width)] - BOTTOM));

/** Return the scales that fit the values: errors apart from what is right, which is far more. */
export function scalesOf({ pooled, changes, as }: Picture): Scales {
  const { values, right } = pooled;
  let [most, least, best] = [0, Number.POSITIVE_INFINITY, 0];
  values.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    if (right[at] && !changes) best = Math.max(best, value);
    else {
      most = Math.max(most, Math.abs(value));
      least = Math.min(least, Math.abs(value));
    }
  });
  const high = most || 1;
  const log = !changes && as === "count" && high > LOG_FROM;
  const wrong = changes
    ? colours.scale({ palette: "diverging", low: -high, high })
    : colours.scale({ palette: "magnitude", low: log ? Math.max(1, least) : 0, high, log });
  return { wrong, right: best || 1 };
}

/** Return what a cell says: images, a share, or how either changed. */
export function said(value: number, as: As, changes: boolean): string {
  const text = as === "count" ? numbers.integer(value) : numbers.percent(value);
  return changes && value > 0 ? `+${text}` : text.replace("-", "−");
}

/** Paint the matrix; returns what it is coloured by. */
export function paint(
  context: DrawingContext,
  picture: Picture,
  layout: Layout,
  selection: Selection,
): Scales {
  const scales = scalesOf(picture);
  const { pooled } = picture;
  const { left, top, cell } = layout;
  const { theme } = colours;
  context.fillStyle = theme("--dt-empty");
  context.fillRect(left, top, pooled.width * cell, pooled.height * cell);
  paintCells(context, picture, layout, scales);
  paintNames(context, picture, layout);
  const chosen = placeOfCell(picture, selection.confusioncell);
  if (chosen) {
    context.strokeStyle = theme("--dt-pin");
    context.lineWidth = 2;
    context.strokeRect(left + chosen.column * cell, top + chosen.row * cell, cell, cell);
  }
  return scales;
}

function paintCells(
  context: DrawingContext,
  { pooled, as, changes }: Picture,
  { left, top, cell }: Layout,
  scales: Scales,
): void {
  const gap = cell >= 10 ? 1 : 0;
  const words = cell >= WORDS_FROM;
  const { theme } = colours;
  context.font = gutter.FONT;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let at = 0; at < pooled.values.length; at++) {
    const value = pooled.values[at];
    if (Number.isNaN(value)) continue;
    const [x, y] = [left + (at % pooled.width) * cell, top + Math.floor(at / pooled.width) * cell];
    const right = Boolean(pooled.right[at]) && !changes;
    const colour = right ? null : scales.wrong.colours[scales.wrong.index(value)];
    // Grey, so that every colour is an error.
    context.fillStyle = colour === null ? theme("--dt-missing-line") : colours.css(colour);
    context.globalAlpha = right ? 0.2 + 0.5 * (value / scales.right) : 1;
    context.fillRect(x, y, Math.max(1, cell - gap), Math.max(1, cell - gap));
    context.globalAlpha = 1;
    if (!words) continue;
    context.fillStyle = colour === null ? theme("--dt-text") : inkOn(colour);
    const text = as === "count" ? said(value, as, changes) : short(value, changes);
    context.fillText(text, x + cell / 2, y + cell / 2);
  }
}

/** Return a share for a cell, in whole per cent. */
const short = (value: number, changes: boolean): string => {
  const text = `${Math.round(value * 100)}`.replace("-", "−");
  return changes && value > 0 ? `+${text}` : text;
};

// As bright as a grey on which white and black are read equally well (4.6:1).
const MIDDLE = 118;

/** Return what can be read on a colour. */
function inkOn(colour: number): string {
  const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  return 0.299 * red + 0.587 * green + 0.114 * blue > MIDDLE ? "#14181f" : "#ffffff";
}

/** Return which cell shows a chosen pair of classes; null where none does. */
function placeOfCell(
  { shown, pooled }: Picture,
  chosen: readonly number[],
): { row: number; column: number } | null {
  if (chosen.length < 2) return null;
  const { order, rows, columns, block, classes } = shown;
  const place = (id: number, [from, to]: readonly [number, number]) => {
    const at = Array.prototype.indexOf.call(order, id);
    return at < from || at > to ? -1 : Math.floor((at - from) / block);
  };
  const row = place(chosen[0], rows);
  const missing = shown.none ? pooled.width - 1 : -1;
  const column = chosen[1] === classes ? missing : place(chosen[1], columns);
  return row < 0 || column < 0 ? null : { row, column };
}

function paintNames(
  context: DrawingContext,
  { shown, pooled, meta }: Picture,
  { left, top, cell }: Layout,
): void {
  const { theme } = colours;
  const every = Math.max(1, Math.ceil(LINE / cell));
  // Of cells too small for their names only a few are named, well apart.
  const step = every === 1 ? 1 : Math.ceil(every * 1.5);
  const differs = differsAt(meta.names);
  const name = (at: number, from: number, room: number) => {
    const id = shown.order[from + at * shown.block];
    return gutter.shorten(context, meta.names[id], room, differs[id]);
  };
  context.font = gutter.FONT;
  context.textBaseline = "middle";
  context.fillStyle = theme("--dt-text-soft");
  context.textAlign = "right";
  for (let at = 0; at < pooled.height; at += step) {
    context.fillText(name(at, shown.rows[0], left - 12), left - 6, top + (at + 0.5) * cell);
  }
  context.textAlign = "left";
  for (let at = 0; at < pooled.width; at += step) {
    const none = shown.none && at === pooled.width - 1;
    if (none) break;
    upright(context, name(at, shown.columns[0], top - 10), left + (at + 0.5) * cell, top);
  }
  if (shown.none) upright(context, NO_PREDICTION, left + (pooled.width - 0.5) * cell, top);
}

function upright(context: DrawingContext, text: string, x: number, top: number): void {
  context.save();
  context.translate(x, top - 6);
  context.rotate(-Math.PI / 2);
  context.fillText(text, 0, 0);
  context.restore();
}

/** Frame a cell, and shade its row and its column. */
export function paintMark(
  context: DrawingContext,
  { left, top, cell }: Layout,
  { pooled }: Picture,
  { row, column }: { row: number; column: number },
): void {
  const { theme } = colours;
  context.fillStyle = theme("--dt-range");
  context.fillRect(0, top + row * cell, left + pooled.width * cell, cell);
  context.fillRect(left + column * cell, 0, cell, top + pooled.height * cell);
  context.strokeStyle = theme("--dt-cursor");
  context.lineWidth = 1.5;
  context.strokeRect(left + column * cell, top + row * cell, cell, cell);
}
