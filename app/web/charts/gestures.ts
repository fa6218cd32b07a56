// Zoom and pan on both axes of a chart of curves, by wheel, pointer and keyboard.
//
// Ctrl or ⌘ with the wheel zooms time about the pointer, Alt with it the values, Shift with it pans.
// Shift and a drag over the plot show what they frame; Alt and a drag pan. A double click shows
// everything again. Keys: + and - zoom, "," and "." pan, 0 shows everything. Without a key the wheel
// scrolls the page and a drag brushes a range, as everywhere.

import { tooltip } from "../base/tooltip.ts";
import type { Range } from "../core/fields.ts";
import { selectionStore } from "../core/selection.ts";
import type { Curves } from "./curves.ts";
import { valueAtShare } from "./curvescale.ts";
import { zoom } from "./plotarea.ts";

const WHEEL = 0.0015; // of a zoom, to a pixel of the wheel
const STEP = 1.5; // of a key
const FRAME = 6; // pixels that a frame has at least

interface Drag {
  start: [x: number, y: number];
  /** The view where it began: places in the unit of the axis, and values. */
  view: [number, number];
  values: [number, number] | null;
  pans: boolean;
}

export class Gestures {
  declare private readonly curves: Curves;
  private drag: Drag | null = null;
  declare private readonly frame: HTMLElement;

  constructor(curves: Curves) {
    this.curves = curves;
    const { element } = curves.chart;
    this.frame = document.createElement("div");
    this.frame.className = "dt-frame";
    this.frame.hidden = true;
    curves.area.element.append(this.frame);
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.pressed(event), true);
    element.addEventListener("pointermove", (event) => this.moved(event), true);
    element.addEventListener("pointerup", (event) => this.released(event), true);
    element.addEventListener("pointercancel", () => this.end(), true);
    element.addEventListener("dblclick", (event) => this.twice(event), true);
    element.addEventListener("keydown", (event) => this.key(event), true);
  }

  /** Return the view of the axis, in its unit. */
  private get view(): [number, number] {
    const { axis } = this.curves.chart;
    return axis.view().map((end) => axis.valueOf(end)) as [number, number];
  }

  /** Show another part of the axis, given in its unit. */
  private show(low: number, high: number): void {
    const { axis } = this.curves.chart;
    const [first, last] = [axis.valueOf(0), axis.valueOf(axis.columns)];
    const span = Math.min(high - low, last - first);
    const from = Math.min(Math.max(low, first), last - span);
    if (span >= last - first) {
      this.curves.zoomTo(null);
      return;
    }
    const iterations = [from, from + span].map((value) =>
      Math.round(axis.iterationAt(axis.coordinateOf(value))),
    ) as Range;
    if (iterations[0] < iterations[1]) this.curves.zoomTo(iterations);
  }

  /** Zoom time by a factor about a share 0 .. 1 of the view. */
  zoomTime(factor: number, share: number): void {
    const [low, high] = this.view;
    const about = low + share * (high - low);
    this.show(about - (about - low) * factor, about + (high - about) * factor);
  }

  /** Zoom the values by a factor about a share 0 (the top) .. 1 of the scale, or move them. */
  private zoomValues(factor: number, share: number, shift = 0): void {
    const { ends } = this.curves;
    if (!ends) return;
    const [top, bottom] = [share - share * factor, share + (1 - share) * factor];
    this.curves.tellOwn({
      low: valueAtShare(ends, bottom + shift),
      high: valueAtShare(ends, top + shift),
    });
  }

  private wheel(event: WheelEvent): void {
    if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) return;
    event.preventDefault();
    const { area, chart } = this.curves;
    const [x, y] = area.at(event);
    const moved = event.deltaY || event.deltaX;
    const factor = Math.exp(moved * WHEEL);
    if (event.altKey) this.zoomValues(factor, y / area.element.clientHeight);
    else if (event.shiftKey) this.pan(moved / chart.width);
    else this.zoomTime(factor, Math.min(Math.max(x / area.width, 0), 1));
  }

  private pan(share: number): void {
    const [low, high] = this.view;
    const shift = share * (high - low);
    this.show(low + shift, high + shift);
  }

  private pressed(event: PointerEvent): void {
    const { area, ends } = this.curves;
    if (event.button !== 0 || !(event.shiftKey || event.altKey)) return;
    if (!area.element.contains(event.target as Node)) return;
    event.stopPropagation();
    event.preventDefault();
    tooltip.hide();
    this.drag = {
      start: area.at(event),
      view: this.view,
      values: ends && [ends.low, ends.high],
      pans: event.altKey,
    };
    area.element.setPointerCapture(event.pointerId);
  }

  private moved(event: PointerEvent): void {
    if (!this.drag) return;
    event.stopPropagation();
    const [x, y] = this.curves.area.at(event);
    const [left, top] = this.drag.start;
    if (this.drag.pans) {
      this.panTo(x - left, y - top);
      return;
    }
    this.frame.hidden = false;
    this.frame.style.width = `${Math.abs(x - left)}px`;
    this.frame.style.height = `${Math.abs(y - top)}px`;
    this.frame.style.transform = `translate(${Math.min(x, left)}px, ${Math.min(y, top)}px)`;
  }

  private panTo(x: number, y: number): void {
    const { view, values } = this.drag!;
    const { area, ends } = this.curves;
    const shift = (-x / area.width) * (view[1] - view[0]);
    this.show(view[0] + shift, view[1] + shift);
    if (!values || !ends) return;
    const began = { low: values[0], high: values[1], log: ends.log };
    const share = -y / area.element.clientHeight;
    this.curves.tellOwn({ low: valueAtShare(began, 1 + share), high: valueAtShare(began, share) });
  }

  private released(event: PointerEvent): void {
    const { drag } = this;
    if (!drag) return;
    event.stopPropagation();
    this.end();
    if (drag.pans) return;
    const { area } = this.curves;
    const [x, y] = area.at(event);
    const across = [drag.start[0], x].sort((a, b) => a - b);
    const down = [drag.start[1], y].sort((a, b) => a - b);
    if (down[1] - down[0] >= FRAME) {
      const { ends } = this.curves;
      const [high, low] = down.map((at) => this.curves.valueAt(at));
      if (ends) this.curves.tellOwn({ low, high });
    }
    if (across[1] - across[0] >= FRAME) {
      const span = drag.view[1] - drag.view[0];
      const [from, to] = across.map((at) => drag.view[0] + (at / area.width) * span);
      this.show(from, to);
    }
  }

  private end(): void {
    this.drag = null;
    this.frame.hidden = true;
  }

  /** Show everything again; where that is shown already, what is brushed. */
  private twice(event: MouseEvent): void {
    event.stopPropagation();
    const { axis, options } = this.curves.chart;
    const own = typeof options.low === "number" || typeof options.high === "number";
    if (axis.zoom || own) this.curves.reset();
    else if (axis.apart === undefined) zoom.toggle();
    else if (selectionStore.get().range) this.curves.zoomTo(selectionStore.get().range);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Record<string, () => void> = {
      "+": () => this.zoomTime(1 / STEP, this.cursorShare()),
      "=": () => this.zoomTime(1 / STEP, this.cursorShare()),
      "-": () => this.zoomTime(STEP, this.cursorShare()),
      ",": () => this.pan(-0.2),
      ".": () => this.pan(0.2),
      "0": () => this.curves.reset(),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** Return where the cursor stands in the view, 0 .. 1; the middle where it is out of sight. */
  private cursorShare(): number {
    const { axis } = this.curves.chart;
    const { cursor } = selectionStore.get();
    if (cursor === null) return 0.5;
    const [low, high] = this.view;
    const share = (axis.valueOf(axis.coordinate(cursor)) - low) / (high - low);
    return share >= 0 && share <= 1 ? share : 0.5;
  }
}
