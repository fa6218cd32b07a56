// The part of a chart that lies over the time axis: cursor, pins and range, mouse and keyboard.
//
// Overlays are positioned elements moved by CSS transforms: nothing is drawn again for them.

import { tooltip } from "../base/tooltip.ts";
import type { Chart } from "../core/chart.ts";
import type { Range, Selection } from "../core/fields.ts";
import { keyTable } from "../core/keys.ts";
import { type Mark, marks } from "../core/marks.ts";
import { selectionStore } from "../core/selection.ts";
import type { TimeAxis } from "../core/timeaxis.ts";

const DRAG_PIXELS = 4;
// More lines than these are a hatching that hides what it lies over; the axis still has the marks.
const MOST_LINES = 12;

/** A rectangle of a chart: CSS pixels from its corner. */
export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}
/** What a chart does where its plot is pointed at; x and y count from the plot's corner. */
export interface Hooks {
  hover?(x: number, y: number, event: PointerEvent, column: number): void;
  leave?(): void;
  /** Return whether this was all: then no pin is set. */
  click?(x: number, y: number, event: PointerEvent, column: number): boolean | void;
  /** The keys up (-1) and down (1). */
  row?(step: number): void;
}
/** A button that is held down: where it was pressed, and whether the pointer has moved since. */
interface Drag {
  x: number;
  iteration: number;
  moved: boolean;
}

/** Return the marks that have a line through the charts: all in view, else the seams, else none. */
export function lined(inView: readonly Mark[]): readonly Mark[] {
  if (inView.length <= MOST_LINES) return inView;
  const seams = inView.filter(({ kind }) => kind === "resume");
  return seams.length <= MOST_LINES ? seams : [];
}

function part(name: string, parent: HTMLElement): HTMLElement {
  const element = document.createElement("div");
  element.className = name;
  parent.append(element);
  return element;
}

export class PlotArea {
  declare readonly chart: Chart;
  declare readonly axis: TimeAxis;
  declare readonly hooks: Hooks;
  /** Of the plot, in CSS pixels. */
  declare width: number;
  declare readonly element: HTMLElement;
  declare private readonly lines: HTMLElement;
  declare private readonly range: HTMLElement;
  declare private readonly pins: HTMLElement;
  declare private readonly cursor: HTMLElement;
  declare private drag: Drag | null;

  /**
   * hooks (all optional): hover(x, y, event, column), leave(), click(x, y, event, column),
   * row(step) for the keys up and down. x and y count from the plot's corner.
   */
  constructor(chart: Chart, hooks: Hooks = {}) {
    this.chart = chart;
    this.axis = chart.axis;
    this.hooks = hooks;
    this.width = 0;
    this.element = part("dt-plot", chart.element);
    this.lines = part("dt-marklines", this.element);
    this.range = part("dt-range", this.element);
    this.pins = part("dt-pins", this.element);
    this.cursor = part("dt-cursor", this.element);
    this.drag = null;
    this.listen();
    chart.ways.push(
      selectionStore.subscribe((selection, names) => {
        if (["cursor", "pins", "range"].some((name) => names.has(name))) this.overlay(selection);
      }),
    );
  }

  private listen(): void {
    const plot = this.element;
    plot.addEventListener("pointermove", (event) => this.moved(event));
    plot.addEventListener("pointerdown", (event) => this.pressed(event));
    plot.addEventListener("pointerup", (event) => this.released(event));
    plot.addEventListener("pointercancel", () => (this.drag = null));
    plot.addEventListener("pointerleave", () => {
      tooltip.hide();
      this.hooks.leave?.();
    });
    plot.addEventListener("dblclick", () => zoom.toggle());
    const { element, options } = this.chart;
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    element.setAttribute("aria-roledescription", "chart");
    if (options.label) element.setAttribute("aria-label", options.label);
    element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Lie over the plot: CSS pixels from the chart's corner. Call it on every drawing. */
  place({ left, top, width, height }: Place): void {
    this.width = width;
    Object.assign(this.element.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    this.overlay(selectionStore.get());
    this.drawLines();
  }

  private drawLines(): void {
    const project = this.axis.projection(this.width);
    const found = marks.of(this.chart.options.url).map((mark) => ({
      mark,
      x: project(this.axis.coordinate(mark.iteration)),
    }));
    const inView = found.filter(({ x }) => this.axis.columns && x >= 0 && x <= this.width);
    const shown = new Set(lined(inView.map(({ mark }) => mark)));
    if (!shown.size && !this.lines.children.length) return;
    this.lines.replaceChildren();
    for (const { mark, x } of inView) {
      if (!shown.has(mark)) continue;
      const line = part(`dt-markline dt-markline-${mark.kind}`, this.lines);
      line.style.transform = `translateX(${Math.round(x)}px)`;
    }
  }

  /** Return the pixels [from, to] of the columns from..to (both included). */
  span(from: number, to: number): Range {
    return [this.axis.x(from, this.width), this.axis.x(to + 1, this.width)];
  }

  private overlay(selection: Selection): void {
    const { axis } = this;
    this.spanOver(this.cursor, axis.columnOf(selection.cursor), axis.columnOf(selection.cursor));
    const [from, to] = selection.range || [null, null];
    this.spanOver(this.range, axis.columnOf(from), axis.columnOf(to));
    const [first, after] = axis.view();
    if (axis.columnOf(from) <= first && axis.columnOf(to) + 1 >= after) this.range.hidden = true;
    const pins = selection.pins || [];
    while (this.pins.children.length > pins.length) this.pins.lastChild!.remove();
    while (this.pins.children.length < pins.length) part("dt-pin", this.pins);
    pins.forEach((pin, index) => {
      const column = axis.columnOf(pin);
      this.spanOver(this.pins.children[index] as HTMLElement, column, column);
    });
  }

  spanOver(element: HTMLElement, from: number, to: number): void {
    const shown = from >= 0 && this.width > 0;
    element.hidden = !shown;
    if (!shown) return;
    const [left, right] = this.span(from, to);
    element.hidden = right <= 0 || left >= this.width;
    element.style.width = `${Math.max(1, right - left)}px`;
    element.style.transform = `translateX(${left}px)`;
  }

  /** Return where an event is, from the plot's corner. */
  at(event: MouseEvent): [x: number, y: number] {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private moved(event: PointerEvent): void {
    const [x, y] = this.at(event);
    const column = this.axis.columnAt(x, this.width);
    if (column < 0) return;
    const cursor = this.axis.iterations[column];
    if (this.drag && Math.abs(x - this.drag.x) > DRAG_PIXELS) this.drag.moved = true;
    if (this.drag?.moved) {
      const ends = [this.drag.iteration, cursor].sort((a, b) => a - b) as Range;
      selectionStore.set({ cursor, range: ends });
      tooltip.hide();
      return;
    }
    selectionStore.set({ cursor });
    this.hooks.hover?.(x, y, event, column);
  }

  private pressed(event: PointerEvent): void {
    if (event.button !== 0) return;
    const [x] = this.at(event);
    const column = this.axis.columnAt(x, this.width);
    if (column < 0) return;
    this.drag = { x, iteration: this.axis.iterations[column], moved: false };
    this.element.setPointerCapture(event.pointerId);
  }

  private released(event: PointerEvent): void {
    const drag = this.drag;
    this.drag = null;
    if (!drag || drag.moved) return;
    const [x, y] = this.at(event);
    if (this.hooks.click?.(x, y, event, this.axis.columnAt(x, this.width))) return;
    selectionStore.toggle("pins", drag.iteration);
  }

  private key(event: KeyboardEvent): void {
    if (pressed(this, event)) event.preventDefault();
  }

  /** Move the cursor by snapshots; the first key begins at the end that it leads away from. */
  step(by: number): void {
    const { columns } = this.axis;
    const now = this.axis.columnOf(selectionStore.get().cursor);
    this.go(now < 0 ? (by > 0 ? 0 : columns - 1) : now + by);
  }

  /** Put the cursor on a column, the nearest that there is. */
  go(column: number): void {
    const { axis } = this;
    if (!axis.columns) return;
    const kept = Math.min(Math.max(column, 0), axis.columns - 1);
    selectionStore.set({ cursor: axis.iterations[kept] });
  }

  /** Mark the row above or below; false where the chart has none. */
  stepRow(by: number): boolean {
    this.hooks.row?.(by);
    return Boolean(this.hooks.row);
  }

  pin(): void {
    const now = this.axis.columnOf(selectionStore.get().cursor);
    if (now >= 0) selectionStore.toggle("pins", this.axis.iterations[now]);
  }
}

export const zoom = {
  /** Show only the brushed range; or, where that is shown already, everything. */
  toggle(): void {
    const { zoom, range } = selectionStore.get();
    const inside = range && String(range) !== String(zoom);
    selectionStore.set({ zoom: inside ? range : null });
  },
};

const pressed = keyTable<PlotArea>({ title: "On a chart over time", within: ".dt-plot" }, [
  {
    keys: ["ArrowLeft", "ArrowRight"],
    says: "move the cursor by a snapshot; with Shift by ten",
    act: (area, { shiftKey }, key) =>
      area.step((key === "ArrowLeft" ? -1 : 1) * (shiftKey ? 10 : 1)),
  },
  {
    keys: ["Home", "End"],
    says: "move the cursor to the first or the last snapshot",
    act: (area, _event, key) => area.go(key === "Home" ? 0 : area.axis.columns - 1),
  },
  {
    keys: ["ArrowUp", "ArrowDown"],
    says: "mark the row above or below, where there are rows",
    act: (area, _event, key) => area.stepRow(key === "ArrowUp" ? -1 : 1),
  },
  {
    keys: ["Enter", " "],
    says: "pin the iteration at the cursor, or remove its pin",
    act: (area) => area.pin(),
  },
  { keys: ["z"], says: "zoom into the range, and back", act: () => zoom.toggle() },
  {
    keys: ["Escape"],
    says: "remove range and zoom",
    act: () => selectionStore.set({ range: null, zoom: null }),
  },
]);
