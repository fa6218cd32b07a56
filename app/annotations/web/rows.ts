// Marks beside rows (classes, images, layers, filters) and at elements that say what they are about.

import { afterDrawing, type Chart, type MarksPlace, make, tooltip } from "#app/web/index.ts";
import type { Annotation } from "./annotation.ts";
import { annotationLane } from "./lane.ts";
import { annotationMark } from "./mark.ts";
import { idOf, KINDS, rowsOf } from "./rowplaces.ts";
import { annotationStore } from "./store.ts";
import * as annotationTargets from "./targets.ts";
import * as annotationParts from "./text.ts";

const NEAR = 11; // pixels between marks of neighbouring rows
/** What holds the marks of a chart. */
interface Holder {
  element: HTMLElement;
  /** What is drawn. */
  key: string;
  settle(): void;
}
/** Annotations of which one mark tells, and how far down it stands. */
interface Group {
  y: number;
  annotations: Annotation[];
}
const holders = new WeakMap<Chart, Holder>();

/** Return where marks of a chart stand: right of the plot, unless it says so. */
function placeOf({ handler, element, width, axis }: Chart): MarksPlace {
  if (handler.annotationPlace) return handler.annotationPlace();
  const { left, width: wide } = axis.place(width);
  return { x: left + wide + 2, narrow: false, host: element };
}

function holderOf(chart: Chart, host: HTMLElement): Holder {
  if (!holders.has(chart)) {
    const { roving } = annotationParts;
    const element = make("div", "annotation-rows");
    element.setAttribute("role", "toolbar");
    element.setAttribute("aria-label", "Annotations of rows");
    element.setAttribute("aria-orientation", "vertical");
    host.append(element);
    holders.set(chart, { element, key: "", settle: roving(element, ".annotation-mark") });
  }
  return holders.get(chart)!;
}

function groupsOf(chart: Chart): Group[] {
  const groups: Group[] = [];
  for (const kind of KINDS) {
    const targets = annotationStore.targets(kind);
    if (!targets.length) continue;
    const rows = rowsOf(chart, kind);
    for (const target of targets) {
      for (const row of rows.get(idOf(target)) || [])
        groups.push({ y: row.top + row.height / 2, annotations: target.annotations });
    }
  }
  groups.sort((a, b) => a.y - b.y);
  const merged: Group[] = [];
  for (const group of groups) {
    const last = merged.at(-1);
    if (last && group.y - last.y < NEAR)
      last.annotations = [...last.annotations, ...group.annotations];
    else merged.push({ ...group });
  }
  return merged;
}

function draw(chart: Chart): void {
  if (!chart.handler.annotationRows || !chart.width) return;
  const hidden = chart.element.classList.contains("dt-silent");
  const groups = hidden ? [] : groupsOf(chart);
  if (!groups.length && !holders.has(chart)) return;
  const { x, narrow, host } = placeOf(chart);
  const holder = holderOf(chart, host);
  const key = JSON.stringify([
    x,
    groups.map(({ y, annotations }) => [y, annotations.map(({ id, changed }) => [id, changed])]),
  ]);
  if (key === holder.key) return;
  holder.key = key;
  holder.element.classList.toggle("annotation-narrow", narrow);
  holder.element.style.left = `${x}px`;
  holder.element.replaceChildren(
    ...groups.map(({ y, annotations }) => {
      const mark = annotationMark(annotations);
      mark.style.transform = `translateY(calc(${y}px - 50%))`;
      return mark;
    }),
  );
  holder.settle();
}

const ELEMENTS = "[data-image], [data-filter], [data-class], [data-layer]";

/** Say at elements that are about a class, image, layer or filter how many annotations it has. */
function sayAtElements() {
  const any = KINDS.some((kind) => annotationStore.targets(kind).length);
  const page = document.querySelector(".shell-page");
  if (!page || (!any && !page.querySelector("[data-annotated]"))) return;
  for (const element of page.querySelectorAll<HTMLElement>(ELEMENTS)) {
    const { image, filter, layer, class: ofClass } = element.dataset;
    const number =
      image !== undefined
        ? annotationStore.marksFor("image", Number(image)).length
        : filter !== undefined
          ? annotationStore.marksFor("filter", Number(layer), Number(filter)).length
          : layer !== undefined
            ? annotationStore.marksFor("layer", Number(layer)).length
            : annotationStore.marksFor("class", Number(ofClass)).length;
    if (String(number || "") === (element.dataset.annotated || "")) continue;
    if (number) element.dataset.annotated = String(number);
    else delete element.dataset.annotated;
  }
}

// What is written shows at the pointer; the menu of the right button opens it.
document.addEventListener("pointerover", (event) => {
  const element =
    event.target instanceof Element && event.target.closest<HTMLElement>("[data-annotated]");
  if (!element) return;
  const thing = annotationTargets.thingOfElement(element);
  const found = thing && annotationStore.marksFor(thing.kind, thing.id, thing.filter);
  if (!found?.length) return;
  annotationParts.preview(event.clientX, event.clientY, found);
  element.addEventListener("pointerleave", () => tooltip.hide(), { once: true });
});

let frame = 0;
const soon = () => {
  if (!frame)
    frame = requestAnimationFrame(() => {
      frame = 0;
      sayAtElements();
    });
};

function everywhere() {
  for (const chart of annotationTargets.charts()) {
    annotationLane.draw(chart);
    draw(chart);
  }
  soon();
}

function start() {
  afterDrawing.add((chart) => {
    annotationLane.draw(chart);
    draw(chart);
  });
  annotationStore.subscribe(everywhere);
  // Lists come and go with what is selected; only elements that appear matter, not their attributes.
  new MutationObserver(
    (records) => records.some(({ addedNodes }) => addedNodes.length) && soon(),
  ).observe(document.body, { subtree: true, childList: true });
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
