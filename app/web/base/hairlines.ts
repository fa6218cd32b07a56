// Lines of many points, drawn as hairlines beside each other.
//
// Without a graphics card a browser strokes a line of one pixel of the screen about forty times as
// fast as one of 1.5: a wider one is an outline, and it fills that. 27 rows of 840 values took 78 ms
// of a page's opening, and take 4.

import type { DrawingContext } from "./canvas.ts";

/** So many points are worth it; of fewer the wide line looks better. */
const MANY = 150;
/** What counts as one pixel: no more than that, whatever rounding makes of it. */
const HAIR = 0.999;

/**
 * Return where hairlines lie, in pixels of the screen, that together are `width` wide. What is seen
 * through is drawn once: two would be darker where they cross.
 */
export function offsets(width: number, alpha: number): number[] {
  const count = alpha < 1 || width <= 1 ? 1 : Math.ceil(width);
  const room = Math.max(0, width - 1);
  return Array.from({ length: count }, (_, at) =>
    count > 1 ? room * (at / (count - 1) - 0.5) : 0,
  );
}

/** Stroke the path of about `points` points that `trace` goes along, as wide as the context says. */
export function strokeMany(
  context: DrawingContext,
  points: number,
  trace: (path: CanvasPath) => void,
): void {
  // A picture for export keeps the one line.
  if (points < MANY || !(context instanceof CanvasRenderingContext2D)) {
    context.beginPath();
    trace(context);
    context.stroke();
    return;
  }
  const { lineWidth, globalAlpha } = context;
  const ratio = context.getTransform().a;
  context.lineWidth = HAIR / ratio;
  const path = new Path2D();
  trace(path);
  for (const offset of offsets(lineWidth * ratio, globalAlpha)) {
    const aside = offset / ratio;
    context.translate(aside, aside);
    context.stroke(path);
    context.translate(-aside, -aside);
  }
  context.lineWidth = lineWidth;
}
