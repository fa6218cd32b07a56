// What can be annotated: the thing under the pointer or the keyboard's row, the iterations at the
// cursor or in the brushed range, and whatever else is selected.
//
// Charts tell theirs (core/protocol.ts: Annotated); elements say theirs by data-class, data-image,
// data-layer, data-filter, and when by data-iteration.

import {
  type Chart,
  chartRegistry,
  type Range,
  selectionStore,
  type Thing,
} from "#app/web/index.ts";
import type { Meant } from "./annotation.ts";

/** What is at a place of the page. */
interface Found {
  thing: Thing | null;
  /** Over the time axis: over a plot, or what has the class dt-timed. */
  overPlot: boolean;
  iteration?: number | null;
}
/** Whatever stands for the same thing has the same key. */
type Keyed = { kind: string; id: number | null; filter?: number | null };

const chartOf = (node: Element | null): Chart | undefined =>
  chartRegistry.of(node?.closest?.("[data-chart]"));
export const charts = (): Chart[] =>
  [...document.querySelectorAll("[data-chart]")]
    .map((element) => chartRegistry.of(element))
    .filter((chart) => chart?.handler) as Chart[];

const number = (text: string | undefined): number | null =>
  /^\d+$/.test(text ?? "") ? Number(text) : null;

/** Return what an element says it is about. */
export function thingOfElement(node: Element | null): Thing | null {
  const element = node?.closest?.<HTMLElement>(
    "[data-image], [data-filter], [data-class], [data-layer]",
  );
  if (!element?.closest(".shell-page")) return null;
  const image = number(element.dataset.image);
  const layer = number(element.dataset.layer);
  const filter = number(element.dataset.filter);
  const ofClass = number(element.dataset.class);
  if (image !== null) return { kind: "image", id: image, name: imageName(element, ofClass) };
  if (layer !== null && filter !== null)
    return { kind: "filter", id: layer, filter, name: filterName(layer, filter) };
  if (layer !== null) return { kind: "layer", id: layer, name: nameOf("layer", layer) };
  return ofClass === null ? null : { kind: "class", id: ofClass, name: nameOf("class", ofClass) };
}

function imageName(element: HTMLElement, ofClass: number | null): string {
  const id = Number(element.dataset.image);
  const told = chartOf(element)?.handler.annotationName?.("image", id);
  if (told) return told;
  const words = /image (\d+)/.exec(element.title || element.textContent!)?.[0] || `image ${id}`;
  return ofClass === null ? words : `${words} of ${nameOf("class", ofClass)}`;
}

const filterName = (layer: number, filter: number): string =>
  `filter ${filter} of ${nameOf("layer", layer)}`;

/** Return the name of a class, layer or image, asked of the charts: the first that knows it. */
export function nameOf(kind: Thing["kind"], id: number): string {
  for (const { handler } of charts()) {
    const told = handler.annotationName?.(kind, id);
    if (told) return told;
  }
  return `${kind} ${id}`;
}

/** Return what is at an event, or (without) at the focus. */
function at(event: MouseEvent | null): Found {
  const node = (event ? event.target : document.activeElement) as Element | null;
  const chart = chartOf(node);
  const thing = chart?.handler.annotationThing?.(event) || thingOfElement(node);
  const iteration = number(
    node?.closest?.<HTMLElement>(".shell-page [data-iteration]")?.dataset.iteration,
  );
  const overPlot = event
    ? Boolean(node!.closest?.(".dt-plot, .dt-timed"))
    : Boolean(chart?.handler.area);
  return { thing, overPlot, iteration };
}

/** Return the iterations [first, last] that are meant: a brushed range around the cursor, else the cursor. */
export function when(): Range | null {
  const { cursor, range, zoom } = selectionStore.get();
  const brushed = range && String(range) !== String(zoom);
  if (brushed && (cursor === null || (cursor >= range[0] && cursor <= range[1]))) return range;
  return cursor === null || cursor === undefined ? null : [cursor, cursor];
}

/** Return the other things that are selected. */
function selected(): Thing[] {
  const {
    classes = [],
    openclasses = [],
    images = [],
    layers = [],
    filters = [],
  } = selectionStore.get();
  const things: Thing[] = [
    ...[...classes, ...openclasses].map(
      (id): Thing => ({ kind: "class", id, name: nameOf("class", id) }),
    ),
    ...images.map((id): Thing => ({ kind: "image", id, name: nameOf("image", id) })),
    ...layers.map((id): Thing => ({ kind: "layer", id, name: nameOf("layer", id) })),
    ...filters.map(
      ([id, filter]): Thing => ({
        kind: "filter",
        id,
        filter,
        name: filterName(id, filter),
      }),
    ),
  ];
  return things.slice(0, 30);
}

export const keyOf = (thing: Keyed | null): string =>
  thing ? `${thing.kind} ${thing.id} ${thing.filter ?? ""}` : "";

/**
 * Return {things, thing, when} for a form: all that can be chosen, the one that is meant, and the
 * iterations that are meant (null: none). Of an event (a click with the right button), of what
 * the pointer or the keyboard is at (`a`), or of the selection alone ("selection").
 */
export function meant(source?: MouseEvent | "selection"): Meant {
  const event = source instanceof Event ? source : source === "selection" ? null : pointer();
  const found: Found = source === "selection" ? { thing: null, overPlot: true } : at(event);
  const things = new Map<string, Thing>();
  for (const thing of [found.thing, ...selected()]) if (thing) things.set(keyOf(thing), thing);
  // The name in a gutter means the row; a place in the plot means it at that iteration.
  const timed = found.overPlot || !found.thing;
  const said = found.iteration ?? null;
  const times: Range | null = said !== null ? [said, said] : timed ? when() : null;
  return { things: [...things.values()], thing: found.thing, when: times };
}

let last: PointerEvent | null = null; // unless the keyboard is ahead of it
document.addEventListener("pointermove", (event) => (last = event), { passive: true });
document.addEventListener("keydown", ({ key }) => {
  if (/^(Arrow|Home|End|Page|Tab)/.test(key)) last = null;
});
const pointer = (): PointerEvent | null =>
  last?.target instanceof Element && last.target.isConnected && last.target.closest(".shell-page")
    ? last
    : null;
