// One chart of curves with both its axes: what a page of many scalars is made of.
//
// Options: chart_options/shared.py CurvesOptions. The answer is that of app/data/scalars.py lines.
// What is chosen with the pointer and belongs to this chart alone (the ends of its scale; the
// iterations that it shows, where its axis is apart) is told by an event "dt-own" of its element,
// {low, high} or {zoom}: the page keeps it, and says it by the options. Where it is asked for, an
// event "dt-near" tells the series whose line is nearest to the pointer; null: none is near.

import { type DrawingContext, sizeCanvas } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import { numbers } from "../base/numbers.ts";
import { tooltip } from "../base/tooltip.ts";
import { type Chart, registerKind } from "../core/chart.ts";
import type { CurvesOptions } from "../core/chartoptions.ts";
import type { Names, Range, Selection } from "../core/fields.ts";
import type { Handler } from "../core/protocol.ts";
import { selectionStore } from "../core/selection.ts";
import { axisTicks } from "./axisticks.ts";
import { average, type CurvesData, type Shown, seriesOf } from "./curvedata.ts";
import { paintBand, paintLines } from "./curvepaint.ts";
import * as scales from "./curvescale.ts";
import { linesOf, placeOf, pointedAt } from "./curvetold.ts";
import { Gestures } from "./gestures.ts";
import { type Place, PlotArea } from "./plotarea.ts";
import * as stripmarks from "./stripmarks.ts";

const BELOW = 18; // the ticks of the time axis
const ABOVE = 4;
const TICKS = 62; // pixels between those of the time axis
const FONT = "11px system-ui, sans-serif";
const VEIL = 0.8; // over the other lines, while one is lifted
const LIFTED = 2.75; // pixels that it is wide

type Lit = (series: string) => boolean;
export class Curves implements Handler {
  readonly hasMarks = true;
  declare readonly chart: Chart<CurvesOptions>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  /** As drawn last; null: nothing could be. */
  ends: scales.Ends | null = null;
  declare private place: Place;
  private shown: Shown[] = [];
  /** Which lines are lifted above all others; null: none. */
  private lit: Lit | null = null;
  /** What the lifted lines are drawn on: the others need not be drawn anew. */
  private readonly above = document.createElement("canvas");
  private averages: { key: string; found: (stripmarks.Series | null)[] } | null = null;

  constructor(chart: Chart<CurvesOptions>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    this.above.className = "dt-canvas dt-above";
    this.above.hidden = true;
    chart.element.append(this.canvas, this.above);
    this.area = new PlotArea(chart, {
      hover: (x, y, event) => this.hover(x, y, event),
      leave: () => this.near(null),
    });
    new Gestures(this);
  }

  /** A zoomed chart asks for the finer points of what it shows. */
  url(): string {
    const { url } = this.chart.options;
    const { zoom } = this.chart.axis;
    if (!zoom) return url;
    return `${url}${url.includes("?") ? "&" : "?"}from=${zoom[0]}&to=${zoom[1]}`;
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("zoom")) this.chart.refresh();
  }

  /** Let some lines stand out, above all others; null: none. */
  light(lit: Lit | null): void {
    this.lit = lit;
    this.drawLit();
  }

  private drawLit(): void {
    const { lit, place, chart } = this;
    const lifted = lit ? this.shown.filter(({ line }) => lit(line.series)) : [];
    this.above.hidden = !lifted.length || !place;
    if (this.above.hidden) return;
    const { context } = sizeCanvas(this.above, chart.width, chart.options.height);
    context.save();
    context.beginPath();
    context.rect(place.left, place.top, place.width, place.height);
    context.clip();
    context.globalAlpha = VEIL;
    context.fillStyle = colours.theme("--dt-panel");
    context.fillRect(place.left, place.top, place.width, place.height);
    context.globalAlpha = 1;
    this.drawShown(context, lifted, LIFTED);
    context.restore();
  }

  /** Show other iterations (null: all): on all charts of the page, unless the axis is apart. */
  zoomTo(zoom: Range | null): void {
    if (this.chart.axis.apart === undefined) selectionStore.set({ zoom });
    else this.tellOwn({ zoom });
  }

  /** Say what was chosen for this chart alone. */
  tellOwn(detail: { low: number | null; high: number | null } | { zoom: Range | null }): void {
    this.chart.element.dispatchEvent(new CustomEvent("dt-own", { detail, bubbles: true }));
  }

  /** Show everything again, on both axes. */
  reset(): void {
    this.tellOwn({ low: null, high: null });
    this.zoomTo(null);
  }

  /** Return the value at a pixel of the plot. */
  valueAt(y: number): number {
    return this.ends ? scales.valueAtShare(this.ends, (y - ABOVE) / this.place.height) : NaN;
  }

  private field<Kind>(name: string | undefined): Kind | undefined {
    return name ? (selectionStore.get()[name as keyof Selection] as Kind) : undefined;
  }

  draw(chartWidth: number): string {
    const { options, axis } = this.chart;
    if (!axis.columns) {
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      return "This run has no snapshots yet, which make the time axis.";
    }
    const { left, width } = axis.place(chartWidth);
    const height = options.height - BELOW - ABOVE;
    this.place = { left, width, top: ABOVE, height };
    const { context } = sizeCanvas(this.canvas, chartWidth, options.height);
    this.collect();
    this.drawFrame(context);
    context.save();
    context.beginPath();
    context.rect(left, ABOVE, width, height);
    context.clip();
    this.drawLines(context);
    context.restore();
    this.area.place({ left, top: 0, width, height: ABOVE + height });
    this.drawLit();
    this.tell();
    return "";
  }

  /** Put together what is shown, and the ends of its scale. */
  private collect(): void {
    const { options } = this.chart;
    const { arrays } = this.chart.data as CurvesData;
    const weight = this.field<number>(options.smooth) ?? 0;
    const averages = this.averagesOf(weight);
    this.shown = options.lines.flatMap((line, at) => {
      const data = seriesOf(arrays, line.series);
      if (!data || options.hidden?.includes(line.series)) return [];
      return [{ line, data, smooth: averages[at] }];
    });
    const bands = this.shown.flatMap(({ line }) =>
      ["low", "high"].flatMap((end) => {
        const values = arrays[`band.${line.series}.${end}`];
        return values ? [values.filter(Number.isFinite)] : [];
      }),
    );
    const lines = scales.withAside(this.valuesOf(false), this.valuesOf(true));
    this.ends = scales.endsOf([...lines, ...bands], {
      low: options.low,
      high: options.high,
      log: !options.signed && (options.log || Boolean(this.field("log"))),
      clip: this.field<boolean>(options.clip),
    });
  }

  /** Return the values of what is shown: of the lines that make the scale, or those aside of it. */
  private valuesOf(aside: boolean) {
    return this.shown
      .filter(({ line }) => Boolean(line.aside) === aside)
      .map(({ data }) => data.values);
  }

  /** Return the averages of all lines: they are kept, as the pointer draws the chart often. */
  private averagesOf(weight: number): (stripmarks.Series | null)[] {
    const { axis, options, loaded } = this.chart;
    const names = options.lines.map(({ series }) => series);
    const key = [loaded, weight, axis.scale?.name, axis.columns, ...names].join(" ");
    if (this.averages?.key === key) return this.averages.found;
    const { arrays } = this.chart.data as CurvesData;
    const found = names.map((name) => (weight ? average(arrays, name, axis, weight) : null));
    this.averages = { key, found };
    return found;
  }

  private drawFrame(context: DrawingContext): void {
    const { theme } = colours;
    const { left, top, width, height } = this.place;
    const { axis } = this.chart;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(left, top, width, height);
    context.font = FONT;
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (this.ends) {
      const y = scales.projection(this.ends, height);
      const ticks = scales.ticksOf(this.ends, Math.max(2, Math.floor(height / 36)));
      const texts = numbers.ticks("number", ticks);
      for (const [index, tick] of ticks.entries()) {
        const at = Math.round(top + y(tick));
        context.fillStyle = theme("--dt-border");
        context.fillRect(left, at, width, 1);
        context.fillStyle = theme("--dt-text-soft");
        context.fillText(texts[index], left - 6, Math.max(at, top + 6));
      }
    }
    context.fillStyle = theme("--dt-text-soft");
    context.textAlign = "center";
    context.textBaseline = "top";
    let free = -Infinity;
    for (const { coordinate, text } of axisTicks(axis, width, TICKS)) {
      const x = axis.x(coordinate, width);
      const half = context.measureText(text).width / 2;
      if (x < 0 || x > width || x - half < free || x + half > width + 10) continue;
      context.fillRect(Math.round(left + x), top + height, 1, 3);
      context.fillText(text, left + x, top + height + 4);
      free = x + half + 10;
    }
  }

  private drawLines(context: DrawingContext): void {
    if (!this.ends) {
      this.drawNothing(context);
    } else {
      for (const one of this.shown) this.drawBand(context, one);
      this.drawShown(context, this.shown);
    }
    const { axis } = this.chart;
    for (const { data } of this.shown) stripmarks.crosses(context, data.odd, axis, this.place);
  }

  /** Draw some lines, and their averages above all values. */
  private drawShown(context: DrawingContext, shown: readonly Shown[], width?: number): void {
    const { ends, place, chart } = this;
    if (ends) paintLines(context, shown, { axis: chart.axis, place, ends }, width);
  }

  private drawBand(context: DrawingContext, { line }: Shown): void {
    const { ends, place, chart } = this;
    const { arrays } = chart.data as CurvesData;
    const band = {
      low: arrays[`band.${line.series}.low`],
      high: arrays[`band.${line.series}.high`],
    };
    if (ends && band.low && band.high)
      paintBand(context, line.colour, band, arrays.iteration, { axis: chart.axis, place, ends });
  }

  private drawNothing(context: DrawingContext): void {
    const { left, top, width, height } = this.place;
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours.theme("--dt-text-soft");
    const text = this.shown.length ? "no value that this scale can show" : "every line is hidden";
    context.fillText(text, left + width / 2, top + height / 2);
  }

  /** Say how many values are drawn of how many, are no numbers, and lie beyond the scale. */
  private tell(): void {
    const holder = document.getElementById(this.chart.options.legend || "");
    if (!holder) return;
    const { integer } = numbers;
    const { series } = (this.chart.data as CurvesData).meta;
    const told = this.shown.map(({ line }) => series[line.series]);
    const sum = (part: (one: (typeof told)[number]) => number) =>
      told.reduce((all, one) => all + part(one), 0);
    const [drawn, odd, total] = [
      sum((one) => one.shown),
      sum((one) => one.odd),
      sum((one) => one.total),
    ];
    const said: string[] = [];
    if (drawn + odd < total) said.push(`showing ${integer(drawn)} of ${integer(total)}`);
    if (odd) said.push(`${integer(odd)} NaN or Inf ×`);
    const out = this.ends ? scales.beyond(this.valuesOf(false), this.ends) : 0;
    if (out) said.push(`${integer(out)} beyond the scale`);
    const text = said.join(" · ");
    if (holder.textContent !== text) holder.textContent = text;
  }

  /** Tell which line is near to the pointer, where that is asked for. */
  private near(series: string | null): void {
    if (!this.chart.options.points) return;
    this.chart.element.dispatchEvent(new CustomEvent("dt-near", { detail: series, bubbles: true }));
  }

  private hover(x: number, y: number, event: PointerEvent): void {
    const { axis, options } = this.chart;
    const iteration = axis.iterationAt(axis.coordinateAt(x, this.place.width));
    const project = this.ends && scales.projection(this.ends, this.place.height);
    const found = pointedAt(this.shown, iteration, (value) =>
      project ? Math.abs(project(value) + ABOVE - y) : NaN,
    );
    this.near(found.near);
    const title = `${options.title} ${placeOf(axis, found.where ?? Math.round(iteration))}`;
    tooltip.show(event.clientX, event.clientY, title, linesOf(found, options.title));
  }
}

registerKind("curves", (chart) => new Curves(chart));
