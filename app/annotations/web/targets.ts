// What can be annotated: the thing under the pointer or the keyboard's row, the iterations at the
// cursor or in the brushed range, and whatever else is selected.
//
// A thing is {kind: "class" | "image" | "layer" | "filter", id, filter, name}. A chart tells its own
// by handler.annotationThing(event or null) and names by annotationName(kind, id); for charts of the
// kinds below they are read off here, and elements say theirs by data-class, data-image, data-layer,
// data-filter, and when by data-iteration.

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
  overPlot: boolean;
  chart?: Chart | null;
  iteration?: number | null;
}
/** What views that show a network tell of it. */
interface Network {
  layer: ArrayLike<number>;
  name: readonly string[];
}
/** Whatever stands for the same thing has the same key. */
type Keyed = { kind: string; id: number | null; filter?: number | null };

const chartOf = (node: Element | null): Chart | null | undefined => {
  const element = node?.closest?.("[data-chart]");
  return element ? chartRegistry.of(element) : null;
};
export const charts = (): Chart[] =>
  [...document.querySelectorAll("[data-chart]")]
    .map((element) => chartRegistry.of(element))
    .filter((chart) => chart?.handler) as Chart[];

function yIn(chart: Chart, event: MouseEvent): number {
  return event.clientY - chart.element.getBoundingClientRect().top;
}

const layerThing = (
  network: Network | null | undefined,
  node: number | undefined,
): Thing | null => {
  const layer = node === undefined || !network ? -1 : network.layer[node];
  return layer >= 0 ? { kind: "layer", id: layer, name: network!.name[node!] } : null;
};

// kind of chart -> thing at the event, or of the row that the keyboard marks.
const THINGS: Record<string, (chart: Chart, event: MouseEvent | null) => Thing | null> = {
  pixelmap(chart, event) {
    const { handler } = chart;
    const kind = chart.options.what;
    if (!["class", "layer"].includes(kind) || !handler.place) return null;
    const row = event ? handler.rowAt(yIn(chart, event)) : rowOf(chart);
    return row === null || row === undefined ? null : { kind, id: row, name: handler.labels[row] };
  },
  filtermap(chart, event) {
    const { handler } = chart;
    if (!(handler.layer >= 0) || !handler.place) return null;
    const row = event ? handler.rowAt(yIn(chart, event)) : rowOf(chart);
    if (row === null || row === undefined) return null;
    return {
      kind: "filter",
      id: handler.layer,
      filter: row,
      name: `filter ${row} of ${handler.meta.layerName || `layer ${handler.layer}`}`,
    };
  },
  validationrows(chart, event) {
    const { handler } = chart;
    const hit = event ? handler.input.hit(yIn(chart, event)) : handler.input.active;
    if (!hit) return null;
    const { names } = handler.model;
    if (hit.block.kind === "class") return { kind: "class", id: hit.row, name: names[hit.row] };
    if (hit.block.kind !== "image") return null;
    return {
      kind: "image",
      id: hit.block.opened.images[hit.row],
      name: `image ${hit.row + 1} of ${names[hit.block.classId]}`,
    };
  },
  multiples(chart, event) {
    const { handler } = chart;
    if (!handler.view) return null;
    if (!event) return layerThing(handler.network, handler.tree.active);
    const y = yIn(chart, event) + handler.view.scroll;
    return layerThing(handler.network, handler.view.rows[Math.floor(y / handler.view.height)]);
  },
  filterseries() {
    const [layer, filter] = selectionStore.get().filters.at(-1) || [];
    return filter === undefined
      ? null
      : { kind: "filter", id: layer!, filter, name: filterName(layer!, filter) };
  },
};

/** Return the row of a chart that is pointed at, by pointer or keyboard. */
function rowOf(chart: Chart): number | null {
  const { row } = selectionStore.get();
  return row && row.chart === chart.element.id ? row.index : null;
}

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
  const handler = chartOf(element)?.handler;
  const words =
    /image (\d+)/.exec(element.title || element.textContent!)?.[0] ||
    `image ${element.dataset.image}`;
  const id = ofClass ?? handler?.classId;
  return id === undefined || id === null ? words : `${words} of ${nameOf("class", id)}`;
}

const filterName = (layer: number, filter: number): string =>
  `filter ${filter} of ${nameOf("layer", layer)}`;

/** Return the name of a class or layer, asked of the charts that know it. */
export function nameOf(kind: string, id: number): string {
  for (const { handler, options } of charts()) {
    const told = handler.annotationName?.(kind, id);
    if (told) return told;
    const names =
      kind === "class"
        ? handler.model?.names || (options.what === "class" && handler.labels)
        : options.what === "layer" && handler.labels;
    if (names?.[id]) return names[id];
    if (kind === "layer" && handler.network?.nodeOfLayer) {
      const node = handler.network.nodeOfLayer.get(id);
      if (node !== undefined) return handler.network.name[node];
    }
  }
  return `${kind} ${id}`;
}

/** Return {thing, overPlot, iteration, chart}: what is at an event, or (without) at the focus. */
function at(event: MouseEvent | null): Found {
  const node = (event ? event.target : document.activeElement) as Element | null;
  const chart = chartOf(node);
  const given = chart?.handler?.annotationThing?.(event);
  const find = chart && THINGS[chart.element.dataset.chart!];
  const thing = given || thingOfElement(node) || (find ? find(chart, event) : null);
  const iteration = number(
    node?.closest?.<HTMLElement>(".shell-page [data-iteration]")?.dataset.iteration,
  );
  const overPlot = event
    ? Boolean(node!.closest?.(".dt-plot, .cube-front, .cube-top"))
    : Boolean(chart?.handler?.area);
  return { thing: thing || null, overPlot, chart, iteration };
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
    ...images.map((id): Thing => ({ kind: "image", id, name: imageInRows(id) })),
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

function imageInRows(id: number): string {
  for (const { handler } of charts()) {
    for (const [classId, opened] of handler.model?.opened || []) {
      const position = opened.images.indexOf(id);
      if (position >= 0) return `image ${position + 1} of ${nameOf("class", classId)}`;
    }
  }
  return `image ${id}`;
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
