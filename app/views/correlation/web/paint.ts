// @ts-nocheck
// The cells of the correlation grid on a canvas: counts or lift, mini-sets, and their recurrences.

import { colours, numbers } from "#app/web/index.ts";
import * as correlation from "./model.ts";

const LIFT_END = 16;
const FAINT = 34; // of 256 colours
const THIN = 0.3; // of a cell's height, where it may well be chance

/** Return the scale of counts 1..most: the palette without its end that is near the ground. */
function countScale(most) {
  const scale = colours.scale({ palette: "magnitude", low: 1, high: Math.max(most, 1) });
  const steps = Uint32Array.from(
    scale.colours,
    (_, at) => scale.colours[FAINT + Math.round((at / 255) * (255 - FAINT))],
  );
  return { ...scale, colours: steps, index: (count) => (most > 1 ? scale.index(count) : 255) };
}

/** Return the scale of a colour choice: {scale, of(value): its colour in CSS}. */
function scaleOf(model, colour) {
  const scale =
    colour === "lift"
      ? colours.scale({ palette: "diverging", low: 1 / LIFT_END, high: LIFT_END, log: true })
      : countScale(model.most);
  const css = Array.from(scale.colours, colours.css);
  return { scale, of: (value) => css[Math.max(0, scale.index(value))] };
}

const seen = (blocks, side, length, from, to) =>
  blocks.filter((block) => block[side] < to && block[side] + block[length] > from);

class Painter {
  /** view: {left, top, width, height} of what is in sight, in pixels of the whole grid. */
  constructor(context, { model, detail, blocks, selection, view, pointed }) {
    Object.assign(this, { context, model, detail, selection, view, pointed });
    this.scale = scaleOf(model, selection.cellcolour);
    this.columns = seen(blocks.columns, "left", "width", view.left, view.left + view.width);
    this.rows = seen(blocks.rows, "top", "height", view.top, view.top + view.height);
    this.everyColumn = blocks.columns;
  }

  paint() {
    const { context, view } = this;
    context.save();
    context.translate(-view.left, -view.top);
    this.ground();
    for (const row of this.rows) {
      if (row.split) this.parts(row);
      else for (const column of this.columns) this.cell(row, column);
    }
    context.restore();
  }

  /** Paint stripes for layers, and lines around what is split. */
  ground() {
    const { context, view, selection } = this;
    const { theme } = colours;
    // The middle of the scale of lift is as pale as the usual ground.
    context.fillStyle = theme(selection.cellcolour === "lift" ? "--dt-stay-wrong" : "--dt-panel");
    context.fillRect(view.left, view.top, view.width, view.height);
    context.fillStyle = theme("--dt-border");
    const [right, bottom] = [this.columns.at(-1), this.rows.at(-1)];
    if (!right || !bottom) return;
    const width = right.left + right.width - view.left;
    for (const row of this.rows) {
      if (row.height >= 8)
        context.fillRect(view.left, Math.round(row.top + row.height) - 1, width, 1);
    }
    for (const column of this.columns) {
      if (column.width < 7) continue;
      context.fillRect(
        Math.round(column.left + column.width) - 1,
        view.top,
        1,
        bottom.top + bottom.height - view.top,
      );
    }
  }

  /** Fill a cell: in full where it stands out, else as a thin bar. */
  fill(x, y, width, height, colour, full) {
    const gap = width >= 7 ? 1 : 0;
    const high = full ? height : Math.max(2, Math.round(height * THIN));
    this.context.fillStyle = colour;
    this.context.fillRect(x, y + Math.round((height - high) / 2), Math.max(1, width - gap), high);
  }

  cell(row, column) {
    const { model, selection } = this;
    if (!model.at("count", row.r, column.c)) return;
    const full = correlation.standsOut(model, row.r, column.c, selection.significance);
    const value = model.value(row.r, column.c, selection.cellcolour);
    const height = row.height - 1;
    if (!column.split) {
      this.fill(column.left, row.top, column.width, height, this.scale.of(value), full);
      return;
    }
    column.moments.forEach((i, at) => {
      const count = model.holds(row.r, i);
      if (!count) return;
      const colour = this.scale.of(selection.cellcolour === "lift" ? value : count);
      this.fill(column.left + at * column.step, row.top, column.step, height, colour, full);
    });
  }

  /** Paint the mini-sets of a row: lines that join recurrences, a rectangle for each presence. */
  parts(row) {
    const { view } = this;
    for (const part of row.parts) {
      if (part.top > view.top + view.height || part.top + part.height < view.top) continue;
      const present = this.detail.presence(part.p);
      this.join(part, present);
      for (const column of this.columns) this.presences(row, part, column, present);
    }
  }

  /** Draw a line from the first to the last column in which the mini-set returns. */
  join(part, present) {
    let first = null;
    let last = null;
    let count = 0;
    for (const column of this.everyColumn) {
      column.moments.forEach((i, at) => {
        if (!present[i]) return;
        const x = column.split
          ? column.left + (at + 0.5) * column.step
          : column.left + column.width / 2;
        first ??= x;
        last = x;
        count += 1;
      });
    }
    if (count < 2) return;
    const { context } = this;
    const here = this.pointed?.part?.p === part.p;
    context.fillStyle = colours.theme(here ? "--dt-pin" : "--dt-missing-line");
    context.fillRect(
      first,
      Math.round(part.top + part.height / 2) - (here ? 1 : 0),
      Math.max(1, last - first),
      here ? 2 : 1,
    );
  }

  presences(row, part, column, present) {
    const { model, selection, detail } = this;
    const lift = selection.cellcolour === "lift";
    const colour = this.scale.of(lift ? model.value(row.r, column.c, "lift") : detail.size(part.p));
    if (!column.split) {
      let times = 0;
      for (const i of column.moments) times += present[i];
      // As long as the share of the class's iterations.
      const share = times / column.moments.length;
      if (times)
        this.fill(
          column.left,
          part.top,
          Math.max(1, share * column.width),
          part.height,
          colour,
          true,
        );
      return;
    }
    column.moments.forEach((i, at) => {
      if (present[i])
        this.fill(column.left + at * column.step, part.top, column.step, part.height, colour, true);
    });
  }
}

/** Fill the legend: the bar of the scale, and what thin cells mean. */
export function legend(holder, model, selection) {
  if (!holder) return; // the page is just being left
  const { scale } = scaleOf(model, selection.cellcolour);
  const lift = selection.cellcolour === "lift";
  const words = lift
    ? [`1/${LIFT_END}`, `${LIFT_END} × chance`]
    : ["1", numbers.plural(model.most, "filter", "filters")];
  colours.legend(holder, scale, { words });
  if (selection.significance === "all") return;
  const mark = (kind, text) => {
    const [pair, swatch] = [document.createElement("span"), document.createElement("span")];
    pair.className = "correlation-kind";
    swatch.className = `correlation-swatch correlation-swatch-${kind}`;
    pair.append(swatch, text);
    holder.append(pair);
  };
  mark("full", "beyond chance");
  mark("thin", "may be chance");
}

export const paint = (context, what) => new Painter(context, what).paint();
