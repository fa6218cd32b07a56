// The names left of the rows: what opens, what is pinned, how large it is, what it looks like.

import {
  colours,
  type DrawingContext,
  differsAt,
  gutter,
  numbers,
  pictures,
  predictions,
  type Selection,
  type Sheet,
} from "#app/web/index.ts";
import type { ValidationRows } from "./rows.ts";
import type { Block } from "./types.ts";

export const PIN = 16; // width of the place of a class's pin
const LEAST = 9; // the least height of a row that has room for its name
const INDENT = { overall: 4, cluster: 4, class: 18, partner: 34, image: 34 };

/** Return {text, soft} of a row: its name and what stands smaller behind it. */
export function words(
  view: ValidationRows,
  block: Block,
  row: number,
  selection: Selection,
): { text: string; soft: string } {
  const { names, sizes, groups, images } = view.model;
  const { integer } = numbers;
  const arrow = (isOpen: boolean) => (isOpen ? "▾" : "▸");
  switch (block.kind) {
    case "overall":
      return { text: "All classes", soft: integer(images) };
    case "cluster":
      return {
        text: `${arrow(selection.open.includes(row))} Cluster ${row + 1}`,
        soft: integer(groups!.arrays.size[row]),
      };
    case "class":
      return {
        text: `${arrow(selection.openclasses.includes(row))} ${names[row]}`,
        soft: integer(sizes[row]),
      };
    case "partner":
      return { text: predictions.predictedAs(names, block.opened.partner[row]), soft: "" };
    default:
      return { text: `image ${row + 1}`, soft: "" };
  }
}

function drawRow(
  context: DrawingContext,
  view: ValidationRows,
  block: Block,
  at: number,
  selection: Selection,
): void {
  const { left } = view.place;
  const row = block.order[at];
  const y = block.top + (at + 0.5) * block.rowHeight - view.offset;
  const { text, soft } = words(view, block, row, selection);
  const { theme } = colours;
  const indent = INDENT[block.kind];
  context.textAlign = "right";
  context.fillStyle = theme("--dt-text-soft");
  const pictures = block.kind === "cluster" && left > 120 ? drawPictures(context, view, row, y) : 0;
  const end = left - 8 - pictures;
  if (soft) context.fillText(soft, end, y);
  const room = end - indent - (soft ? context.measureText(soft).width + 8 : 0);
  context.textAlign = "left";
  context.fillStyle = theme("--dt-text");
  const chosen = block.kind === "image" && selection.images.includes(block.opened.images[row]);
  const differs = block.kind === "class" ? differsAt(view.model.names)[row] : 0;
  const whole = chosen ? `● ${text}` : text;
  const shown = gutter.shorten(context, whole, Math.max(20, room), differs);
  context.fillText(shown, indent, y);
  if (block.kind === "class" && selection.classes.includes(row)) {
    context.fillStyle = theme("--dt-pin");
    context.fillText("★", 3, y);
  }
}

/** Draw a picture of each of the first classes of a cluster; returns the width they take. */
function drawPictures(
  context: DrawingContext,
  view: ValidationRows,
  cluster: number,
  y: number,
): number {
  const { groups, sizes } = view.model;
  const size = 20;
  const members: number[] = [];
  const { label } = groups!.arrays;
  for (let id = 0; id < label.length && members.length < 3; id++) {
    if (label[id] === cluster && sizes[id]) members.push(id);
  }
  let width = 0;
  for (const id of members) {
    const sheet = view.sheets!.get(id);
    if (sheet === undefined) {
      view.sheets!.set(id, null);
      pictures.sheetOf(view.chart.options.base, id, sizes[id]).then((found) => {
        view.sheets!.set(id, found);
        if (found) view.chart.invalidate();
      });
    }
    if (!sheet) continue;
    width += size + 2;
    pictures.drawPicture(context, sheet, 0, view.place.left - 8 - width, y - size / 2, size);
  }
  return width ? width + 4 : 0;
}

export function draw(context: DrawingContext, view: ValidationRows, selection: Selection): void {
  view.sheets = view.sheets || new Map<number, Sheet | null>();
  const { height } = view.place;
  context.font = gutter.FONT;
  context.textBaseline = "middle";
  for (const block of view.blocks) {
    const { rowHeight } = block;
    const every = rowHeight >= LEAST || block.kind === "image" ? 1 : Math.ceil(22 / rowHeight);
    if (block.kind === "image" && rowHeight < 8) continue;
    const from = Math.max(0, Math.floor((view.offset - block.top) / rowHeight));
    const to = Math.min(
      block.order.length,
      Math.ceil((view.offset + height - block.top) / rowHeight),
    );
    context.save();
    if (block.kind === "image" && rowHeight < LEAST) context.font = "8px system-ui, sans-serif";
    for (let at = from; at < to; at++) {
      if (at % every === 0) drawRow(context, view, block, at, selection);
    }
    context.restore();
  }
}
