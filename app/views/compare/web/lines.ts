// The scalars of several runs over each other, a panel for each; of groups the mean and the spread.
//
// Options: url, runs, legend. The answer is that of app/data/compare_series.py.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  catalogue,
  colours,
  type DrawingContext,
  type Format,
  gutter,
  type Handler,
  type Iterations,
  type Names,
  nothing,
  numbers,
  type Place,
  PlotArea,
  registerKind,
  type Selection,
  type Series,
  selectionStore,
  sizeCanvas,
  stripmarks,
  tooltip,
  type ValueScale,
} from "#app/web/index.ts";
import { type Aligned, compare, type Members } from "./compare.ts";

const GAP = 12;
const PAD = 4;
const FONT = "11px system-ui, sans-serif";
const titleOf = (name: string): string => catalogue().series[name]?.label ?? name;

type LinesOptions = ChartKinds["comparelines"];
/** A series, as each run logged it: how many values, and how many of them are here. */
interface Told {
  name: string;
  runs: readonly { run: number; total: number; shown: number }[];
}
interface Meta extends Aligned {
  series: readonly Told[];
  left_out: readonly string[];
  groups: Members;
}
type Values = Float32Array<ArrayBuffer>;
type Per = `${number}.${number}`;
/** By the number of the series and the place of the run. */
type Arrays = { iteration: Iterations } & Record<
  `series.${Per}.iterations` | `series.${Per}.odd`,
  Iterations
> &
  Record<`series.${Per}.values`, Series["values"]> &
  Record<`at.${number}` | `mean.${number}` | `deviation.${number}`, Values>;
interface Panel extends Told {
  number: number;
  /** As it was drawn last. */
  place: Place;
}
interface Scale extends ValueScale {
  low: number;
  high: number;
}

class Lines implements Handler {
  declare readonly chart: Chart<LinesOptions>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  declare private arrays: Arrays;
  declare private meta: Meta;
  declare private panels: Panel[];
  /** What no run logged. */
  declare private nothing: readonly Told[];

  constructor(chart: Chart<LinesOptions>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.area = new PlotArea(chart, {
      hover: (_x, y, event, column) => this.hover(y, event, column),
    });
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("log")) this.chart.invalidate();
  }

  receive({ arrays, meta }: Answer<Meta, Arrays>): void {
    this.arrays = arrays;
    this.meta = meta;
    const place = (name: string) => catalogue().series[name]?.place ?? Number.MAX_SAFE_INTEGER;
    this.panels = meta.series
      .map(({ name, runs }, number) => ({ name, runs, number }) as Panel) // drawing gives the place
      .filter(({ runs }) => runs.some(({ total }) => total))
      .sort((a, b) => place(a.name) - place(b.name));
    this.nothing = meta.series.filter(({ runs }) => !runs.some(({ total }) => total));
  }

  draw(chartWidth: number): string {
    const { axis } = this.chart;
    if (!axis.columns || !this.panels.length) {
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      return this.panels.length
        ? nothing("ticks")
        : "These runs logged no scalar, neither loss nor error nor anything else.";
    }
    const { left, width } = axis.place(chartWidth);
    let top = 0;
    for (const panel of this.panels) {
      panel.place = { left, top, width, height: panel.name === "learning_rate" ? 46 : 92 };
      top += panel.place.height + GAP;
    }
    const { context } = sizeCanvas(this.canvas, chartWidth, top - GAP);
    this.panels.forEach((panel) => this.drawPanel(context, panel));
    this.area.place({ left, top: 0, width, height: top - GAP });
    this.tell();
    return "";
  }

  drawPanel(context: DrawingContext, panel: Panel): void {
    const { place } = panel;
    const { theme } = colours;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(place.left, place.top, place.width, place.height);
    const scale = this.scaleOf(panel);
    if (scale) {
      context.save();
      context.beginPath();
      context.rect(place.left, place.top, place.width, place.height);
      context.clip();
      this.drawGroups(context, panel, scale);
      this.chart.options.runs.forEach((_, at) => this.drawRun(context, panel, scale, at));
      context.restore();
    }
    this.gutter(context, panel, scale);
  }

  series(panel: Panel, at: number): Series {
    const key = `series.${panel.number}.${at}` as const;
    return {
      iterations: this.arrays[`${key}.iterations`],
      values: this.arrays[`${key}.values`],
      odd: this.arrays[`${key}.odd`],
    };
  }

  /** Return {y(value), low, high, log} over the values of all runs; null where none is finite. */
  scaleOf(panel: Panel): Scale | null {
    const log = /loss/.test(panel.name) && Boolean(selectionStore.get().log);
    let low = Infinity;
    let high = -Infinity;
    this.chart.options.runs.forEach((_, at) => {
      for (const value of this.series(panel, at).values) {
        if (log && value <= 0) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    });
    if (low > high) return null;
    if (this.meta.groups) {
      const [mean, deviation] = [
        this.arrays[`mean.${panel.number}`],
        this.arrays[`deviation.${panel.number}`],
      ];
      mean.forEach((value, at) => {
        if (value + deviation[at] > high) high = value + deviation[at]; // bands are seen whole
      });
    }
    if (!log && low > 0) low = 0;
    if (low === high) high = low + (Math.abs(low) || 1);
    const to = log ? Math.log10 : (value: number) => value;
    const { top, height } = panel.place;
    const [from, span] = [to(low), to(high) - to(low)];
    const y = (value: number) => top + PAD + (height - 2 * PAD) * (1 - (to(value) - from) / span);
    return { y, low, high, log };
  }

  /** Whether a run stands for itself: all do where there are no groups, else those alone in theirs. */
  alone(at: number): boolean {
    return !this.meta.groups || this.meta.groups.some((one) => one.length === 1 && one[0] === at);
  }

  /** Draw a run's own line, where it has one, and its crosses: a mean tells nothing of NaN. */
  drawRun(context: DrawingContext, panel: Panel, scale: Scale, at: number): void {
    const { axis } = this.chart;
    const data = this.series(panel, at);
    if (data.iterations.length && this.alone(at)) {
      context.save();
      // A step would go on to the end of the axis, also where the run has ended.
      const end = axis.projection(panel.place.width)(axis.coordinate(data.iterations.at(-1)!));
      context.beginPath();
      context.rect(panel.place.left, panel.place.top, end + 1, panel.place.height);
      context.clip();
      context.setLineDash(compare.pattern(at) as number[]);
      const line = { colour: compare.colour(at), step: panel.name === "learning_rate" };
      stripmarks.line(context, line, data, axis, panel.place, scale);
      context.restore();
    }
    stripmarks.crosses(context, data.odd, axis, panel.place);
  }

  /** Draw mean and spread of the groups of several runs. */
  drawGroups(context: DrawingContext, panel: Panel, scale: Scale): void {
    const groups = (this.meta.groups || [])
      .map((members, group) => ({ members, group }))
      .filter(({ members }) => members.length > 1);
    if (!groups.length) return;
    const { axis } = this.chart;
    const project = axis.projection(panel.place.width);
    const x = (coordinate: number) => panel.place.left + project(coordinate);
    const y = scale.log ? (value: number) => scale.y(Math.max(value, scale.low)) : scale.y;
    const [mean, deviation] = [
      this.arrays[`mean.${panel.number}`],
      this.arrays[`deviation.${panel.number}`],
    ];
    const columns = this.arrays.iteration.length;
    const step = panel.name === "learning_rate";
    groups.forEach(({ members, group }) => {
      compare.band(context, members[0], { mean, deviation }, group * columns, columns, x, y);
    });
    groups.forEach(({ members, group }) => {
      compare.stroke(
        context,
        members[0],
        (line) => compare.follow(line, mean, group * columns, columns, x, y, step),
        { width: 2.25 },
      );
    });
  }

  gutter(context: DrawingContext, panel: Panel, scale: Scale | null): void {
    const { theme } = colours;
    const { place } = panel;
    context.textAlign = "left";
    context.textBaseline = "top";
    context.font = `600 ${FONT}`;
    context.fillStyle = theme("--dt-text");
    const title = titleOf(panel.name);
    context.fillText(
      gutter.shorten(context, scale?.log ? `${title} (log)` : title, place.left - 50),
      0,
      place.top + 1,
    );
    context.font = FONT;
    context.fillStyle = theme("--dt-text-soft");
    const without = panel.runs.flatMap(({ total }, at) => (total ? [] : [compare.letter(at)]));
    if (without.length) context.fillText(`not logged by ${without.join(", ")}`, 0, place.top + 17);
    if (!scale) return;
    context.textAlign = "right";
    const as = (value: number) => numbers.tick(this.format(panel), value);
    // Under the title where both do not fit side by side.
    context.fillText(as(scale.high), place.left - 6, place.top + (place.left < 130 ? 17 : 1));
    context.textBaseline = "bottom";
    context.fillText(as(scale.low), place.left - 6, place.top + place.height - 1);
  }

  format(panel: Panel): Format {
    return /error/.test(panel.name) ? "percent" : "number";
  }

  tell(): void {
    const holder = document.getElementById(this.chart.options.legend || "");
    if (!holder) return;
    const { integer } = numbers;
    const said: string[] = [];
    const reduced = this.panels
      .flatMap(({ runs }) => runs.filter((_, at) => this.alone(at)))
      .filter(({ total, shown }) => shown < total)
      .sort((a, b) => b.total - a.total)[0];
    if (reduced) {
      said.push(
        `up to ${integer(reduced.shown)} of ${integer(reduced.total)} values of a line: first, last, lowest, highest of every pixel`,
      );
    }
    if (this.nothing.length)
      said.push(`logged by none: ${this.nothing.map(({ name }) => titleOf(name)).join(", ")}`);
    if (this.meta.left_out.length) said.push(`left out: ${this.meta.left_out.join(", ")}`);
    holder.textContent = said.join(" · ");
  }

  hover(y: number, event: PointerEvent, column: number): void {
    const panel = this.panels.find(
      ({ place }) => y >= place.top && y < place.top + place.height + GAP,
    );
    if (!panel) return;
    const as = (value: number) => numbers.as(this.format(panel), value);
    const columns = this.arrays.iteration.length;
    const lines = this.meta.groups
      ? this.meta.groups.map((members, group): [string, string] => {
          const at = group * columns + column;
          const [mean, deviation] = [
            this.arrays[`mean.${panel.number}`][at],
            this.arrays[`deviation.${panel.number}`][at],
          ];
          const spread = Number.isFinite(deviation) ? ` ± ${as(deviation)}` : "";
          return [
            compare.groupName(members, this.chart.options.runs),
            Number.isNaN(mean) ? "none" : `${as(mean)}${spread}`,
          ];
        })
      : this.chart.options.runs.map((run, at): [string, string] => {
          const value = this.arrays[`at.${panel.number}`][at * columns + column];
          return [`${compare.letter(at)} ${run.name}`, Number.isNaN(value) ? "none" : as(value)];
        });
    const title = `${titleOf(panel.name)}, ${compare.tickWords(this.arrays.iteration[column])}`;
    tooltip.show(event.clientX, event.clientY, title, lines);
  }
}

registerKind("comparelines", (chart) => new Lines(chart));
