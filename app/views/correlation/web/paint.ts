// The cells of the correlation grid on a canvas: counts or lift, mini-sets, and their recurrences.

import { colours, numbers, type Scale } from "#app/web/index.ts";
import type { Blocks, Column, Part, Row } from "./blocks.ts";
import type { Detail } from "./minisets.ts";
import type { Model } from "./model.ts";
import { standsOut } from "./orders.ts";

/** What of the grid is in sight, in pixels of the whole grid. */
export interface Sight {
  left: number;
  top: number;
  width: number;
  height: number;
}
/** What the selection says of the colours. */
export interface Colouring {
  cellcolour: string;
  significance: string;
}
export interface Painting {
  model: Model;
  detail: Detail | null;
  blocks: Pick<Blocks, "rows" | "columns">;
  selection: Colouring;
  view: Sight;
  /** The mini-set under the pointer. */
  pointed: { part: Part | null } | null;
}
interface CellScale {
  scale: Scale;
  of(value: number): string;
}

const LIFT_END = 16;
const FAINT = 34; // of 256 colours
const THIN = 0.3; // of a cell's height, where it may well be chance

/** Return the scale of counts 1..most: the palette without its end that is near the ground. */
function countScale(most: number): CellScale["scale"] {
  const scale = colours.scale({ palette: "magnitude", low: 1, high: Math.max(most, 1) });
  const steps = Uint32Array.from(
    scale.colours,
    (_, at) => scale.colours[FAINT + Math.round((at / 255) * (255 - FAINT))],
  );
  return {
    ...scale,
    colours: steps,
    index: (count: number) => (most > 1 ? scale.index(count) : 255),
  };
}

/** Return the scale of a colour choice: {scale, of(value): its colour in CSS}. */
function scaleOf(model: Model, colour: string): CellScale {
  const scale =
    colour === "lift"
      ? colours.scale({ palette: "diverging", low: 1 / LIFT_END, high: LIFT_END, log: true })
      : countScale(model.most);
  const css = Array.from(scale.colours, colours.css);
  return { scale, of: (value) => css[Math.max(0, scale.index(value))] };
}

const seen = <
  Side extends string,
  Length extends string,
  Block extends Record<Side | Length, number>,
>(
  blocks: readonly Block[],
  side: Side,
  length: Length,
  from: number,
  to: number,
): Block[] => blocks.filter((block) => block[side] < to && block[side] + block[length] > from);

class Painter {
  private readonly context: CanvasRenderingContext2D;
  private readonly model: Model;
  private readonly detail: Detail | null;
  private readonly selection: Colouring;
  private readonly view: Sight;
  private readonly pointed: Painting["pointed"];
  private readonly scale: CellScale;
  /** Those in sight. */
  private readonly columns: Column[];
  private readonly rows: Row[];
  private readonly everyColumn: readonly Column[];

  constructor(
    context: CanvasRenderingContext2D,
    { model, detail, blocks, selection, view, pointed }: Painting,
  ) {
    this.context = context;
    this.model = model;
    this.detail = detail;
    this.selection = selection;
    this.view = view;
    this.pointed = pointed;
    this.scale = scaleOf(model, selection.cellcolour);
    this.columns = seen(blocks.columns, "left", "width", view.left, view.left + view.width);
    this.rows = seen(blocks.rows, "top", "height", view.top, view.top + view.height);
    this.everyColumn = blocks.columns;
  }

  paint(): void {
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
  private ground(): void {
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
  private fill(
    x: number,
    y: number,
    width: number,
    height: number,
    colour: string,
    full: boolean,
  ): void {
    const gap = width >= 7 ? 1 : 0;
    const high = full ? height : Math.max(2, Math.round(height * THIN));
    this.context.fillStyle = colour;
    this.context.fillRect(x, y + Math.round((height - high) / 2), Math.max(1, width - gap), high);
  }

  private cell(row: Row, column: Column): void {
    const { model, selection } = this;
    if (!model.at("count", row.r, column.c)) return;
    const full = standsOut(model, row.r, column.c, selection.significance);
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
  private parts(row: Row): void {
    const { view, detail } = this;
    if (!detail) return; // then no row is split
    for (const part of row.parts) {
      if (part.top > view.top + view.height || part.top + part.height < view.top) continue;
      const present = detail.presence(part.p);
      this.join(part, present);
      const { cellcolour } = this.selection;
      const size = detail.size(part.p);
      for (const column of this.columns) {
        const value = cellcolour === "lift" ? this.model.value(row.r, column.c, "lift") : size;
        this.presences(part, column, present, this.scale.of(value));
      }
    }
  }

  /** Draw a line from the first to the last column in which the mini-set returns. */
  private join(part: Part, present: Uint8Array): void {
    let first: number | undefined;
    let last = 0;
    let count = 0;
    for (const column of this.everyColumn) {
      for (const [at, i] of column.moments.entries()) {
        if (!present[i]) continue;
        const x = column.split
          ? column.left + (at + 0.5) * column.step
          : column.left + column.width / 2;
        first ??= x;
        last = x;
        count += 1;
      }
    }
    if (count < 2 || first === undefined) return;
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

  private presences(part: Part, column: Column, present: Uint8Array, colour: string): void {
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
export function legend(holder: Element | null, model: Model, selection: Colouring): void {
  if (!holder) return; // the page is just being left
  const { scale } = scaleOf(model, selection.cellcolour);
  const lift = selection.cellcolour === "lift";
  const words = lift
    ? [`1/${LIFT_END}`, `${LIFT_END} × chance`]
    : ["1", numbers.plural(model.most, "filter", "filters")];
  colours.legend(holder, scale, { words });
  if (selection.significance === "all") return;
  const mark = (kind: string, text: string) => {
    const [pair, swatch] = [document.createElement("span"), document.createElement("span")];
    pair.className = "correlation-kind";
    swatch.className = `correlation-swatch correlation-swatch-${kind}`;
    pair.append(swatch, text);
    holder.append(pair);
  };
  mark("full", "beyond chance");
  mark("thin", "may be chance");
}

export const paint = (context: CanvasRenderingContext2D, what: Painting): void =>
  new Painter(context, what).paint();
