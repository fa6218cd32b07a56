// Where the rows are that annotations can be about, and the frames around them.
//
// A chart tells where its rows are by handler.annotationRows(kind) -> [[id, {top, height}]], ids as
// texts (of filters "layer.filter"), pixels of the chart; for charts of the kinds below it is read off
// here.

import type { Chart, RowPlace } from "#app/web/index.ts";
import { make } from "#app/web/index.ts";
import type { Annotation, Target } from "./annotation.ts";

/** A row: its id as text, and where it lies. */
type Placed = [id: string, place: RowPlace];
type RowsOf = (handler: Chart["handler"], kind: string, options: Chart["options"]) => Placed[];

export const KINDS = ["class", "image", "layer", "filter"];

export const idOf = ({ kind, id, filter }: Pick<Target, "kind" | "id" | "filter">): string =>
  kind === "filter" ? `${id}.${filter}` : String(id);

// kind of chart -> (handler, kind of row, options) -> [[id, {top, height}]] of the rows in sight.
export const ROWS: Record<string, RowsOf | undefined> = {
  pixelmap(handler, kind, options) {
    if (options.what !== kind || !handler.place || !handler.order) return [];
    const height = handler.place.height / handler.rows;
    return Array.from(
      handler.order as Int32Array,
      (row, at): Placed => [String(row), { top: handler.place.top + at * height, height }],
    );
  },
  filtermap(handler, kind) {
    if (kind !== "filter" || !handler.place || !handler.order || !(handler.layer >= 0)) return [];
    const height = handler.place.height / handler.rows;
    return Array.from(
      handler.order as Int32Array,
      (row, at): Placed => [
        `${handler.layer}.${row}`,
        { top: handler.place.top + at * height, height },
      ],
    );
  },
  validationrows(handler, kind) {
    if (!handler.place || !["class", "image"].includes(kind)) return [];
    const rows: Placed[] = [];
    for (const block of handler.blocks) {
      if (block.kind !== kind) continue;
      (block.order as Int32Array).forEach((row, at) => {
        const top = block.top + at * block.rowHeight - handler.offset;
        if (top + block.rowHeight < 0 || top > handler.place.height) return;
        const id = kind === "image" ? block.opened.images[row] : row;
        rows.push([String(id), { top, height: block.rowHeight }]);
      });
    }
    return rows;
  },
  multiples(handler, kind) {
    if (kind !== "layer" || !handler.view || !handler.network) return [];
    const { rows, from, to, height, scroll } = handler.view;
    return (rows as readonly number[])
      .slice(from, to)
      .map(
        (node, at): Placed => [
          String(handler.network.layer[node]),
          { top: (from + at) * height - scroll, height },
        ],
      );
  },
};

/** Return Map id -> [{top, height}] of the rows of a kind that a chart shows: a pinned one twice. */
export function rowsOf(chart: Chart, kind: string): Map<string, RowPlace[]> {
  const { handler, element, options } = chart;
  const read = handler.annotationRows
    ? handler.annotationRows(kind)
    : ROWS[element.dataset.chart!]!(handler, kind, options);
  const found = new Map<string, RowPlace[]>();
  for (const [id, row] of read || []) {
    if (found.has(id)) found.get(id)!.push(row);
    else found.set(id, [row]);
  }
  return found;
}

/** Frame the rows of an annotation's target; returns the frames. */
export function light(chart: Chart, { target }: Pick<Annotation, "target">): HTMLElement[] {
  if (
    !KINDS.includes(target.kind) ||
    !(ROWS[chart.element.dataset.chart!] || chart.handler.annotationRows)
  )
    return [];
  const { area } = chart.handler;
  if (!area) return [];
  return (rowsOf(chart, target.kind).get(idOf(target)) || []).map(({ top, height }) => {
    const frame = make("div", "annotation-rowframe");
    Object.assign(frame.style, { top: `${top}px`, height: `${Math.max(2, height)}px` });
    area.element.append(frame);
    return frame;
  });
}
