// The mark that stands for annotations, and the light on what they are about.

import { make, tooltip } from "#app/web/index.ts";
import type { Annotation } from "./annotation.ts";
import * as annotationRows from "./rowplaces.ts";
import { annotationStore } from "./store.ts";
import * as annotationTargets from "./targets.ts";
import * as annotationParts from "./text.ts";

let lit: Pick<Element, "remove">[] = []; // elements that show what a mark is about

/** Show what annotations are about: their iterations in every chart, their rows. */
function light(annotations: readonly Annotation[]): void {
  dark();
  for (const annotation of annotations.slice(0, 20)) {
    const { first, last } = annotation.target;
    for (const chart of annotationTargets.charts()) {
      const { area } = chart.handler;
      if (first !== null && (area?.width as number) > 0) {
        const band = make("div", "annotation-band");
        area!.element.append(band);
        area!.spanOver(band, chart.axis.columnOf(first), chart.axis.columnOf(last));
        lit.push(band);
      }
      lit.push(...annotationRows.light(chart, annotation));
      lit.push(...(chart.handler.annotationLight?.(annotation.id) || []));
    }
  }
}

export function dark(): void {
  lit.forEach((element) => element.remove());
  lit = [];
}

/** Return the button that stands for some annotations: their number, their texts, their threads. */
export function annotationMark(annotations: readonly Annotation[]): HTMLButtonElement {
  const { button, preview } = annotationParts;
  const many = annotations.length > 1;
  const mark = button(
    many ? String(Math.min(99, annotations.length)) : "",
    (event) => {
      event.stopPropagation();
      tooltip.hide();
      annotationStore.open(annotations.map(({ id }) => id));
    },
    "annotation-mark",
  );
  const resolved = annotations.every(({ resolved_at: at }) => at);
  mark.classList.toggle("annotation-resolved", resolved);
  mark.classList.toggle(
    "annotation-unread",
    annotations.some(({ unread }) => unread),
  );
  const [first] = annotations;
  mark.setAttribute(
    "aria-label",
    many
      ? `${annotations.length} annotations, the first on ${first.about}: ${first.body.slice(0, 80)}`
      : `Annotation${resolved ? ", resolved," : ""} on ${first.about} by ${first.author}: ${first.body.slice(0, 120)}`,
  );
  mark.dataset.annotations = annotations.map(({ id }) => id).join();
  const tell = () => {
    const box = mark.getBoundingClientRect();
    preview(box.right, box.bottom, annotations);
    light(annotations);
  };
  const hush = () => {
    tooltip.hide();
    dark();
  };
  for (const name of ["pointerenter", "focus"]) mark.addEventListener(name, tell);
  for (const name of ["pointerleave", "blur"]) mark.addEventListener(name, hush);
  // A mark lies over no plot, and its clicks and moves are not the chart's.
  for (const name of ["pointermove", "pointerdown", "pointerup", "dblclick"]) {
    mark.addEventListener(name, (event) => event.stopPropagation());
  }
  mark.addEventListener(
    "keydown",
    (event) => ["Enter", " "].includes(event.key) && event.stopPropagation(),
  );
  return mark;
}
