// A lane under the time axis: a mark where something begins, a bar while it lasts. Marks closer than
// their own width become one. Nothing of it lies over data.

import { make } from "../base/elements.ts";
import type { Chart } from "../core/chart.ts";

/** What a lane shows; `end` is null while it lasts. */
export interface Spanned {
  start: number;
  end: number | null;
}
/** What a kind of lane is. `mark` makes the element that stands for some, at pixel `at`. */
export interface LaneKind<One extends Spanned> {
  /** What its classes begin with. */
  prefix: string;
  name: string;
  /** What a screen reader says. */
  label: string;
  /** Pixels between marks. */
  near: number;
  /** What is more to the class of a bar. */
  bar?(one: One): string;
  mark(all: readonly One[]): HTMLElement;
}
/** Where one begins and ends, in pixels of the plot. */
interface Extent<One> {
  one: One;
  from: number;
  to: number;
}

/** Join what begins closer than `near` pixels to the first of a group: [pixel, all of the group]. */
export function grouped<One>(
  found: readonly { one: One; from: number }[],
  near: number,
  width: number,
): { at: number; all: One[] }[] {
  const groups: { at: number; all: One[] }[] = [];
  for (const { one, from } of [...found].sort((a, b) => a.from - b.from)) {
    const at = Math.min(Math.max(from, 0), width);
    const before = groups.at(-1);
    if (before && at - before.at < near) before.all.push(one);
    else groups.push({ at, all: [one] });
  }
  return groups;
}

export class Lane<One extends Spanned> {
  declare private readonly chart: Chart;
  declare private readonly kind: LaneKind<One>;
  declare private readonly element: HTMLElement;
  declare private readonly name: HTMLElement;
  declare private readonly plot: HTMLElement;
  /** What is drawn. */
  declare private key?: string;

  constructor(chart: Chart, kind: LaneKind<One>) {
    this.chart = chart;
    this.kind = kind;
    this.name = make("span", "dt-lane-name", kind.name);
    this.plot = make("div", "dt-lane-plot");
    this.plot.setAttribute("role", "group");
    this.plot.setAttribute("aria-label", kind.label);
    this.element = make("div", `dt-lane ${kind.prefix}-lane`, this.name, this.plot);
    chart.element.append(this.element);
  }

  /** Whether the axis that it stands under is on the page. */
  get present(): boolean {
    return this.chart.element.isConnected;
  }

  draw(found: readonly One[]): void {
    const { axis, element, width } = this.chart;
    this.element.hidden = !axis.columns || !found.length || element.classList.contains("dt-silent");
    if (this.element.hidden || !width) return;
    const place = axis.place(width);
    this.name.style.right = `${element.clientWidth - place.left + 6}px`;
    Object.assign(this.plot.style, { left: `${place.left}px`, width: `${place.width}px` });
    const project = axis.projection(place.width);
    const x = (iteration: number) => project(axis.coordinate(iteration));
    const last = axis.iterations[axis.columns - 1];
    this.show(
      found
        .map((one) => ({ one, from: x(one.start), to: x(one.end ?? last) }))
        .filter(({ from, to }) => to >= 0 && from <= place.width),
      place.width,
    );
  }

  private show(found: readonly Extent<One>[], width: number): void {
    const key = JSON.stringify([width, found]);
    if (key === this.key) return;
    this.key = key;
    const { prefix, near } = this.kind;
    const bars = found
      .filter(({ from, to }) => to - from > 2)
      .map(({ one, from, to }) => {
        const bar = make("div", `${prefix}-bar ${this.kind.bar?.(one) ?? ""}`);
        bar.style.transform = `translateX(${Math.max(0, from)}px)`;
        bar.style.width = `${Math.min(width, to) - Math.max(0, from)}px`;
        return bar;
      });
    const groups = grouped(found, near, width).map(({ at, all }) => {
      const mark = this.kind.mark(all);
      mark.style.transform = `translateX(calc(${at}px - 50%))`;
      return mark;
    });
    this.plot.replaceChildren(...bars, ...groups);
  }
}

/** Let an element that lies over a chart say something, and keep its own moves and clicks. */
export function telling(element: HTMLElement, tell: () => void, hush: () => void): void {
  for (const name of ["pointerenter", "focus"]) element.addEventListener(name, tell);
  for (const name of ["pointerleave", "blur", "click"]) element.addEventListener(name, hush);
  for (const name of ["pointermove", "pointerdown", "pointerup", "dblclick", "keydown"])
    element.addEventListener(name, (event) => event.stopPropagation());
}
