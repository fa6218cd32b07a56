// Triangles of anomalies: down for what was stable, then flipped; up for what flipped, then stable.

import type { DrawingContext } from "#app/web/index.ts";
import type { Cell } from "./types.ts";

/** Where a row's triangles go: pixels of the canvas. */
interface Row {
  top: number;
  height: number;
  /** Images of the row. */
  size: number;
  /** Of the plot. */
  left: number;
  width: number;
  xOf(column: number): number;
}

const LEAST = 5;
const MOST = 16;
const HEIGHT = 7;

/** Return the width in pixels of a triangle for `images` of `size` images. */
export const widthOf = (images: number, size: number): number =>
  Math.min(MOST, LEAST + (MOST - LEAST) * Math.sqrt(Math.min(1, (2 * images) / Math.max(1, size))));

function trace(context: DrawingContext, x: number, tip: number, base: number, half: number): void {
  context.beginPath();
  context.moveTo(x, tip);
  context.lineTo(x - half, base);
  context.lineTo(x + half, base);
  context.closePath();
}

/**
 * Draw the cells of one row: {side, column, forgotten, learned}, the largest last.
 *
 * row: {top, height} in CSS pixels, size: images of the row, left: of the plot, xOf(column).
 * Black: mostly forgotten, white: mostly learned; hollow: still pending. Returns how many.
 */
export function draw(
  context: DrawingContext,
  cells: readonly Cell[],
  { top, height, size, left, width, xOf }: Row,
): number {
  const tall = Math.min(HEIGHT, Math.max(4, height * 0.6));
  const sorted = [...cells].sort((a, b) => a.forgotten + a.learned - b.forgotten - b.learned);
  let drawn = 0;
  context.lineJoin = "round";
  for (const { side, column, forgotten, learned } of sorted) {
    const x = xOf(column);
    if (x < 0 || x > width) continue;
    const half = widthOf(forgotten + learned, size) / 2;
    const down = side === "left";
    const base = down ? top + 0.5 : top + height - 0.5;
    trace(context, left + x, down ? base + tall : base - tall, base, half);
    const dark = forgotten >= learned;
    context.lineWidth = 1.5;
    context.strokeStyle = dark ? "#ffffff" : "#000000";
    context.stroke();
    context.lineWidth = 1;
    if (side === "pending") {
      context.strokeStyle = dark ? "#000000" : "#ffffff";
      context.stroke();
    } else {
      context.fillStyle = dark ? "#000000" : "#ffffff";
      context.fill();
    }
    drawn++;
  }
  return drawn;
}
