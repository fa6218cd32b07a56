// The numbers at the cursor: of the run, of the row under the pointer, of the brushed range.
//
// Options: url (series, as the strip's), facts [{title, series, format}], transitions (names of
// the four counts), maps [{id, title, lowest: how many of the lowest rows to list, lowestTitle}].

import { make } from "../base/elements.ts";
import type { Answer, Matrices, Matrix } from "../base/fetch.ts";
import { numbers } from "../base/numbers.ts";
import { type Chart, chartRegistry, registerKind } from "../core/chart.ts";
import type { ReadoutOptions } from "../core/chartoptions.ts";
import type { Names, Pointed, Selection } from "../core/fields.ts";
import { marks, SIGNS } from "../core/marks.ts";
import type { Handler, Rows } from "../core/protocol.ts";
import { selectionStore } from "../core/selection.ts";
import type { Iterations } from "../core/timeaxis.ts";
import { said } from "./pixelmap.ts";
import { zoom as zooming } from "./plotarea.ts";

/** Of each snapshot its values, and where there are any: as the strip's. */
type Arrays = Matrices & { iteration: Matrix<Iterations> };
type Part = "time" | "facts" | "rows" | "lowest" | "range" | "pins";
type RowValue = [row: number, value: number];

const pair = (label: string, value: string): HTMLElement =>
  make("div", "dt-pair", make("span", "", label), make("b", "", value));

/** Return the `count` lowest rows of a map at a column as [row, value], the lowest first. */
function lowest(map: Rows, column: number, count: number): RowValue[] {
  const found: RowValue[] = [];
  for (let row = 0; row < map.rows; row++) {
    const value = map.valueAt(row, column);
    if (!Number.isFinite(value) || (found.length === count && value >= found.at(-1)![1])) continue;
    found.push([row, value]);
    found.sort((a, b) => a[1] - b[1]);
    found.length = Math.min(found.length, count);
  }
  return found;
}

/** Return where a row of that name stands now; -1 where it is not shown. */
function placeOf(row: { index: number; name: string }, labels: readonly string[]): number {
  return labels[row.index] === row.name ? row.index : labels.indexOf(row.name);
}

class Readout implements Handler {
  declare private readonly chart: Chart<ReadoutOptions>;
  declare private readonly body: HTMLElement;
  declare private readonly parts: Record<Part, HTMLElement>;
  declare private arrays: Arrays;
  /** The row that was pointed at last, and its name, for rows may be put in another order. */
  private row: (NonNullable<Pointed["row"]> & { name: string }) | null = null;
  /** What the part of the range was made of. */
  declare private rangeKey?: string;
  /** What the part of the pins was made of. */
  declare private pinKey?: string;

  constructor(chart: Chart<ReadoutOptions>) {
    this.chart = chart;
    this.body = make("div", "dt-readout");
    chart.element.append(this.body);
    this.parts = {} as Record<Part, HTMLElement>;
    for (const name of ["time", "facts", "rows", "lowest", "range", "pins"] as const) {
      this.parts[name] = make("section", `dt-readout-${name}`);
      this.body.append(this.parts[name]);
    }
  }

  receive({ arrays }: Answer<object, Arrays>): void {
    this.arrays = arrays;
  }

  selected(_selection: Selection, names: Names): void {
    if (["cursor", "row", "range", "pins", "zoom"].some((name) => names.has(name)))
      this.chart.invalidate();
  }

  draw(): string {
    const { axis } = this.chart;
    this.body.hidden = !axis.columns;
    if (!axis.columns) return "";
    const selection = selectionStore.get();
    const chosen = axis.columnOf(selection.cursor);
    const column = chosen < 0 ? axis.columns - 1 : chosen;
    this.drawTime(column, chosen < 0);
    this.drawFacts(column);
    this.drawRow(selection.row, column);
    this.drawLowest(column);
    this.drawRange(selection);
    this.drawPins(selection.pins);
    return "";
  }

  private fill(name: Part, title: string, ...children: HTMLElement[]): void {
    const filled = children.length > 0;
    this.parts[name].hidden = !filled;
    if (!filled) {
      this.parts[name].replaceChildren();
      return;
    }
    this.parts[name].replaceChildren(...(title ? [make("h3", "", title)] : []), ...children);
  }

  private drawTime(column: number, last: boolean): void {
    const { integer, number } = numbers;
    const { axis } = this.chart;
    const epoch = axis.epochs[column];
    const title = make("div", "dt-readout-iteration", integer(axis.iterations[column]));
    const details = [`snapshot ${integer(column + 1)} of ${integer(axis.columns)}`];
    if (Number.isFinite(epoch)) details.unshift(`epoch ${number(epoch)}`);
    const lines = [title, make("div", "dt-soft", details.join(" · "))];
    for (const { iteration, kind, text } of marks.of(this.chart.options.url))
      if (axis.columnOf(iteration) === column)
        lines.push(make("div", "dt-readout-mark", `${SIGNS[kind]} ${text}`));
    if (last) lines.push(make("div", "dt-soft", "The last one. Point at a chart for others."));
    this.fill("time", "Iteration", ...lines);
  }

  /** Return the row of the series' matrices for a column of the axis. */
  private ownColumn(column: number): number {
    const matched = this.chart.axis.match(this.arrays.iteration);
    return matched ? matched[column] : column;
  }

  private drawFacts(column: number): void {
    const { as, integer } = numbers;
    const row = this.ownColumn(column);
    const pairs = (this.chart.options.facts || []).map(({ title, series, format }) => {
      const logged = ["iterations", "odd"].some(
        (part) => this.arrays[`series.${series}.${part}`]?.length,
      );
      const value = this.arrays[`snapshot.${series}`]?.[row] ?? NaN;
      const asked = !series.startsWith("validation_") || this.arrays.validated?.[row] !== 0;
      const missing = logged ? "not validated" : "not logged";
      return pair(title, logged && (asked || value === value) ? as(format, value) : missing);
    });
    const counts = this.arrays.transitions;
    const names = this.chart.options.transitions || [];
    names.forEach((name, index) => {
      const count = counts ? counts[row * counts.shape[1] + index] : -1;
      if (count >= 0) pairs.push(pair(name, integer(count)));
    });
    this.fill("facts", "", ...pairs);
  }

  private map(id: string): Rows | null {
    return chartRegistry.of(document.getElementById(id))?.handler.readable?.() ?? null;
  }

  /**
   * The row under the pointer, or the one that was: were it taken away as the pointer leaves, a button
   * below would move from under a click.
   */
  private drawRow(pointed: Pointed["row"] | undefined, column: number): void {
    const chosen = pointed ?? this.row;
    const spec = chosen && (this.chart.options.maps || []).find(({ id }) => id === chosen.chart);
    const map = spec && this.map(spec.id);
    if (map && pointed) this.row = { ...pointed, name: map.labels[pointed.index] || "" };
    const index = map && this.row ? placeOf(this.row, map.labels) : -1;
    if (!map || index < 0) {
      this.fill("rows", "");
      return;
    }
    const name = make("div", "dt-readout-name", map.labels[index]);
    name.title = map.labels[index];
    const before = column > 0 ? said(map, map.valueAt(index, column - 1)) : "none";
    this.fill(
      "rows",
      spec.title,
      name,
      pair("at the cursor", said(map, map.valueAt(index, column))),
      pair("one snapshot before", before),
    );
  }

  private drawLowest(column: number): void {
    const spec = (this.chart.options.maps || []).find(({ lowest }) => lowest);
    const map = spec && this.map(spec.id);
    if (!map) {
      this.fill("lowest", "");
      return;
    }
    const rows = lowest(map, column, spec!.lowest!);
    this.fill(
      "lowest",
      spec!.lowestTitle!,
      ...rows.map(([row, value]) => pair(map.labels[row], said(map, value))),
    );
  }

  private button(text: string, action: () => void): HTMLButtonElement {
    const made = make("button", "dt-button", text);
    made.type = "button";
    made.addEventListener("click", action);
    return made;
  }

  private drawRange({ range, zoom }: Selection): void {
    const { integer, plural } = numbers;
    const key = JSON.stringify([range, zoom, this.chart.axis.columns]);
    if (this.rangeKey === key) return; // keep the buttons that may have the focus
    this.rangeKey = key;
    if (!range && !zoom) {
      this.fill("range", "Range", make("div", "dt-soft", "Drag over a chart to choose one."));
      return;
    }
    const children: HTMLElement[] = [];
    if (range) {
      const { axis } = this.chart;
      const count = axis.columnOf(range[1]) - axis.columnOf(range[0]) + 1;
      children.push(
        make("div", "", `${integer(range[0])} – ${integer(range[1])}`),
        make("div", "dt-soft", plural(count, "snapshot", "snapshots")),
      );
    }
    const inside = range && String(range) !== String(zoom);
    if (inside) children.push(this.button("Zoom to range", () => zooming.toggle()));
    if (zoom)
      children.push(this.button("Show everything", () => selectionStore.set({ zoom: null })));
    if (range) children.push(this.button("Clear range", () => selectionStore.set({ range: null })));
    this.fill("range", "Range", ...children);
  }

  private drawPins(pins: readonly number[]): void {
    const key = `${pins} ${this.chart.axis.columns}`;
    if (this.pinKey === key) return;
    this.pinKey = key;
    const { integer } = numbers;
    if (!pins.length) {
      this.fill("pins", "Pins", make("div", "dt-soft", "Click a chart to keep an iteration."));
      return;
    }
    const buttons = pins.map((pin) =>
      this.button(`${integer(pin)} ×`, () => selectionStore.toggle("pins", pin)),
    );
    buttons.forEach((button, index) =>
      button.setAttribute("aria-label", `Remove the pin at ${integer(pins[index])}`),
    );
    this.fill("pins", "Pins", make("div", "dt-readout-chips", ...buttons));
  }
}

registerKind("readout", (chart) => new Readout(chart));
