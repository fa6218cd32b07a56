// One filter of the layer view: everything recorded of it over time, and where it changed most.
//
// "filterseries" is a strip (web/charts/strip.ts) that waits for a filter. Its options besides: facts (id of
// the element that names the filter and its peaks), say.noFilter.

import {
  addressOf,
  type Chart,
  type ChartKinds,
  fetchArrays,
  numbers,
  registerKind,
  type Selection,
  Strip,
  selectionStore,
  type Thing,
} from "#app/web/index.ts";

import type { Floats, Integers } from "./types.ts";

type Options = ChartKinds["filterseries"];
/** What the route "filter-series" answers: snapshot.QUANTITY [T], and the largest of the asked one. */
interface Series {
  arrays: {
    [name: string]: Integers | Floats;
    iteration: Integers;
    /** Columns of the largest values, the largest first, and their ranks among all filters. */
    peak: Integers;
    rank: Integers;
  };
  meta: {
    layer: number;
    /** -1: none is chosen. */
    filter: number;
    layerName: string;
    /** Of the run. */
    filters: number;
    /** The quantities that are not defined at the first snapshot. */
    since: string[];
  };
}
/** A layer and a filter, as numbers or as an element has them. */
type Filter = readonly (number | string | undefined)[];

/** Return where the series of a filter are, as the chart's own template gives it. */
const seriesOf = (base: string, filter: Filter) =>
  addressOf(
    `${base}/filter-series?filter=${encodeURIComponent(filter.join(","))}&quantity={topquantity}`,
  );

/** Ask for the series of [layer, filter] as soon as a button goes down on it. */
export function foresee(base: string, filter: Filter): void {
  fetchArrays(seriesOf(base, filter)).catch(() => {}); // the chart asks again, and says why
}

/** Add what a strip reads: of each quantity the finite values, and where there is none. */
function withSeries({ arrays, meta }: Series): void {
  const { iteration } = arrays;
  for (const name of Object.keys(arrays).filter((key) => key.startsWith("snapshot."))) {
    const values = arrays[name];
    const finite: number[] = [];
    const odd: number[] = [];
    values.forEach((value, at) => {
      if (Number.isFinite(value)) finite.push(at);
      // At the first snapshot a change is not defined, which is nothing to be alarmed about.
      else if (at || !meta.since.includes(name.slice(9))) odd.push(iteration[at]);
    });
    const series = `series.${name.slice(9)}`;
    arrays[`${series}.iterations`] = Int32Array.from(finite, (at) => iteration[at]);
    arrays[`${series}.values`] = Float32Array.from(finite, (at) => values[at]);
    arrays[`${series}.odd`] = Int32Array.from(odd);
  }
}

class FilterSeries extends Strip {
  declare readonly chart: Chart<Options>;
  declare private meta: Series["meta"];

  /** Every snapshot has come, whatever the zoom. */
  override url(): string {
    return this.chart.options.url;
  }

  override selected(): void {}

  none(): boolean {
    return isNoneChosen(this.chart.options, selectionStore.get());
  }

  override receive(data: Series): void {
    withSeries(data);
    super.receive(data);
    this.meta = data.meta;
    showFacts(this.chart, data);
  }

  override draw(width: number): string {
    if (this.none()) this.forget();
    const { layer, filter } = this.meta;
    this.chart.element.dataset.filter = `${layer}.${filter}`;
    if (filter >= 0) return super.draw(width);
    this.area.place({ left: 0, top: 0, width: 0, height: 0 });
    return this.chart.options.say.noFilter;
  }

  private forget(): void {
    this.meta = { layer: -1, filter: -1, layerName: "", filters: 0, since: [] };
    document.getElementById(this.chart.options.facts)?.replaceChildren();
  }

  annotationThing(): Thing | null {
    if (!this.meta || this.meta.filter < 0) return null;
    const { layer, filter, layerName } = this.meta;
    return { kind: "filter", id: layer, filter, name: `filter ${filter} of ${layerName}` };
  }
}

/** Say which filter it is, and at which iterations it changed most: buttons that go there. */
function showFacts(chart: Chart<Options>, { arrays, meta }: Series): void {
  const holder = document.getElementById(chart.options.facts);
  if (!holder) return;
  holder.replaceChildren();
  if (meta.filter < 0) return;
  const title = document.createElement("b");
  title.textContent = `${meta.layerName} · filter ${meta.filter}`;
  holder.append(title);
  const { topquantity } = selectionStore.get();
  const values = arrays[`snapshot.${topquantity}`];
  const peaks = Array.from(arrays.peak, (at, place) => ({
    at,
    rank: arrays.rank[place],
    value: values[at],
  })).filter(({ value }) => value > 0);
  if (!peaks.length) return;
  holder.append(
    " changed most at ",
    ...peaks.map((peak) => peakButton(peak, arrays.iteration[peak.at], topquantity, meta)),
  );
}

function peakButton(
  { rank, value }: { rank: number; value: number },
  iteration: number,
  quantity: string,
  { filters }: Series["meta"],
): HTMLElement {
  const { integer, number } = numbers;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dt-button layers-peak";
  button.textContent = integer(iteration) + (rank ? ` · #${rank}` : "");
  button.title = `${quantity.replace("_", " ")} ${number(value)}${rank ? `, number ${rank} of all ${integer(filters)} filters` : ""}; click to pin`;
  button.addEventListener("click", () => selectionStore.toggle("pins", iteration));
  return button;
}
/** Whether the series are of the chosen filter, and there is none. */
const isNoneChosen = ({ url }: Options, { filters }: Selection): boolean =>
  url.includes("{filters}") && !filters.length;

registerKind(
  "filterseries",
  (chart) => new FilterSeries(chart),
  (options, selection) => (isNoneChosen(options, selection) ? [] : [options.url]),
);
