// The lane of annotations under every time axis: a mark where an iteration, or a range, has some.
// Marks closer than their own width become one with their number. Nothing of it lies over data.

import type { Chart } from "#app/web/index.ts";
import { make } from "#app/web/index.ts";
import type { Annotation } from "./annotation.ts";
import { annotationMark, dark } from "./mark.ts";
import { annotationStore } from "./store.ts";
import * as annotationParts from "./text.ts";

const NEAR = 17; // pixels between marks
const lanes = new WeakMap<Chart, Lane>();

/** Where an annotation begins and ends, in pixels of the plot. */
interface Extent {
  annotation: Annotation;
  range: boolean;
  from: number;
  to: number;
}

class Lane {
  declare private readonly chart: Chart;
  declare private readonly element: HTMLElement;
  declare private readonly write: HTMLButtonElement;
  declare private readonly plot: HTMLElement;
  /** Let the first mark take part in the tab order. */
  declare private readonly settle: () => void;
  /** What is drawn. */
  declare private key?: string;

  constructor(chart: Chart, after: Element) {
    const { button, roving } = annotationParts;
    this.chart = chart;
    this.element = make("div", "annotation-lane");
    this.write = button("Annotate", () => annotationStore.annotate(), "annotation-write");
    this.write.title =
      "Annotate what is selected (key a: what the pointer is at; or the right button)";
    this.plot = make("div", "annotation-lane-plot");
    this.plot.setAttribute("role", "toolbar");
    this.plot.setAttribute("aria-label", "Annotations of iterations");
    this.settle = roving(this.plot, ".annotation-mark");
    this.element.append(this.write, this.plot);
    // First below the scale, whatever other lanes there are.
    after.after(this.element);
  }

  draw(): void {
    const { axis, element, width } = this.chart;
    const { state } = annotationStore;
    this.element.hidden = !axis.columns || element.classList.contains("dt-silent") || !state.run;
    if (this.element.hidden || !width) return;
    this.write.hidden = !state.may.annotate;
    const place = axis.place(width);
    this.write.style.right = `${element.clientWidth - place.left + 3}px`;
    Object.assign(this.plot.style, { left: `${place.left}px`, width: `${place.width}px` });
    const found = annotationStore
      .withIterations()
      .map((one) => this.extent(one, place.width))
      .filter(({ from, to }) => to >= 0 && from <= place.width);
    this.show(found, place.width);
  }

  /** Return where an annotation begins and ends, in pixels of the plot. */
  extent(annotation: Annotation, width: number): Extent {
    const { axis } = this.chart;
    // Those with iterations have both.
    const { first, last } = annotation.target as { first: number; last: number };
    const project = axis.projection(width);
    const range = last > first;
    return {
      annotation,
      range,
      from: project(axis.coordinate(first)),
      to: project(axis.coordinate(last)),
    };
  }

  show(found: Extent[], width: number): void {
    const groups: { x: number; annotations: Annotation[] }[] = [];
    for (const one of found.sort((a, b) => a.from - b.from)) {
      const x = Math.min(Math.max(one.from, 0), width);
      const last = groups.at(-1);
      if (last && x - last.x < NEAR) last.annotations.push(one.annotation);
      else groups.push({ x, annotations: [one.annotation] });
    }
    const bars = found
      .filter(({ range }) => range)
      .map(({ from, to }) => [Math.max(0, from), Math.min(width, to)]);
    const key = JSON.stringify([
      bars,
      groups.map(({ x, annotations }) => [x, annotations.map(({ id, changed }) => [id, changed])]),
    ]);
    if (key === this.key) return;
    this.key = key;
    const focused = this.plot.contains(document.activeElement);
    const drawn = bars.map(([from, to]) => {
      const bar = make("div", "annotation-bar");
      bar.style.transform = `translateX(${from}px)`;
      bar.style.width = `${Math.max(2, to - from)}px`;
      return bar;
    });
    this.plot.replaceChildren(
      ...drawn,
      ...groups.map(({ x, annotations }) => {
        const mark = annotationMark(annotations);
        mark.style.transform = `translateX(calc(${x}px - 50%))`;
        return mark;
      }),
    );
    this.settle();
    if (focused) this.plot.querySelector<HTMLElement>(".annotation-mark")?.focus();
  }
}

export const annotationLane = {
  /** Draw the lane of a chart that is a time axis. */
  draw(chart: Chart): void {
    const after = chart.handler.laneAfter?.();
    if (!after) return;
    if (!lanes.has(chart)) lanes.set(chart, new Lane(chart, after));
    lanes.get(chart)!.draw();
  },
  dark,
};
