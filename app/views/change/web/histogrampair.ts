// The weights of one layer at two snapshots over each other, drawn as the overlays of Distributions.
//
// Options: url, names of the two. The answer is that of app/data/change_histograms.py.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  density,
  type Handler,
  type HistogramSpread,
  histogramLook as look,
  make,
  nothing,
  numbers,
  type PairArrays,
  registerKind,
  ridges,
  sizeCanvas,
  spreads,
  type TooltipLine,
  tooltip,
  type ValueAxis,
  valueAxisOf,
} from "#app/web/index.ts";
import "./fields.ts";

const HEIGHT = 190;

interface Meta {
  first: number;
  edges: readonly number[];
  percentiles: readonly number[];
}

class HistogramPair implements Handler {
  private readonly chart: Chart<ChartKinds["histogrampair"]>;
  private readonly canvas: HTMLCanvasElement;
  private readonly key: HTMLElement;
  private found: HistogramSpread[] = [];
  private meta: Meta | null = null;
  private axis: ValueAxis | null = null;
  private width = 0;

  constructor(chart: Chart<ChartKinds["histogrampair"]>) {
    this.chart = chart;
    this.key = make("div", "dt-panel-legend change-key");
    this.canvas = make("canvas", "dt-canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.style.height = `${HEIGHT}px`;
    chart.element.append(this.key, this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => tooltip.hide());
  }

  destroy(): void {
    tooltip.hide();
  }

  receive({ arrays, meta }: Answer<Meta, PairArrays>): void {
    this.meta = meta;
    this.found = [arrays, spreads.otherOf(arrays)].map((own) => ({
      ...spreads.spreadOf(own, meta.first, 0, "iteration"),
      // Neither is older than the other: both have their full colour.
      place: [0],
    }));
  }

  draw(width: number): string {
    const { label, names } = this.chart.options;
    const { canvas, found, meta } = this;
    this.width = width;
    canvas.style.width = `${width}px`;
    if (!meta) return "";
    if (found.some(({ iteration }) => !iteration.length)) return nothing("charts");
    this.axis = valueAxisOf("linear", found, meta.edges);
    if (!this.axis) return "None of these weights is finite.";
    canvas.setAttribute("aria-label", label);
    const { context } = sizeCanvas(canvas, width, HEIGHT);
    const place = this.place;
    const drawn = ridges.ridgesOf(found, this.axis, place, {
      offset: false,
      most: 1,
      cursor: null,
      edges: meta.edges,
    });
    ridges.draw(context, place, drawn, found, this.axis, false);
    this.key.replaceChildren(
      ...names.map((name, run) => {
        const swatch = make("span", "change-swatch");
        swatch.style.background = `var(${look.RUNS[run]})`;
        return make("span", "", swatch, name);
      }),
      make("span", "", "height: share of the numbers"),
    );
    return "";
  }

  private get place() {
    return ridges.placeOf(this.width, HEIGHT, false, "iteration");
  }

  private hover(event: PointerEvent): void {
    const { axis, meta } = this;
    if (!axis || !meta) return;
    const { left, width } = this.place;
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    const value = axis.from(Math.min(Math.max((x - left) / width, 0), 1));
    const bin = density.binOf(meta.edges, value);
    const [from, to] = [bin, bin + 1].map((one) => numbers.number(density.edgeAt(meta.edges, one)));
    const lines = this.found.map(({ count, first }, run): TooltipLine => {
      let whole = 0;
      for (const one of count) whole += one;
      const inside = count[bin - first] ?? 0;
      return [
        this.chart.options.names[run],
        `${numbers.integer(inside)} (${numbers.percent(whole ? inside / whole : NaN)})`,
      ];
    });
    tooltip.show(event.clientX, event.clientY, `${from} to below ${to}`, lines);
  }
}

registerKind("histogrampair", (chart) => new HistogramPair(chart));
