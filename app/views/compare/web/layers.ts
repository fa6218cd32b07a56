// One statistic of every layer that at least two runs have: a small chart each, the runs overlaid.
// Many layers are scrolled: those in sight are drawn, and asked for in pieces.
//
// Options: url, runs, legend. The answer is that of app/data/compare.py layers.

import {
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  gutter,
  type Handler,
  type Iterations,
  isRatio,
  make,
  type Names,
  nothing,
  numbers,
  type Place,
  PlotArea,
  registerKind,
  roomOf,
  type Selection,
  selectionStore,
  sizeCanvas,
  tooltip,
  type ValueScale,
} from "#app/web/index.ts";
import { compare } from "./compare.ts";
import { type LayerMeta, LayerPieces, type LayerRow, type LayersAnswer } from "./layerpieces.ts";

const FONT = "11px system-ui, sans-serif";
const GAP = 5;
const PAD = 3;
const MANY = 24; // from so many layers on the charts are lower
const MOST = 48; // more layers than these are scrolled
const ROOM = 0.72; // of the window: the most height of what is scrolled
const MOST_NAMES = 6;

type LayersOptions = ChartKinds["comparelayers"];
interface LayerScale extends ValueScale {
  low: number;
  high: number;
}

class Layers implements Handler {
  declare readonly chart: Chart<LayersOptions>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  declare private iteration: Iterations;
  declare private meta: LayerMeta;
  declare private pieces: LayerPieces;
  declare private rowHeight: number;
  /** What is as high as all rows, in which the plot stays in sight; pixels above what is in sight. */
  declare private readonly whole: HTMLElement;
  declare private scroll: number;
  declare waiting: boolean;
  declare private readonly resized: () => void;

  constructor(chart: Chart<LayersOptions>) {
    this.chart = chart;
    this.whole = make("div", "compare-layers-whole");
    this.canvas = make("canvas", "dt-canvas");
    this.area = new PlotArea(chart, {
      hover: (_x, y, event, column) => this.hover(y, event, column),
    });
    const sticky = make("div", "compare-layers-sticky");
    sticky.append(this.canvas, this.area.element);
    this.whole.append(sticky);
    chart.element.append(this.whole);
    this.scroll = 0;
    this.waiting = false;
    chart.element.addEventListener("scroll", () => chart.invalidate(), { passive: true });
    this.resized = () => chart.invalidate();
    addEventListener("resize", this.resized);
  }

  destroy(): void {
    removeEventListener("resize", this.resized);
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("scale")) this.chart.invalidate();
  }

  receive(answer: LayersAnswer): void {
    this.iteration = answer.arrays.iteration;
    this.meta = answer.meta;
    this.pieces = new LayerPieces(this.chart, answer);
  }

  problem(): string {
    if (!this.meta.names.length) {
      return "These runs have no layer of the same name: they are of different networks.";
    }
    if (!this.chart.axis.columns) return nothing("ticks");
    return this.meta.measured
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
      this.look(0);
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      return problem;
    }
    const rows = this.meta.names.length;
    this.rowHeight = rows > MANY ? 34 : 48;
    const seen = this.look(rows);
    // Beside a scroll bar too the plot is as wide as that of other charts.
    const width = rows > MOST ? this.chart.element.offsetWidth : chartWidth;
    const place = this.chart.axis.place(width);
    const { context } = sizeCanvas(this.canvas, width, seen);
    this.drawRows(context, rows, { ...place, top: 0, height: seen });
    this.area.place({ ...place, top: 0, height: seen });
    return "";
  }

  /** Lay out all rows, and return how many pixels of them are in sight. */
  look(rows: number): number {
    const { element } = this.chart;
    const height = rows * this.rowHeight;
    const many = rows > MOST;
    const seen = many ? Math.max(240, Math.round(roomOf(element) * ROOM)) : height;
    element.classList.toggle("compare-layers-many", many);
    element.style.height = many ? `${seen}px` : "";
    this.whole.style.height = `${height}px`;
    this.scroll = many ? Math.min(element.scrollTop, height - seen) : 0;
    return seen;
  }

  drawRows(context: DrawingContext, rows: number, plot: Place): void {
    const project = this.chart.axis.projection(plot.width);
    const x = (coordinate: number) => plot.left + project(coordinate);
    const first = Math.floor(this.scroll / this.rowHeight);
    const after = Math.min(rows, Math.ceil((this.scroll + plot.height) / this.rowHeight));
    this.waiting = false;
    for (let row = first; row < after; row++) {
      const top = row * this.rowHeight - this.scroll;
      this.drawRow(context, row, { ...plot, top, height: this.rowHeight - GAP }, x);
    }
  }

  drawRow(
    context: DrawingContext,
    row: number,
    place: Place,
    x: (coordinate: number) => number,
  ): void {
    const { theme } = colours;
    const columns = this.iteration.length;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(place.left, place.top, place.width, place.height);
    const found = this.pieces.of(row);
    if (!found) this.waiting = true;
    const scale = found && this.scaleOf(found, place);
    if (found && scale) {
      const { values, band, owners } = found;
      context.save();
      context.beginPath();
      context.rect(place.left, place.top, place.width, place.height);
      context.clip();
      owners.forEach((at, own) => {
        const from = (own * found.rows + found.at) * columns;
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
    this.gutter(context, row, place, { scale, come: found !== null });
  }

  scaleOf({ values, band, owners, at: row, rows }: LayerRow, place: Place): LayerScale | null {
    const log = selectionStore.get().scale === "log";
    const columns = this.iteration.length;
    let low = Infinity;
    let high = -Infinity;
    let floor = Infinity;
    let least = Infinity;
    for (let own = 0; own < owners.length; own++) {
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

  gutter(
    context: DrawingContext,
    row: number,
    place: Place,
    { scale, come }: { scale: LayerScale | null; come: boolean },
  ): void {
    const { theme } = colours;
    const { shorten, toldApart } = gutter;
    context.font = FONT;
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillStyle = theme("--dt-text");
    const { names } = this.meta;
    const room = place.left - 62;
    const name = shorten(context, names[row], room, toldApart(context, names, room)[row]);
    context.fillText(name, 0, place.top + 3);
    context.fillStyle = theme("--dt-text-soft");
    const without = this.meta.places.flatMap((places, at) =>
      places[row] < 0 ? [compare.letter(this.meta.detailed[at])] : [],
    );
    const notes: string[] = [];
    if (without.length) notes.push(`not in ${without.join(", ")}`);
    if (this.meta.unlike.includes(this.meta.names[row])) notes.push("other shape");
    if (notes.length) context.fillText(shorten(context, notes.join(", "), room), 0, place.top + 16);
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
    } else if (come) {
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
    const at = Math.floor((y + this.scroll) / this.rowHeight);
    const row = Math.min(at, this.meta.names.length - 1);
    const found = this.pieces.of(row);
    if (!found) return;
    const { values, owners, deviation } = found;
    const columns = this.iteration.length;
    const as = (value: number) => numbers.as(this.meta.format, value);
    const lines = owners.map((at, own): [string, string] => {
      const cell = (own * found.rows + found.at) * columns + column;
      const spread =
        deviation && Number.isFinite(deviation[cell]) ? ` ± ${as(deviation[cell])}` : "";
      const name = compare.groupName(
        this.meta.groups ? this.meta.groups[own] : [at],
        this.chart.options.runs,
        this.meta.labels[own],
      );
      return [name, Number.isNaN(values[cell]) ? "none" : as(values[cell]) + spread];
    });
    const title = `${this.meta.names[row]}, ${compare.tickWords(this.iteration[column])}`;
    tooltip.show(event.clientX, event.clientY, title, lines);
  }
}

registerKind("comparelayers", (chart) => new Layers(chart));
