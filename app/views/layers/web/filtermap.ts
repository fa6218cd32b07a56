// The filters of the opened layer: every filter over all iterations as a map.
//
// "filtermap" is a pixel map (web/charts/pixelmap.ts) that also scales each iteration by itself, orders rows by
// peak and by similarity, and opens the clicked filter. Its options besides: base, facts (id of the
// element that says which layer it is).

import {
  addressOf,
  type Chart,
  type ChartKinds,
  colours,
  fetchArrays,
  keyTable,
  type MapScale,
  type MapValues,
  type Matrix,
  numbers,
  PixelMap,
  type PlacedRow,
  registerKind,
  type Selection,
  selectionStore,
  type Thing,
} from "#app/web/index.ts";
import * as layerFilter from "./filterseries.ts";
import { layers } from "./network.ts";
import type { Floats, Integers } from "./types.ts";

type Options = ChartKinds["filtermap"];
/** What the route "filter-map" answers: values [F, T] of the filters of a layer. */
interface FiltersAnswer {
  arrays: { iteration: Matrix<Integers>; values: Matrix<Floats> };
  meta: {
    names: string[];
    /** -1: none is open. */
    layer: number;
    layerName: string;
  };
}
/** Also by iteration: one scale for each column. */
interface FilterScale extends MapScale {
  perColumn?: boolean;
}

class FilterMap extends PixelMap<Options> {
  declare private layer: number;
  /** The values as they are scaled iteration by iteration. */
  declare private byIteration: Floats | null;
  /** The rows by similarity, and whether they are shown so. */
  declare private similar: Integers | null;
  declare private inSimilar?: boolean;
  /** The values whose similarity was asked for. */
  declare private asked?: MapValues;
  declare private chosen?: HTMLElement;

  constructor(chart: Chart<Options>) {
    super(chart);
    this.area.hooks.click = (_x: number, y: number) => this.openAt(y);
    this.area.element.addEventListener("pointerdown", (event) => this.foresee(event));
    chart.element.addEventListener("keydown", (event) => this.opens(event));
  }

  none(): boolean {
    return isNoneOpen(this.chart.options, selectionStore.get());
  }

  override receive(data: FiltersAnswer): void {
    super.receive(data);
    this.layer = data.meta.layer;
    this.byIteration = null;
    this.similar = null;
    this.facts(data.meta);
  }

  override selected(selection: Selection, names: Set<string>): void {
    super.selected(selection, names);
    if (names.has("filters")) this.showChosen(selection);
  }

  override annotationThing(event: MouseEvent | null): Thing | null {
    const row = this.layer >= 0 ? this.rowMeant(event) : null;
    if (row === null) return null;
    const name = `filter ${row} of ${this.meta.layerName || `layer ${this.layer}`}`;
    return { kind: "filter", id: this.layer, filter: row, name };
  }

  override annotationRows(kind: Thing["kind"]): PlacedRow[] {
    return kind === "filter" && this.layer >= 0 ? this.placed((row) => `${this.layer}.${row}`) : [];
  }

  private forget(): void {
    this.layer = -1;
    this.rows = 0;
    this.finite = false;
    this.order = null;
    this.facts({ names: [], layer: -1, layerName: "" });
  }

  protected override problem(): string {
    return (this.none() && this.chart.options.say?.noRows) || super.problem();
  }

  private facts(meta: FiltersAnswer["meta"]): void {
    const holder = document.getElementById(this.chart.options.facts);
    const { network } = layers;
    const node = network?.nodeOfLayer.get(meta.layer);
    if (!holder) return;
    const { plural } = numbers;
    holder.textContent =
      meta.layer < 0
        ? ""
        : [
            meta.layerName,
            node === undefined
              ? ""
              : [network!.type[node], network!.kernel[node]].filter(Boolean).join(" "),
            plural(this.rows, "filter", "filters"),
          ]
            .filter(Boolean)
            .join(" · ");
  }

  override orderOf(selection: Selection): Int32Array {
    const wanted = this.option("order", selection) || "recorded";
    if (
      this.order &&
      this.orderedBy === wanted &&
      !(wanted === "similarity" && this.similar && !this.inSimilar)
    )
      return this.order;
    if (wanted === "similarity" && !this.similar) {
      this.askSimilar();
      return this.order || super.orderOf(selection);
    }
    super.orderOf(selection); // by index
    this.orderedBy = wanted;
    this.inSimilar = wanted === "similarity";
    if (wanted === "similarity") this.order = this.similar;
    if (wanted === "peak") this.byPeak();
    return this.order!;
  }

  private byPeak(): void {
    const peaks = new Float64Array(this.rows);
    for (let row = 0; row < this.rows; row++) {
      let peak = -Infinity;
      for (let at = row * this.width; at < (row + 1) * this.width; at++) {
        const size = Math.abs(this.values[at]);
        if (size > peak) peak = size;
      }
      peaks[row] = peak;
    }
    this.order!.sort((a, b) => Number(peaks[b] > peaks[a]) - Number(peaks[b] < peaks[a]) || a - b);
  }

  private askSimilar(): void {
    const { filterquantity } = selectionStore.get();
    const { values } = this;
    if (this.layer < 0 || this.asked === values) return;
    this.asked = values;
    const address = addressOf(
      `${this.chart.options.base}/filter-order?layer=${this.layer}&quantity=${filterquantity}`,
    );
    fetchArrays<{ arrays: { order: Integers }; meta: object }>(address).then(
      ({ arrays }) => {
        if (this.values !== values) return;
        this.similar = Int32Array.from(arrays.order);
        this.chart.invalidate();
      },
      (error) => this.asked === values && this.chart.failed(error),
    );
  }

  /** Each column from 0 (its least) to 1 (its greatest). */
  private scaledByIteration(): Floats {
    if (this.byIteration) return this.byIteration;
    const { values, width, rows } = this;
    const scaled = new Float32Array(values.length);
    for (let column = 0; column < width; column++) {
      let low = Infinity;
      let high = -Infinity;
      for (let row = 0; row < rows; row++) {
        const value = values[row * width + column];
        if (value < low) low = value;
        if (value > high && value < Infinity) high = value;
      }
      const span = high - low || 1;
      for (let row = 0; row < rows; row++)
        scaled[row * width + column] = (values[row * width + column] - low) / span;
    }
    this.byIteration = scaled;
    return scaled;
  }

  override scaleOf(selection: Selection): FilterScale {
    if (this.option("scaling", selection) !== "column") return super.scaleOf(selection);
    const whole = colours.scale({ palette: "magnitude", low: 0, high: 1 });
    return { whole, paint: whole, perRow: false, perColumn: true };
  }

  override paint(
    context: CanvasRenderingContext2D,
    ratio: number,
    order: Int32Array,
    scale: MapScale["paint"],
  ): void {
    const kept = this.values;
    if (this.option("scaling", selectionStore.get()) === "column")
      this.values = this.scaledByIteration();
    super.paint(context, ratio, order, scale);
    this.values = kept;
  }

  override legend(scale: FilterScale | null): void {
    const holder = document.getElementById(this.chart.options.legend || "");
    if (!holder || !(scale?.perRow || scale?.perColumn)) {
      super.legend(scale);
      return;
    }
    const of = scale.perRow ? "its filter" : "its iteration";
    colours.legend(holder, scale.whole, {
      missing: this.missing,
      words: [`lowest of ${of}`, `highest of ${of}`],
    });
  }

  override draw(width: number): string {
    if (this.none()) this.forget();
    const problem = super.draw(width);
    this.chart.element.dataset.layer = String(this.layer);
    if (problem) return problem;
    this.showChosen(selectionStore.get());
    this.seek();
    return problem;
  }

  /** Bring the filters of a layer into sight that has just been opened. */
  private seek(): void {
    if (layers.sought === null || layers.sought !== this.layer) return;
    layers.sought = null;
    // When what was drawn has its height.
    requestAnimationFrame(() =>
      this.chart.element.closest(".dt-panel")?.scrollIntoView({ block: "nearest" }),
    );
  }

  /** A mark left of the row whose filter is open. */
  private showChosen({ filters }: Selection): void {
    if (!this.chosen) {
      this.chosen = document.createElement("div");
      this.chosen.className = "layers-chosen";
      this.chart.element.append(this.chosen);
    }
    const [layer, filter] = filters.at(-1) || [];
    const own = layer === this.layer && filter! < this.rows && this.order && this.place;
    this.chosen.hidden = !own;
    if (!own) return;
    const rowHeight = this.place!.height / this.rows;
    this.chosen.textContent = `filter ${filter} ▸`;
    this.chosen.style.right = `${this.chart.element.clientWidth - this.place!.left + 1}px`;
    this.chosen.style.top = `${(this.order!.indexOf(filter!) + 0.5) * rowHeight}px`;
  }

  private foresee(event: PointerEvent): void {
    if (!this.order) return;
    const [, y] = this.area.at(event);
    layerFilter.foresee(this.chart.options.base, [this.layer, this.rowAt(y)]);
  }

  private openAt(y: number): boolean {
    if (!this.order) return false;
    this.openFilter(this.rowAt(y));
    return true; // instead of a pin
  }

  private openFilter(row: number): void {
    selectionStore.set({ filters: [[this.layer, row]] });
  }

  private opens(event: KeyboardEvent): void {
    if (pressed(this, event)) event.preventDefault();
  }

  /** Open the marked filter; false where none is marked. */
  openMarked(): boolean {
    const { row } = selectionStore.get();
    if (row?.chart !== this.chart.element.id) return false;
    this.openFilter(row.index);
    return true;
  }
}
const pressed = keyTable<FilterMap>(
  { title: "On the filters of a layer", within: "[data-chart='filtermap']" },
  [{ keys: ["o"], says: "open the marked filter", act: (map) => map.openMarked() }],
);
/** Whether a map is of the opened layer, and there is none. */
const isNoneOpen = ({ url }: Options, { layers }: Selection): boolean =>
  url.includes("{layers}") && !layers.length;

registerKind(
  "filtermap",
  (chart) => new FilterMap(chart),
  (options, selection) => (isNoneOpen(options, selection) ? [] : [options.url]),
);
