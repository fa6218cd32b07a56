// One statistic of every layer that at least two runs have: a small chart each, the runs overlaid.
//
// Options: url, runs, legend. The answer is that of app/data/compare.py layers.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  differsAt,
  type Format,
  gutter,
  type Handler,
  type Iterations,
  isRatio,
  type Matrix,
  type Names,
  nothing,
  numbers,
  type Place,
  PlotArea,
  registerKind,
  type Selection,
  type Spread,
  selectionStore,
  sizeCanvas,
  tooltip,
  type ValueScale,
} from "#app/web/index.ts";
import { type Aligned, compare, type Members } from "./compare.ts";

const FONT = "11px system-ui, sans-serif";
const GAP = 5;
const PAD = 3;
const MANY = 24; // from so many layers on the charts are lower
const MOST_NAMES = 6;

type LayersOptions = ChartKinds["comparelayers"];
type Values = Matrix<Float32Array<ArrayBuffer>>;
/** Values [runs, layers, ticks]; of groups mean and deviation. */
interface Arrays {
  iteration: Iterations;
  values: Values;
  mean: Values;
  deviation: Values;
  /** The ends of the bands, where they are the least and the greatest run. */
  low?: Values;
  high?: Values;
}
interface Meta extends Aligned {
  /** The places of the runs that are shown: where there are many, not all. */
  detailed: readonly number[];
  names: readonly string[];
  /** The places of the layers in each run; -1 where it has none. */
  places: readonly (readonly number[])[];
  /** Layers of one run only. */
  lone: readonly (readonly string[])[];
  unlike: readonly string[];
  groups: Members;
  labels: readonly string[];
  format: Format;
}
/** What is drawn: runs, or the means of groups; and whose look each has. */
interface Shown {
  values: ArrayLike<number>;
  band: Spread | null;
  owners: readonly number[];
}
interface LayerScale extends ValueScale {
  low: number;
  high: number;
}

class Layers implements Handler {
  declare readonly chart: Chart<LayersOptions>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  declare private arrays: Arrays;
  declare private meta: Meta;
  /** Whether anything was measured. */
  declare private finite: boolean;
  declare private rowHeight: number;
  declare private drawn: Shown;

  constructor(chart: Chart<LayersOptions>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.area = new PlotArea(chart, {
      hover: (_x, y, event, column) => this.hover(y, event, column),
    });
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("scale")) this.chart.invalidate();
  }

  receive({ arrays, meta }: Answer<Meta, Arrays>): void {
    this.arrays = arrays;
    this.meta = meta;
    this.finite = arrays.values.some(Number.isFinite);
  }

  problem(): string {
    if (!this.meta.names.length) {
      return "These runs have no layer of the same name: they are of different networks.";
    }
    if (!this.chart.axis.columns) return nothing("ticks");
    return this.finite
      ? ""
      : "This choice was measured in none of the runs. Choose another quantity or statistic.";
  }

  draw(chartWidth: number): string {
    this.tell();
    // The ratio is that of two norms: there is no other statistic of it to choose.
    const statistic = document.querySelector<HTMLElement>(".compare-statistic");
    if (statistic) statistic.hidden = isRatio(selectionStore.get().measure);
    const problem = this.problem();
    if (problem) {
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      return problem;
    }
    const { axis } = this.chart;
    const { left, width } = axis.place(chartWidth);
    const rows = this.meta.names.length;
    this.rowHeight = rows > MANY ? 34 : 48;
    const height = rows * this.rowHeight;
    const { context } = sizeCanvas(this.canvas, chartWidth, height);
    const project = axis.projection(width);
    const x = (coordinate: number) => left + project(coordinate);
    this.drawn = this.shown();
    for (let row = 0; row < rows; row++) {
      this.drawRow(
        context,
        row,
        { left, top: row * this.rowHeight, width, height: this.rowHeight - GAP },
        x,
      );
    }
    this.area.place({ left, top: 0, width, height });
    return "";
  }

  /** Return what is drawn, runs or the means of groups. */
  shown(): Shown {
    const { groups } = this.meta;
    const { mean, deviation, low, high, values } = this.arrays;
    if (groups)
      return {
        values: mean,
        band: low && high ? { low, high } : compare.spread(mean, deviation),
        owners: groups.map(([first]) => first),
      };
    return { values, band: null, owners: this.meta.detailed };
  }

  drawRow(
    context: DrawingContext,
    row: number,
    place: Place,
    x: (coordinate: number) => number,
  ): void {
    const { theme } = colours;
    const columns = this.arrays.iteration.length;
    const rows = this.meta.names.length;
    const { values, band, owners } = this.drawn;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(place.left, place.top, place.width, place.height);
    const scale = this.scaleOf(row, { values, band }, owners.length, place);
    if (scale) {
      context.save();
      context.beginPath();
      context.rect(place.left, place.top, place.width, place.height);
      context.clip();
      owners.forEach((at, own) => {
        const from = (own * rows + row) * columns;
        if (band) compare.band(context, at, band, from, columns, x, scale.y);
        compare.stroke(
          context,
          at,
          (line) => compare.follow(line, values, from, columns, x, scale.y),
          { width: 1.5 },
        );
      });
      context.restore();
    }
    this.gutter(context, row, place, scale);
  }

  scaleOf(
    row: number,
    { values, band }: Pick<Shown, "values" | "band">,
    count: number,
    place: Place,
  ): LayerScale | null {
    const log = selectionStore.get().scale === "log";
    const columns = this.arrays.iteration.length;
    const rows = this.meta.names.length;
    let low = Infinity;
    let high = -Infinity;
    let floor = Infinity;
    let least = Infinity;
    for (let own = 0; own < count; own++) {
      const from = (own * rows + row) * columns;
      for (let at = from; at < from + columns; at++) {
        const value = values[at];
        if (!Number.isFinite(value)) continue;
        if (value < floor) floor = value;
        // Bands are seen whole; the mean of one run has none.
        low = Math.min(low, value, band?.low[at] || value);
        high = Math.max(high, value, band?.high[at] || value);
        if (value > 0 && value < least) least = value;
      }
    }
    if (low > high) return null;
    const logged = log && floor >= 0 && least < Infinity;
    if (logged) low = least;
    const to = logged
      ? (value: number) => Math.log10(Math.max(value, low))
      : (value: number) => value;
    // One value only: in the middle.
    const [from, span] = low < high ? [to(low), to(high) - to(low)] : [to(low) - 0.5, 1];
    const y = (value: number) =>
      place.top + PAD + (place.height - 2 * PAD) * (1 - (to(value) - from) / span);
    return { y, low, high, log: logged };
  }

  gutter(context: DrawingContext, row: number, place: Place, scale: LayerScale | null): void {
    const { theme } = colours;
    const { shorten } = gutter;
    context.font = FONT;
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillStyle = theme("--dt-text");
    const { names } = this.meta;
    const name = shorten(context, names[row], place.left - 62, differsAt(names)[row]);
    context.fillText(name, 0, place.top + 3);
    context.fillStyle = theme("--dt-text-soft");
    const without = this.meta.places.flatMap((places, at) =>
      places[row] < 0 ? [compare.letter(this.meta.detailed[at])] : [],
    );
    const notes: string[] = [];
    if (without.length) notes.push(`not in ${without.join(", ")}`);
    if (this.meta.unlike.includes(this.meta.names[row])) notes.push("other shape");
    if (notes.length)
      context.fillText(shorten(context, notes.join(", "), place.left - 62), 0, place.top + 16);
    context.textAlign = "right";
    const { tick } = numbers;
    if (scale) {
      context.fillText(tick(this.meta.format, scale.high), place.left - 6, place.top + 1);
      context.textBaseline = "bottom";
      if (scale.low < scale.high)
        context.fillText(
          tick(this.meta.format, scale.low),
          place.left - 6,
          place.top + place.height,
        );
    } else {
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText("not measured", place.left + place.width / 2, place.top + place.height / 2);
    }
  }

  /** Say what matches by name, and what does not. */
  tell(): void {
    const holder = document.getElementById(this.chart.options.legend || "");
    if (!holder) return;
    const { plural } = numbers;
    const { meta } = this;
    const said = [
      `${plural(meta.names.length, "layer", "layers")} matched by name, each on its own scale`,
    ];
    meta.lone.forEach((names, at) => {
      if (!names.length) return;
      const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
      said.push(
        `only in ${compare.letter(this.meta.detailed[at])}: ${names.slice(0, MOST_NAMES).join(", ")}${more}`,
      );
    });
    if (meta.unlike.length)
      said.push(`of other shape: ${plural(meta.unlike.length, "layer", "layers")}`);
    const { detailed } = this.meta;
    const { runs } = this.chart.options;
    if (detailed.length < runs.length) said.unshift(compare.someOf(detailed, runs));
    holder.textContent = said.join(" · ");
  }

  hover(y: number, event: PointerEvent, column: number): void {
    const row = Math.min(Math.floor(y / this.rowHeight), this.meta.names.length - 1);
    const columns = this.arrays.iteration.length;
    const rows = this.meta.names.length;
    const { values, owners } = this.shown();
    const deviation = this.meta.groups ? this.arrays.deviation : null;
    const as = (value: number) => numbers.as(this.meta.format, value);
    const lines = owners.map((at, own): [string, string] => {
      const cell = (own * rows + row) * columns + column;
      const spread =
        deviation && Number.isFinite(deviation[cell]) ? ` ± ${as(deviation[cell])}` : "";
      const name = compare.groupName(
        this.meta.groups ? this.meta.groups[own] : [at],
        this.chart.options.runs,
        this.meta.labels[own],
      );
      return [name, Number.isNaN(values[cell]) ? "none" : as(values[cell]) + spread];
    });
    const title = `${this.meta.names[row]}, ${compare.tickWords(this.arrays.iteration[column])}`;
    tooltip.show(event.clientX, event.clientY, title, lines);
  }
}

registerKind("comparelayers", (chart) => new Layers(chart));
