// Where the rows are that annotations can be about, and the frames around them.
// Charts tell it (core/protocol.ts: annotationRows).

import type { Chart, RowPlace, Thing } from "#app/web/index.ts";
import { make } from "#app/web/index.ts";
import type { Annotation, Target } from "./annotation.ts";

export const KINDS: readonly Thing["kind"][] = ["class", "image", "layer", "filter"];

export const idOf = ({ kind, id, filter }: Pick<Target, "kind" | "id" | "filter">): string =>
  kind === "filter" ? `${id}.${filter}` : String(id);

/** Return Map id -> [{top, height}] of the rows of a kind that a chart shows: a pinned one twice. */
export function rowsOf({ handler }: Chart, kind: Thing["kind"]): Map<string, RowPlace[]> {
  const found = new Map<string, RowPlace[]>();
  for (const [id, row] of handler.annotationRows?.(kind) ?? []) {
    if (found.has(id)) found.get(id)!.push(row);
    else found.set(id, [row]);
  }
  return found;
}

/** Frame the rows of an annotation's target; returns the frames. */
export function light(chart: Chart, { target }: Pick<Annotation, "target">): HTMLElement[] {
  const kind = KINDS.find((one) => one === target.kind);
  const { area } = chart.handler;
  if (!kind || !area) return [];
  return (rowsOf(chart, kind).get(idOf(target)) || []).map(({ top, height }) => {
    const frame = make("div", "annotation-rowframe");
    Object.assign(frame.style, { top: `${top}px`, height: `${Math.max(2, height)}px` });
    area.element.append(frame);
    return frame;
  });
}
