// The scale of the common axis of runs: iterations, epochs or time, and the cursor's flag.

import {
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  type Handler,
  type Names,
  type Place,
  PlotArea,
  registerKind,
  type Selection,
  selectionStore,
  sizeCanvas,
} from "#app/web/index.ts";
import { compare } from "./compare.ts";
import { roundPlaces } from "./ticks.ts";

const FLAGS = 20;
const HEIGHT = 40;
const FONT = "11px system-ui, sans-serif";
const NAMES = { iteration: "iteration", epoch: "epoch", clock: "time" };

class CompareAxis implements Handler {
  declare readonly chart: Chart<ChartKinds["compareaxis"]>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  readonly timeScale = true;
  declare private readonly flag: HTMLElement;
  declare private place?: Place;

  constructor(chart: Chart<ChartKinds["compareaxis"]>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    // Before it is drawn a canvas is 150 pixels high: what is below would move under the pointer.
    this.canvas.style.height = `${HEIGHT}px`;
    chart.element.append(this.canvas);
    this.area = new PlotArea(chart);
    this.flag = document.createElement("div");
    this.flag.className = "dt-flag dt-flag-cursor";
    this.flag.setAttribute("aria-hidden", "true");
    chart.element.append(this.flag);
  }

  draw(chartWidth: number): string {
    const { axis } = this.chart;
    this.canvas.hidden = !axis.columns;
    if (!axis.columns) {
      this.flag.hidden = true;
      return "These runs have no snapshots that can be placed on this axis. Align by another one.";
    }
    const place = { ...axis.place(chartWidth), top: FLAGS, height: HEIGHT - FLAGS };
    this.place = place;
    const { context } = sizeCanvas(this.canvas, chartWidth, HEIGHT);
    context.font = FONT;
    context.textBaseline = "top";
    context.fillStyle = colours.theme("--dt-text-soft");
    context.fillRect(place.left, FLAGS, place.width, 1);
    context.textAlign = "right";
    context.fillText(NAMES[compare.align()], place.left - 8, FLAGS + 6);
    context.textAlign = "center";
    this.ticks(context, place);
    this.area.place(place);
    this.selected(selectionStore.get(), new Set(["cursor"]));
    return "";
  }

  ticks(context: DrawingContext, place: Place): void {
    const { axis } = this.chart;
    let free = -Infinity;
    for (const tick of this.values(place.width)) {
      const x = axis.x(axis.coordinate(tick), place.width);
      if (x < -1 || x > place.width + 1) continue;
      context.fillRect(Math.round(place.left + x), FLAGS, 1, 4);
      const text = compare.tickShort(tick);
      const half = context.measureText(text).width / 2;
      if (x - half < free || x + half > place.width + 18) continue;
      context.fillText(text, place.left + x, FLAGS + 6);
      free = x + half + 12;
    }
  }

  values(width: number): number[] {
    const { axis } = this.chart;
    const [from, to] = axis.view();
    const [first, last] = [
      axis.iterations[Math.min(from, axis.columns - 1)],
      axis.iterations[Math.min(to, axis.columns) - 1],
    ];
    return roundPlaces(first, last, Math.max(2, Math.floor(width / 96)));
  }

  selected(selection: Selection, names: Names): void {
    if (!this.place || !names.has("cursor")) return;
    const { axis } = this.chart;
    const column = axis.columnOf(selection.cursor);
    const x = axis.x(column + 0.5, this.place.width);
    this.flag.hidden = column < 0 || x < 0 || x > this.place.width;
    if (this.flag.hidden) return;
    this.flag.textContent = compare.tickShort(axis.iterations[column]);
    this.flag.style.transform = `translateX(calc(${this.place.left + x}px - 50%))`;
  }
}

registerKind("compareaxis", (chart) => new CompareAxis(chart));
