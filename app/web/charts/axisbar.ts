// The scale of the shared time axis: iterations and epochs, the cursor's flag, the pins' flags.

import { type DrawingContext, sizeCanvas } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import { numbers } from "../base/numbers.ts";
import { type Chart, registerKind } from "../core/chart.ts";
import type { Names, Selection } from "../core/fields.ts";
import type { Handler } from "../core/protocol.ts";
import { selectionStore } from "../core/selection.ts";
import { roundTicks, ticksInRoom } from "../core/ticks.ts";
import { axisTicks, type Placed } from "./axisticks.ts";
import { type Place, PlotArea } from "./plotarea.ts";

const FLAGS = 20; // height of the row of flags
const HEIGHT = 56;
const APART = 96; // about, from tick to tick
const FONT = "11px system-ui, sans-serif";

class AxisBar implements Handler {
  declare private readonly chart: Chart;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  readonly timeScale = true;
  declare private readonly flags: HTMLElement;
  /** The flag of the cursor. */
  declare private readonly flag: HTMLElement;
  /** Of the scale; none before it is drawn. */
  declare private place?: Place;

  constructor(chart: Chart) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    // Before it is drawn a canvas is 150 pixels high: what is below would move under the pointer.
    this.canvas.style.height = `${HEIGHT}px`;
    chart.element.append(this.canvas);
    this.area = new PlotArea(chart);
    this.flags = document.createElement("div");
    this.flags.className = "dt-flags";
    this.flag = document.createElement("div");
    this.flag.className = "dt-flag dt-flag-cursor";
    this.flag.setAttribute("aria-hidden", "true");
    chart.element.append(this.flags, this.flag);
  }

  laneAfter(): Element {
    return this.canvas;
  }

  draw(chartWidth: number): string {
    const { axis } = this.chart;
    this.flags.hidden = this.canvas.hidden = !axis.columns;
    if (!axis.columns) {
      this.flag.hidden = true;
      return "";
    }
    const place = { ...axis.place(chartWidth), top: FLAGS, height: HEIGHT - FLAGS };
    this.place = place;
    const { context } = sizeCanvas(this.canvas, chartWidth, HEIGHT);
    const { theme } = colours;
    context.font = FONT;
    context.textBaseline = "top";
    context.fillStyle = theme("--dt-text-soft");
    context.fillRect(place.left, FLAGS, place.width, 1);
    const { scale } = axis;
    const own = scale && axisTicks(axis, place.width, APART);
    if (own) this.ticks(context, FLAGS, scale.name, own);
    const below = own ? FLAGS + 18 : FLAGS;
    if (scale?.name !== "iteration") this.ticks(context, below, "iteration", this.iterationTicks());
    const epochs = own && scale?.name !== "iteration" ? [] : this.epochTicks();
    if (epochs.length) this.ticks(context, FLAGS + 18, "epoch", epochs);
    this.area.place(place);
    this.selected(selectionStore.get(), new Set(["cursor", "pins"]));
    return "";
  }

  private ticks(
    context: DrawingContext,
    top: number,
    name: string,
    ticks: readonly Placed[],
  ): void {
    const { left, width } = this.place!;
    context.textAlign = "right";
    context.fillText(name, left - (this.chart.axis.scale ? 16 : 8), top + 6);
    context.textAlign = "center";
    let free = -Infinity; // where the next text may begin
    for (const { coordinate, text } of ticks) {
      const x = this.chart.axis.x(coordinate, width);
      if (x < 0 || x > width) continue;
      context.fillRect(Math.round(left + x), top, 1, 4);
      const half = context.measureText(text).width / 2;
      if (x - half < free || left + x + half > left + width + 18) continue;
      context.fillText(text, left + x, top + 6);
      free = x + half + 12;
    }
  }

  /** Return the iterations in view: of the first and the last shown column. */
  private ends(): [first: number, last: number] {
    const { axis } = this.chart;
    const [from, to] = axis.view();
    const first = Math.min(Math.floor(from), axis.columns - 1);
    return [first, Math.max(first, Math.ceil(Math.min(to, axis.columns)) - 1)];
  }

  private iterationTicks(): Placed[] {
    const { axis } = this.chart;
    const [first, last] = this.ends();
    const placed = (value: number): Placed => ({
      coordinate: axis.coordinate(value),
      text: numbers.short(value),
    });
    return ticksInRoom(this.place!.width, APART, (count) => {
      if (last - first + 1 <= count)
        return Array.from(axis.iterations.subarray(first, last + 1), placed);
      const round = roundTicks(axis.iterations[first], axis.iterations[last], count);
      return round.filter(Number.isInteger).map(placed);
    });
  }

  private epochTicks(): Placed[] {
    const { epochs } = this.chart.axis;
    const [first, last] = this.ends();
    if (!(epochs[last] > epochs[first])) return [];
    return ticksInRoom(this.place!.width, APART, (count) =>
      this.placedEpochs(roundTicks(epochs[first], epochs[last], count, { whole: true })),
    );
  }

  /** Return where epochs in view begin, rising ones. */
  private placedEpochs(wholes: readonly number[]): Placed[] {
    const { epochs } = this.chart.axis;
    const [first, last] = this.ends();
    const ticks: Placed[] = [];
    let column = first;
    for (const epoch of wholes) {
      while (column < last && epochs[column + 1] < epoch) column++;
      const span = epochs[Math.min(column + 1, last)] - epochs[column];
      const part = span > 0 ? (epoch - epochs[column]) / span : 0;
      ticks.push({ coordinate: column + 0.5 + part, text: numbers.number(epoch) });
    }
    return ticks;
  }

  selected(selection: Selection, names: Names): void {
    if (!this.place) return;
    if (names.has("cursor")) this.move(this.flag, selection.cursor);
    if (names.has("pins")) this.showPins(selection.pins);
  }

  private move(flag: HTMLElement, iteration: number | null): void {
    const { axis } = this.chart;
    const column = axis.columnOf(iteration);
    const x = axis.x(column + 0.5, this.place!.width);
    flag.hidden = column < 0 || x < 0 || x > this.place!.width;
    if (flag.hidden) return;
    const text = numbers.integer(axis.iterations[column]);
    if (flag.textContent !== text) flag.textContent = text;
    flag.style.transform = `translateX(calc(${this.place!.left + x}px - 50%))`;
  }

  private showPins(pins: readonly number[]): void {
    const key = pins.join();
    if (this.flags.dataset.pins !== key) {
      this.flags.dataset.pins = key;
      this.flags.replaceChildren(
        ...pins.map((pin) => {
          const button = document.createElement("button");
          button.type = "button";
          button.className = "dt-flag dt-flag-pin";
          button.title = "Remove this pin";
          button.addEventListener("click", () => selectionStore.toggle("pins", pin));
          return button;
        }),
      );
    }
    pins.forEach((pin, index) => this.move(this.flags.children[index] as HTMLElement, pin));
  }
}

registerKind("axis", (chart) => new AxisBar(chart));
