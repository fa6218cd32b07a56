// Lines, segments and stacks over the shared time axis: one strip of panels, drawn on one canvas.
//
// Options: url, panels [{title, height, format, unit, step, log, domain, lines: [{series, name,
// colour}]} or {title, height, stack: {array, parts: [{column, name, colour}]}}], label (aria).
// The answer holds series.NAME.iterations i4, .values f8 (rising; first, last, least and greatest
// of every pixel), .odd i4 (where the value was NaN or Inf), and matrices [T, n] for stacks.

import { type DrawingContext, sizeCanvas } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import type { Answer, Numbers } from "../base/fetch.ts";
import { numbers } from "../base/numbers.ts";
import { type TooltipLine, tooltip } from "../base/tooltip.ts";
import { wrapped } from "../base/wrapping.ts";
import { nothing } from "../core/catalogue.ts";
import { type Chart, chosenBy, registerKind } from "../core/chart.ts";
import type { Stack, StripLine, StripOptions, StripPanel } from "../core/chartoptions.ts";
import type { Names, Selection } from "../core/fields.ts";
import type { Handler } from "../core/protocol.ts";
import { selectionStore } from "../core/selection.ts";
import type { Iterations } from "../core/timeaxis.ts";
import { type Place, PlotArea } from "./plotarea.ts";
import * as stripmarks from "./stripmarks.ts";

const GAP = 10; // between panels
const PAD = 3; // within a panel, above and below the curves
const FONT = "11px system-ui, sans-serif";
const LINE = 15; // of a text of several

/** How many values of a series there are: drawn, no number, in all. */
interface SeriesMeta {
  shown: number;
  odd: number;
  total: number;
}
/** What the option `url` gives: the iterations of the matrices, and what the panels name. */
type StripArrays = Record<string, Numbers> & { iteration: Iterations };
type StripData = Answer<{ series: Record<string, SeriesMeta> }, StripArrays>;
interface ShownLine {
  line: StripLine;
  data: stripmarks.Series;
}
interface StripScale extends stripmarks.ValueScale {
  low: number;
  high: number;
}
/** What a panel shows: a stack, or lines and their scale, which is null where no value is finite. */
interface Shown {
  stack?: boolean;
  scale?: StripScale | null;
  lines?: readonly ShownLine[];
}

export class Strip implements Handler {
  readonly hasMarks = true;
  declare readonly chart: Chart<StripOptions>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  declare private arrays: StripArrays;
  declare private panels: { panel: StripPanel; place: Place }[];

  constructor(chart: Chart<StripOptions>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.area = new PlotArea(chart, {
      hover: (_x, y, event, column) => this.hover(y, event, column),
    });
  }

  /** A zoomed strip asks for the finer points of what it shows. */
  url(): string {
    const { url } = this.chart.options;
    const zoom = selectionStore.get().zoom;
    if (!zoom) return url;
    const [from, to] = this.chart.axis.around(zoom);
    return `${url}${url.includes("?") ? "&" : "?"}from=${from}&to=${to}`;
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("zoom")) this.chart.refresh();
  }

  receive({ arrays }: Answer<object, StripArrays>): void {
    this.arrays = arrays;
  }

  private series(name: string): stripmarks.Series | null {
    const iterations = this.arrays[`series.${name}.iterations`] as Iterations | undefined;
    if (!iterations) return null;
    return {
      iterations,
      values: this.arrays[`series.${name}.values`] as stripmarks.Series["values"],
      odd: this.arrays[`series.${name}.odd`] as Iterations,
    };
  }

  draw(chartWidth: number): string {
    const { options, axis } = this.chart;
    if (!axis.columns) {
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      return options.say?.noColumns || nothing("snapshots");
    }
    const { left, width } = axis.place(chartWidth);
    const heights = options.panels.map((panel) => panel.height || 72);
    const total = heights.reduce((sum, height) => sum + height + GAP, -GAP);
    const { context } = sizeCanvas(this.canvas, chartWidth, total);
    this.panels = [];
    let top = 0;
    options.panels.forEach((panel, index) => {
      const place = { left, top, width, height: heights[index] };
      this.panels.push({ panel, place });
      this.drawPanel(context, panel, place);
      top += heights[index] + GAP;
    });
    this.area.place({ left, top: 0, width, height: total });
    this.tell();
    return "";
  }

  /** Say how many values of the long series are drawn. */
  private tell(): void {
    const holder = document.getElementById(this.chart.options.legend || "");
    if (!holder) return;
    const { integer } = numbers;
    const { series } = (this.chart.data as StripData).meta;
    const lines = this.chart.options.panels.flatMap((panel) => panel.lines || []);
    const reduced = lines
      .map((line) => series[line.series])
      .filter((about) => about && about.shown + about.odd < about.total)
      .sort((a, b) => b.total - a.total)[0];
    holder.textContent = reduced
      ? `up to ${integer(reduced.shown)} of ${integer(reduced.total)} values of a series: first, ` +
        "last, lowest, highest of every pixel"
      : "";
  }

  private drawPanel(context: DrawingContext, panel: StripPanel, place: Place): void {
    const { theme } = colours;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(place.left, place.top, place.width, place.height);
    context.save();
    context.beginPath();
    context.rect(place.left, place.top, place.width, place.height);
    context.clip();
    const shown = panel.stack
      ? this.drawStack(context, panel.stack, place)
      : this.drawLines(context, panel, place);
    context.restore();
    if (!shown) this.drawNothing(context, panel, place);
    this.drawGutter(context, panel, place, shown);
  }

  private drawNothing(context: DrawingContext, panel: StripPanel, place: Place): void {
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours.theme("--dt-text-soft");
    // Why, then what to do, where there is room for that.
    const text = panel.nothing || "not recorded";
    const whole = wrapped(text, place.width - 8, (part) => context.measureText(part).width);
    const lines = whole.length * LINE > place.height ? text.split(": ", 1) : whole;
    const top = place.top + (place.height - (lines.length - 1) * LINE) / 2;
    lines.forEach((line, at) => {
      context.fillText(line, place.left + place.width / 2, top + at * LINE);
    });
  }

  /** Return {y(value), low, high, log} over the finite values in view; null where none is. */
  private scaleOf(panel: StripPanel, lines: readonly ShownLine[], place: Place): StripScale | null {
    let low = panel.domain ? panel.domain[0] : Infinity;
    let high = panel.domain ? panel.domain[1] : -Infinity;
    const log = this.isLog(panel);
    for (const { data } of lines) {
      const { values } = data;
      // Counted, not `of`: an iterator takes three times as long at the first drawing.
      for (let at = 0; at < values.length; at++) {
        const value = values[at];
        if (!Number.isFinite(value) || (log && value <= 0)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (low > high) return null;
    if (!log && low > 0 && !panel.fit) low = 0;
    if (low === high) high = low + (Math.abs(low) || 1);
    const to = log ? Math.log10 : (value: number) => value;
    const [from, span] = [to(low), to(high) - to(low)];
    const inner = place.height - 2 * PAD;
    const y = (value: number) => place.top + PAD + inner * (1 - (to(value) - from) / span);
    return { y, low, high, log };
  }

  private isLog(panel: StripPanel): boolean {
    return Boolean(chosenBy(panel.log));
  }

  private drawLines(context: DrawingContext, panel: StripPanel, place: Place): Shown | null {
    const { axis } = this.chart;
    const lines = panel
      .lines!.map((line) => ({ line, data: this.series(line.series) }))
      .filter(({ data }) => data && data.iterations.length + data.odd.length) as ShownLine[];
    if (!lines.length) return null;
    const scale = this.scaleOf(panel, lines, place);
    for (const { line, data } of lines) {
      const { step } = panel;
      if (scale) stripmarks.line(context, { ...line, step }, data, axis, place, scale);
    }
    lines.forEach(({ data }) => stripmarks.crosses(context, data.odd, axis, place));
    return { scale, lines };
  }

  private drawStack(context: DrawingContext, { array, parts }: Stack, place: Place): Shown | null {
    const { axis } = this.chart;
    const given = { counts: this.counts(array), iterations: this.arrays.iteration, parts };
    return stripmarks.stack(context, given, axis, place) ? { stack: true } : null;
  }

  private counts(array: string): stripmarks.Counts {
    return this.arrays[array] as stripmarks.Counts;
  }

  private drawGutter(
    context: DrawingContext,
    panel: StripPanel,
    place: Place,
    shown: Shown | null,
  ): void {
    const { theme } = colours;
    const narrow = place.left < 120;
    context.font = `600 ${FONT}`;
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillStyle = theme("--dt-text");
    const title = shown?.scale?.log ? `${panel.title} (log)` : panel.title;
    if (panel.heading !== false) context.fillText(title, 0, place.top + 1);
    const titled = panel.heading === false ? 0 : context.measureText(title).width;
    context.font = FONT;
    const keys: readonly { name?: string; colour: string }[] = narrow
      ? []
      : panel.lines || [...panel.stack!.parts].reverse();
    keys.forEach((key, index) => {
      if (!key.name) return;
      const y = place.top + 16 + index * 14;
      context.fillStyle = theme(key.colour);
      if (panel.stack) context.fillRect(0, y + 1, 9, 9);
      else context.fillRect(0, y + 4, 12, 3);
      context.fillStyle = theme("--dt-text-soft");
      context.fillText(key.name, 17, y);
    });
    this.drawEnds(context, panel, place, shown);
    if (!(shown?.lines || []).some(({ data }) => data.odd.length)) return;
    context.textAlign = "left";
    context.fillStyle = theme("--dt-alarm");
    // Below the names where there is room, else beside the title.
    const below = 16 + 14 * keys.filter((key) => key.name).length < place.height - 13;
    context.textBaseline = below ? "bottom" : "top";
    const y = place.top + (below ? place.height - 1 : 1);
    context.fillText("× NaN or Inf", below ? 0 : titled + 10, y);
  }

  private drawEnds(
    context: DrawingContext,
    panel: StripPanel,
    place: Place,
    shown: Shown | null,
  ): void {
    const { theme } = colours;
    context.textAlign = "right";
    context.fillStyle = theme("--dt-text-soft");
    const ends = shown?.stack
      ? ["100 %", "0 %"]
      : shown?.scale
        ? numbers.ticks(panel.format, [shown.scale.high, shown.scale.low])
        : [];
    if (ends.length) {
      context.fillText(ends[0], place.left - 6, place.top + 1);
      context.textBaseline = "bottom";
      context.fillText(ends[1], place.left - 6, place.top + place.height - 1);
    }
  }

  private hover(y: number, event: PointerEvent, column: number): void {
    const found = this.panels.find(
      ({ place }) => y >= place.top && y < place.top + place.height + GAP,
    );
    if (!found) return;
    const { panel } = found;
    const { as, integer } = numbers;
    const row = (this.chart.axis.match(this.arrays.iteration) || [])[column] ?? column;
    const lines: TooltipLine[] = panel.stack
      ? [...panel.stack.parts].reverse().map((part) => {
          const counts = this.counts(panel.stack!.array);
          const count = counts[row * counts.shape[1] + part.column];
          return [part.name, count < 0 ? "none" : integer(count)];
        })
      : panel.lines!.map((line) => [
          line.name || panel.title,
          as(panel.format, this.arrays[`snapshot.${line.series}`]?.[row]),
        ]);
    const iteration = integer(this.chart.axis.iterations[column]);
    tooltip.show(event.clientX, event.clientY, `${panel.title} at iteration ${iteration}`, lines);
  }
}
registerKind("strip", (chart) => new Strip(chart));
