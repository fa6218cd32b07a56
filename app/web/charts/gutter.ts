// The names left of rows: shortened in the middle, grouped, as many as there is room for.

import type { DrawingContext } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import { cutName, differsAt } from "../base/names.ts";
import type { Place } from "./plotarea.ts";

export const FONT = "11px system-ui, sans-serif";
const LINE = 11; // the least height of a row that has room for its name
const GROUP = 18; // width of the band that holds the names of groups

/** Rows of a matrix, those on top first. */
export type Order = Int32Array | readonly number[];
/** Neighbours of one group: from the place of the first to that after the last. */
export interface Group {
  name: string | null;
  from: number;
  to: number;
}
export type Groups = readonly (string | null)[];
type Side = Pick<Place, "left" | "top" | "height">;

/** How many letters of a name stayed that was cut before: those beside it are about as long. */
let stayed = 0;

/**
 * Return `text` with its middle left out so that it fits `width`; both ends tell names apart, or
 * what follows the letter `differs` (base/names.ts).
 */
export function shorten(context: DrawingContext, text: string, width: number, differs = 0): string {
  if (context.measureText(text).width <= width) return text;
  const most = Array.from(text.slice(0, 200));
  const short = most.join("");
  let low = 0;
  let high = most.length - 1;
  const cut = (kept: number) => cutName(short, kept, differs);
  for (let guess = stayed, tries = 0; low < high; tries++) {
    // What stayed before and one letter more or less, then by halves.
    const middle = tries < 2 && guess > low && guess <= high ? guess : (low + high + 1) >> 1;
    const fits = context.measureText(cut(middle)).width <= width;
    if (fits) low = middle;
    else high = middle - 1;
    guess = fits ? middle + 1 : middle - 1;
  }
  stayed = low;
  return cut(low);
}

// Of more names each is cut where it differs from its neighbour, without a look at all others.
const MOST_COMPARED = 500;
const compared = new WeakMap<readonly string[], { width: number; differs: Int32Array }>();

/**
 * Return for each name the letter that shorten() has to keep: 0, so that both ends stay, but for
 * names that would then be cut alike.
 */
export function toldApart(
  context: DrawingContext,
  names: readonly string[],
  width: number,
): Int32Array {
  if (names.length > MOST_COMPARED) return differsAt(names);
  const known = compared.get(names);
  if (known?.width === width) return known.differs;
  const cut = names.map((name) => shorten(context, name, width));
  const meant = new Map<string, string>();
  const alike = new Set<string>();
  cut.forEach((text, at) => {
    if ((meant.get(text) ?? names[at]) !== names[at]) alike.add(text);
    meant.set(text, names[at]);
  });
  const differs = differsAt(names).map((letter, at) => (alike.has(cut[at]) ? letter : 0));
  compared.set(names, { width, differs });
  return differs;
}

/** Return [{name, from, to}] of equal neighbours in `groups`, taken in the order of the rows. */
export function runsOf(groups: Groups, order: Order): Group[] {
  const runs: Group[] = [];
  order.forEach((row, at) => {
    const last = runs.at(-1);
    if (last && last.name === groups[row]) last.to = at + 1;
    else runs.push({ name: groups[row], from: at, to: at + 1 });
  });
  return runs;
}

/**
 * Draw the names of rows right-aligned against the plot.
 *
 * place: {left, top, height} of the plot; order: rows top first; labels: names by row;
 * groups: name of the group by row, or null; theme colours are read here.
 */
export function draw(
  context: DrawingContext,
  place: Side,
  { order, labels, groups }: { order: Order; labels: readonly string[]; groups?: Groups | null },
): void {
  const { theme } = colours;
  const rowHeight = place.height / Math.max(1, order.length);
  const grouped = groups?.some(Boolean);
  const room = place.left - 10 - (grouped ? GROUP + 4 : 4);
  context.font = FONT;
  const differs = toldApart(context, labels, room);
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillStyle = theme("--dt-text-soft");
  const every = Math.max(1, Math.ceil(LINE / rowHeight));
  // Of rows too low for their names only a few are named, well apart.
  const step = every === 1 ? 1 : Math.ceil(every * 2.5);
  for (let at = every === 1 ? 0 : Math.floor(step / 2); at < order.length; at += step) {
    const y = place.top + (at + 0.5) * rowHeight;
    context.fillText(
      shorten(context, labels[order[at]], room, differs[order[at]]),
      place.left - 8,
      y,
    );
    if (every > 1) context.fillRect(place.left - 5, y - 0.5, 4, 1);
  }
  if (grouped) drawGroups(context, place, runsOf(groups!, order), rowHeight);
}

function drawGroups(
  context: DrawingContext,
  place: Side,
  runs: readonly Group[],
  rowHeight: number,
): void {
  const { theme } = colours;
  context.textAlign = "center";
  runs.forEach(({ name, from, to }) => {
    const top = place.top + from * rowHeight;
    const height = (to - from) * rowHeight;
    context.fillStyle = theme("--dt-band");
    context.fillRect(0, top + 0.5, GROUP, Math.max(1, height - 1));
    if (!name || height < 24) return;
    context.save();
    context.translate(GROUP / 2, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.fillStyle = theme("--dt-text");
    context.fillText(shorten(context, name, height - 6), 0, 0);
    context.restore();
  });
}
