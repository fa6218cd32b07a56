// The row of a run among what happened in several: how much of it there is, and its marks in time.

import {
  colours,
  type DrawingContext,
  gutter,
  numbers,
  type Place,
  SIGNS,
} from "#app/web/index.ts";
import { compare, type Run } from "./compare.ts";
import { type Arrays, type Mark, type Meta, type Note, tickOf } from "./eventmarks.ts";

const FONT = "11px system-ui, sans-serif";

/** What a row is drawn of: run `at` of those compared, its place, and the x of a tick. */
export interface EventRow {
  run: Run;
  at: number;
  arrays: Arrays;
  meta: Meta;
  notes: readonly Note[];
  place: Place;
  x(tick: number): number;
}

/** Draw a row; return its marks. */
export function drawRow(context: DrawingContext, row: EventRow): Mark[] {
  const { place } = row;
  context.fillStyle = colours.theme("--dt-panel");
  context.fillRect(place.left, place.top, place.width, place.height);
  drawHead(context, row);
  context.save();
  context.beginPath();
  context.rect(place.left - 6, place.top, place.width + 12, place.height);
  context.clip();
  const marks = [
    ...drawAnomalies(context, row),
    ...drawNotes(context, row),
    ...drawNamed(context, row),
  ];
  context.restore();
  return marks;
}

/** Write left of the plot which run it is, and how many anomalies and annotations it has. */
function drawHead(
  context: DrawingContext,
  { run, at, place, meta, arrays, notes }: EventRow,
): void {
  const { theme } = colours;
  context.font = FONT;
  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillStyle = theme("--dt-text");
  compare.stroke(
    context,
    at,
    (line) => {
      line.moveTo(0, place.top + 9);
      line.lineTo(20, place.top + 9);
    },
    { width: 3 },
  );
  const name = `${compare.letter(at)} ${run.name}`;
  context.fillText(gutter.shorten(context, name, place.left - 34), 26, place.top + 3);
  const window_ = meta.windows[at];
  const anomalies = numbers.plural(arrays[`tick.${at}`].length, "anomaly", "anomalies");
  const told = window_ && `${anomalies} (k ${window_.k}, m ${window_.m})`;
  const room = place.left - 10;
  const count = told
    ? context.measureText(told).width <= room
      ? told
      : anomalies
    : run.snapshots
      ? "no validation images"
      : "no snapshot yet";
  context.fillStyle = theme("--dt-text-soft");
  context.fillText(gutter.shorten(context, count, room), 0, place.top + 18);
  if (notes.length)
    context.fillText(numbers.plural(notes.length, "annotation", "annotations"), 0, place.top + 31);
}

function drawAnomalies(context: DrawingContext, { at, arrays, place, x }: EventRow): Mark[] {
  const images = arrays[`images.${at}`];
  const most = Math.max(1, ...images);
  context.fillStyle = colours.theme("--dt-text");
  return Array.from(arrays[`tick.${at}`], (tick, row): Mark => {
    const right = arrays[`right.${at}`][row];
    const size = 3 + 5 * Math.sqrt(images[row] / most);
    const center = [x(tick), place.top + (right ? 20 : 9)];
    const tip = right ? -1 : 1;
    context.beginPath();
    context.moveTo(center[0] - size, center[1] - tip * 5);
    context.lineTo(center[0] + size, center[1] - tip * 5);
    context.lineTo(center[0], center[1] + tip * 5);
    context.fill();
    return { at, x: center[0], y: center[1], row, kind: "anomaly" };
  });
}

function drawNotes(context: DrawingContext, { at, arrays, place, notes, x }: EventRow): Mark[] {
  context.fillStyle = context.strokeStyle = colours.theme("--dt-pin");
  const y = place.top + 34;
  return notes.map((note): Mark => {
    const [from, to] = [note.target.first, note.target.last].map((one) =>
      x(tickOf(arrays, at, one)),
    );
    context.fillRect(from, y - 1, Math.max(0, to - from), 2);
    context.beginPath();
    context.arc(from, y, 4, 0, 7);
    context.lineWidth = 1.5;
    if (note.resolved_at) context.stroke();
    else context.fill();
    return { at, x: from, y, note, kind: "note" };
  });
}

function drawNamed(context: DrawingContext, { at, arrays, meta, place, x }: EventRow): Mark[] {
  context.font = FONT;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = colours.theme("--dt-text");
  if (!arrays[`own.${at}`].length) return [];
  return (meta.marks?.[at] ?? []).map((named): Mark => {
    const left = x(tickOf(arrays, at, named.iteration));
    context.fillText(SIGNS[named.kind], left, place.top + 34);
    return { at, x: left, y: place.top + 34, named, kind: "named" };
  });
}
