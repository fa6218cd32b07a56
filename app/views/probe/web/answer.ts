// What the charts of the page of probes share: what is answered, and which probe, image and layer
// are looked at: the probe nearest to the cursor, the chosen image and layer, else the first.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  type Handler,
  LastAnswer,
  type Matrix,
  type Names,
  RestingCursor,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import "./fields.ts";
import { nearest } from "./model.ts";

export type Integers = Int32Array<ArrayBuffer>;
export type Floats = Float32Array<ArrayBuffer>;
export type Bytes = Uint8Array<ArrayBuffer>;

/** What the route "probes" answers of n probes, P images and l layers. */
export interface ProbesArrays {
  iteration: Integers;
  probed: Integers;
  image: Integers;
  class: Integers;
  position: Integers;
  images: Integers;
  /** [n, P]; -1: none, -2: not probed there. */
  prediction: Matrix<Integers>;
  probability: Matrix<Floats>;
  layer: Integers;
  filters: Integers;
}
export interface ProbesMeta {
  names: string[];
  layers: string[];
  seconds: number | null;
  /** By which methods there is saliency of any probe. */
  saliency: string[];
  converted: boolean;
}
export type ProbesAnswer = Answer<ProbesMeta, ProbesArrays>;
export type ProbeChart = Chart<ChartKinds["probecourse"]>;

/** Where a page of probes stands: the probe by its place, its iteration, ids of image and layer. */
export interface Place {
  probe: number;
  at: number;
  image: number;
  layer: number;
}

/** Follows the cursor to where it rests, and knows what is looked at there. */
export class Looking {
  private readonly resting: RestingCursor;
  private readonly chart: ProbeChart;

  constructor(chart: ProbeChart) {
    this.chart = chart;
    // What failed where the cursor was says nothing of where it is: not invalidate().
    this.resting = new RestingCursor(() => chart.refresh());
  }

  /** Return what is looked at; null where nothing was probed. */
  place({ arrays }: ProbesAnswer): Place | null {
    if (!arrays.probed.length || !arrays.layer.length) return null;
    const { probeimage, probelayer } = selectionStore.get();
    const probe = nearest(arrays.probed, this.resting.at);
    return {
      probe,
      at: arrays.probed[probe],
      image: chosen(arrays.image, probeimage),
      layer: chosen(arrays.layer, probelayer),
    };
  }

  /** Return the place of the iteration nearest to where the cursor rests. */
  nearest(iterations: Integers): number {
    return nearest(iterations, this.resting.at);
  }

  selected(selection: Selection, names: Names): void {
    this.resting.selected(selection, names);
    if (["probeimage", "probelayer", "filters"].some((name) => names.has(name)))
      this.chart.invalidate();
  }

  destroy(): void {
    this.resting.destroy();
  }
}

/**
 * A chart of the page of probes, which asks for something of its own by what is looked at: `Found`
 * is what is answered, `ProbesAnswer` what all of them are told.
 */
export abstract class ProbeHandler<Found extends Answer, Shown extends ProbeChart = ProbeChart>
  implements Handler
{
  protected readonly chart: Shown;
  protected readonly looking: Looking;
  protected readonly asking: LastAnswer<Found>;
  protected answer: ProbesAnswer | null = null;

  constructor(chart: Shown) {
    this.chart = chart;
    this.looking = new Looking(chart);
    this.asking = new LastAnswer(chart);
  }

  get waiting(): boolean {
    return this.asking.waiting;
  }

  receive(answer: ProbesAnswer): void {
    this.answer = answer;
  }

  abstract draw(width: number): string;

  selected(selection: Selection, names: Names): void {
    this.looking.selected(selection, names);
  }

  destroy(): void {
    this.looking.destroy();
  }
}

/** Show which of the tiles, each of a filter, are chosen of a layer. */
export function pressChosen(tiles: Iterable<Element>, layer: number): void {
  const { filters } = selectionStore.get();
  const chosen = new Set(filters.filter(([one]) => one === layer).map(([, filter]) => filter));
  for (const tile of tiles)
    tile.setAttribute(
      "aria-pressed",
      String(chosen.has(Number((tile as HTMLElement).dataset.filter))),
    );
}

const chosen = (ids: Integers, wanted: number | null): number =>
  wanted !== null && ids.includes(wanted) ? wanted : ids[0];

/** Return why there is nothing to see; "" where there is something. */
export function reason({ arrays, meta }: ProbesAnswer): string {
  if (arrays.probed.length && arrays.layer.length) return "";
  return meta.converted
    ? "Not recorded: probes, which only a Recorder takes. To have them, record the next training with Recorder(model, optimizer, run_dir, validation=validation_set, probes=8, thumbnails=True)."
    : "This run has no probes. To have them, record it with Recorder(model, optimizer, run_dir, validation=validation_set, probes=8, thumbnails=True).";
}
