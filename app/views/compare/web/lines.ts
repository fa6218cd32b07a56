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
import { type Aligned, compare, type Members, type Run } from "./compare.ts";

const GAP = 12;
const PAD = 4;
const NEAR = 14; // px between the pointer and the line that it lifts
const MOST_TOLD = 10; // lines of a tooltip
const MOST_NAMES = 12;
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
  /** What makes each group; "" where the letters of its runs say it. */
  labels: readonly string[];
}
type Values = Float32Array<ArrayBuffer>;
type Per = `${number}.${number}`;
/** By the number of the series and the place of the run. */
type Arrays = { iteration: Iterations } & Record<
  `series.${Per}.iterations` | `series.${Per}.odd`,
  Iterations
> &
  Partial<Record<`series.${Per}.values`, Series["values"]>> &
  Record<`${"at" | "mean" | "deviation" | "low" | "high"}.${number}`, Values>;
interface Panel extends Told {
  number: number;
  /** As it was drawn last. */
  place: Place;
  scale: Scale | null;
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
  /** The line that is lifted, above all others. */
  declare private readonly above: HTMLCanvasElement;
  declare private size: [width: number, height: number];
  declare private lifted: number | null;
  declare private readonly unlift: () => void;

  constructor(chart: Chart<LinesOptions>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.above = document.createElement("canvas");
    this.above.className = "dt-canvas compare-above";
    this.lifted = null;
    this.size = [0, 0];
    this.unlift = compare.onLift((at) => this.lift(at));
    this.area = new PlotArea(chart, {
      hover: (x, y, event, column) => this.hover(x, y, event, column),
    });
    this.area.element.addEventListener("pointerleave", () => compare.lift(null));
  }

  destroy(): void {
    this.unlift();
  }

  selected(_selection: Selection, names: Names): void {
    const drawn = ["log", "hidden", "baseline", "difference"] as const;
    if (drawn.some((name) => names.has(name))) this.chart.invalidate();
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
      panel.place = { left, top, width, height: this.heightOf(panel) };
      top += panel.place.height + GAP;
    }
    const { context } = sizeCanvas(this.canvas, chartWidth, top - GAP);
    this.panels.forEach((panel) => this.drawPanel(context, panel));
    this.size = [chartWidth, top - GAP];
    this.lift(this.lifted);
    this.area.place({ left, top: 0, width, height: top - GAP });
    this.tell();
    return "";
  }

  heightOf({ name }: Panel): number {
    if (name === "learning_rate") return 46;
    return compare.isMany() ? 160 : 92;
  }

  drawPanel(context: DrawingContext, panel: Panel): void {
    const { place } = panel;
    const { theme } = colours;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(place.left, place.top, place.width, place.height);
    const scale = this.scaleOf(panel);
    panel.scale = scale;
    if (scale) {
      context.save();
      context.beginPath();
      context.rect(place.left, place.top, place.width, place.height);
      context.clip();
      this.drawGroups(context, panel, scale);
      this.eachShown((at) => this.drawRun(context, panel, scale, at));
      context.restore();
    }
    this.gutter(context, panel, scale);
  }

  /** Call `act` with the place of every run that is not hidden. */
  eachShown(act: (at: number, run: Run) => void): void {
    this.chart.options.runs.forEach((run, at) => {
      if (!compare.isHidden(run)) act(at, run);
    });
  }

  isDifference(): boolean {
    return selectionStore.get().difference;
  }

  /**
   * Return row `row` of values [rows, columns]; as their difference to the baseline where that is
   * what is shown.
   */
  row(panel: Panel, values: Values, row: number): Values {
    const columns = this.arrays.iteration.length;
    const own = values.subarray(row * columns, (row + 1) * columns);
    if (!this.isDifference()) return own;
    const all = this.arrays[`at.${panel.number}`];
    const from = compare.base(this.chart.options.runs) * columns;
    return own.map((value, column) => value - all[from + column]);
  }

  /** Draw the line of a run above all others; null: of none. */
  lift(at: number | null): void {
    this.lifted = at;
    this.above.hidden = at === null;
    if (at === null || !this.size[1] || this.chart.options.runs.length <= at) return;
    if (!this.above.isConnected) this.canvas.after(this.above);
    const { context } = sizeCanvas(this.above, ...this.size);
    for (const panel of this.panels) {
      const { scale, place } = panel;
      if (!scale) continue;
      context.save();
      context.beginPath();
      context.rect(place.left, place.top, place.width, place.height);
      context.clip();
      for (const [colour, width] of [
        [colours.theme("--dt-panel"), 7],
        [colours.theme(compare.colour(at)), 3],
      ] as const) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.lineJoin = "round";
        context.beginPath();
        this.follow(context, panel, scale, at);
        context.stroke();
      }
      context.restore();
    }
  }

  /** Follow what a run had at the ticks. */
  follow(context: DrawingContext, panel: Panel, scale: Scale, at: number): void {
    const values = this.row(panel, this.arrays[`at.${panel.number}`], at);
    const project = this.chart.axis.projection(panel.place.width);
    const x = (coordinate: number) => panel.place.left + project(coordinate);
    const y = scale.log ? (value: number) => scale.y(Math.max(value, scale.low)) : scale.y;
    compare.follow(context, values, 0, values.length, x, y, panel.name === "learning_rate");
  }

  /** Return what a run logged, at screen resolution; of many runs only where it was no number. */
  series(panel: Panel, at: number): Partial<Series> & Pick<Series, "odd"> {
    const key = `series.${panel.number}.${at}` as const;
    return {
      iterations: this.arrays[`${key}.iterations`],
      values: this.arrays[`${key}.values`],
      odd: this.arrays[`${key}.odd`],
    };
  }

  /** Return {y(value), low, high, log} over the values of all runs; null where none is finite. */
  scaleOf(panel: Panel): Scale | null {
    const differs = this.isDifference();
    const log = !differs && /loss/.test(panel.name) && Boolean(selectionStore.get().log);
    let low = Infinity;
    let high = -Infinity;
    const at_ = this.arrays[`at.${panel.number}`];
    this.eachShown((at) => {
      const { values } = this.series(panel, at);
      for (const value of (!differs && values) || this.row(panel, at_, at)) {
        if (log && value <= 0) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    });
    if (low > high) return null;
    this.bands(panel).forEach(({ high: ends, low: others }) => {
      // Bands are seen whole.
      for (const value of ends) if (value > high) high = value;
      if (differs) for (const value of others) if (value < low) low = value;
    });
    if (!log && low > 0) low = 0;
    if (differs && high < 0) high = 0;
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
    if (this.isDifference() || !data.iterations || !data.values) {
      const path = (line: DrawingContext) => this.follow(line, panel, scale, at);
      const style = compare.isMany() ? { width: 1, alpha: 0.75 } : { width: 1.25 };
      if (this.alone(at)) compare.stroke(context, at, path, style);
    } else if (data.iterations.length && this.alone(at)) {
      context.save();
      // A step would go on to the end of the axis, also where the run has ended.
      const end = axis.projection(panel.place.width)(axis.coordinate(data.iterations.at(-1)!));
      context.beginPath();
      context.rect(panel.place.left, panel.place.top, end + 1, panel.place.height);
      context.clip();
      context.setLineDash(compare.pattern(at) as number[]);
      const line = { colour: compare.colour(at), step: panel.name === "learning_rate" };
      const { iterations, values, odd } = data;
      stripmarks.line(context, line, { iterations, values, odd }, axis, panel.place, scale);
      context.restore();
    }
    stripmarks.crosses(context, data.odd, axis, panel.place);
  }

  /** Draw mean and spread of the groups of several runs. */
  drawGroups(context: DrawingContext, panel: Panel, scale: Scale): void {
    const groups = this.several();
    if (!groups.length) return;
    const { axis } = this.chart;
    const project = axis.projection(panel.place.width);
    const x = (coordinate: number) => panel.place.left + project(coordinate);
    const y = scale.log ? (value: number) => scale.y(Math.max(value, scale.low)) : scale.y;
    const columns = this.arrays.iteration.length;
    const step = panel.name === "learning_rate";
    this.bands(panel).forEach((band, at) => {
      compare.band(context, groups[at].members[0], band, 0, columns, x, y);
    });
    groups.forEach(({ members, group }) => {
      const mean = this.row(panel, this.arrays[`mean.${panel.number}`], group);
      compare.stroke(
        context,
        members[0],
        (line) => compare.follow(line, mean, 0, columns, x, y, step),
        { width: 2.25 },
      );
    });
  }

  /** Return the groups of several runs, of which one at least is not hidden. */
  several(): { members: readonly number[]; group: number }[] {
    const { runs } = this.chart.options;
    return (this.meta.groups || [])
      .map((members, group) => ({ members, group }))
      .filter(({ members }) => members.length > 1)
      .filter(({ members }) => members.some((at) => !compare.isHidden(runs[at])));
  }

  /** Return the band of each of these groups: the least and greatest run, or one deviation. */
  bands(panel: Panel): { low: Values; high: Values }[] {
    const { number } = panel;
    const [low, high] = [this.arrays[`low.${number}`], this.arrays[`high.${number}`]];
    return this.several().map(({ group }) => {
      if (low) return { low: this.row(panel, low, group), high: this.row(panel, high, group) };
      const columns = this.arrays.iteration.length;
      const deviation = this.arrays[`deviation.${number}`];
      return compare.spread(
        this.row(panel, this.arrays[`mean.${number}`], group),
        deviation.subarray(group * columns, (group + 1) * columns),
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
    const names =
      without.length > MOST_NAMES
        ? numbers.plural(without.length, "run", "runs")
        : without.join(", ");
    if (without.length)
      context.fillText(
        gutter.shorten(context, `not logged by ${names}`, place.left - 10),
        0,
        place.top + 17,
      );
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
    if (compare.isMany()) {
      said.push("a value is the mean since the tick before");
    } else if (reduced) {
      said.push(
        `up to ${integer(reduced.shown)} of ${integer(reduced.total)} values of a line: first, last, lowest, highest of every pixel`,
      );
    }
    if (this.isDifference()) {
      const { runs } = this.chart.options;
      const base = compare.base(runs);
      said.unshift(
        `each run minus the baseline ${compare.letter(base)} ${runs[base].name}: below 0 is less`,
      );
    }
    if (this.nothing.length)
      said.push(`logged by none: ${this.nothing.map(({ name }) => titleOf(name)).join(", ")}`);
    const { left_out } = this.meta;
    if (left_out.length) {
      const more = left_out.length - MOST_NAMES;
      said.push(
        `left out: ${left_out.slice(0, MOST_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
      );
    }
    holder.textContent = said.join(" · ");
  }

  hover(_x: number, y: number, event: PointerEvent, column: number): void {
    const panel = this.panels.find(
      ({ place }) => y >= place.top && y < place.top + place.height + GAP,
    );
    if (!panel) return;
    const lines = this.meta.groups
      ? this.groupLines(panel, column)
      : this.runLines(panel, y, column);
    const title = `${titleOf(panel.name)}, ${compare.tickWords(this.arrays.iteration[column])}`;
    tooltip.show(event.clientX, event.clientY, title, lines);
  }

  /** Write a value of the panel, with its sign where it is a difference. */
  as(panel: Panel, value: number): string {
    if (Number.isNaN(value)) return "none";
    const sign = this.isDifference() && value > 0 ? "+" : "";
    return sign + numbers.as(this.format(panel), value);
  }

  groupLines(panel: Panel, column: number): [string, string][] {
    const { number } = panel;
    const [mean, deviation] = [this.arrays[`mean.${number}`], this.arrays[`deviation.${number}`]];
    const columns = this.arrays.iteration.length;
    return this.meta.groups!.map((members, group) => {
      const spread = deviation[group * columns + column];
      const beside = Number.isFinite(spread) ? ` ± ${numbers.as(this.format(panel), spread)}` : "";
      return [
        compare.groupName(members, this.chart.options.runs, this.meta.labels[group]),
        this.as(panel, this.row(panel, mean, group)[column]) + beside,
      ];
    });
  }

  /** Return the runs' values at a column: of many those nearest to the pointer; lift the nearest. */
  runLines(panel: Panel, y: number, column: number): [string, string][] {
    const values = this.arrays[`at.${panel.number}`];
    const found: { at: number; text: [string, string]; away: number }[] = [];
    this.eachShown((at, { name }) => {
      const value = this.row(panel, values, at)[column];
      const away = panel.scale ? Math.abs(panel.scale.y(value) - y) : NaN;
      const text: [string, string] = [`${compare.letter(at)} ${name}`, this.as(panel, value)];
      found.push({ at, text, away: Number.isNaN(away) ? Infinity : away });
    });
    const nearest = [...found].sort((a, b) => a.away - b.away || a.at - b.at);
    compare.lift(nearest.length > 1 && nearest[0].away < NEAR ? nearest[0].at : null);
    if (found.length <= MOST_TOLD) return found.map(({ text }) => text);
    return [
      ...nearest.slice(0, MOST_TOLD).map(({ text }) => text),
      [`and ${found.length - MOST_TOLD} more runs, further from the pointer`, ""],
    ];
  }
}

registerKind("comparelines", (chart) => new Lines(chart));
