// @ts-nocheck
// The numbers at the cursor: of the run, of the row under the pointer, of the brushed range.
//
// Options: url (series, as the strip's), facts [{title, series, format}], transitions (names of
// the four counts), maps [{id, title, lowest: how many of the lowest rows to list, lowestTitle}].

import { numbers } from "../base/numbers.ts";
import { chartRegistry, registerKind } from "../core/chart.ts";
import { selectionStore } from "../core/selection.ts";
import { zoom as zooming } from "./plotarea.ts";

function element(name, kind, ...children) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...children);
  return made;
}

const pair = (label, value) =>
  element("div", "dt-pair", element("span", "", label), element("b", "", value));

/** Return a value of a map in words; of a complement, what it is the complement of. */
function said(map, value) {
  return numbers.as(map.format, map.complement ? 1 - value : value);
}

/** Return the `count` lowest rows of a map at a column as [row, value], the lowest first. */
function lowest(map, column, count) {
  const found = [];
  for (let row = 0; row < map.rows; row++) {
    const value = map.valueAt(row, column);
    if (!Number.isFinite(value) || (found.length === count && value >= found.at(-1)[1])) continue;
    found.push([row, value]);
    found.sort((a, b) => a[1] - b[1]);
    found.length = Math.min(found.length, count);
  }
  return found;
}

class Readout {
  constructor(chart) {
    this.chart = chart;
    this.body = element("div", "dt-readout");
    chart.element.append(this.body);
    this.parts = {};
    for (const name of ["time", "facts", "rows", "lowest", "range", "pins"]) {
      this.parts[name] = element("section", `dt-readout-${name}`);
      this.body.append(this.parts[name]);
    }
  }

  receive({ arrays }) {
    this.arrays = arrays;
  }

  selected(selection, names) {
    if (["cursor", "row", "range", "pins", "zoom"].some((name) => names.has(name)))
      this.chart.invalidate();
  }

  draw() {
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

  fill(name, title, ...children) {
    const filled = children.length > 0;
    this.parts[name].hidden = !filled;
    if (!filled) {
      this.parts[name].replaceChildren();
      return;
    }
    this.parts[name].replaceChildren(...(title ? [element("h3", "", title)] : []), ...children);
  }

  drawTime(column, last) {
    const { integer, number } = numbers;
    const { axis } = this.chart;
    const epoch = axis.epochs[column];
    const title = element("div", "dt-readout-iteration", integer(axis.iterations[column]));
    const details = [`snapshot ${integer(column + 1)} of ${integer(axis.columns)}`];
    if (Number.isFinite(epoch)) details.unshift(`epoch ${number(epoch)}`);
    const lines = [title, element("div", "dt-soft", details.join(" · "))];
    if (last) lines.push(element("div", "dt-soft", "The last one. Point at a chart for others."));
    this.fill("time", "Iteration", ...lines);
  }

  /** Return the row of the series' matrices for a column of the axis. */
  ownColumn(column) {
    const matched = this.chart.axis.match(this.arrays.iteration);
    return matched ? matched[column] : column;
  }

  drawFacts(column) {
    const { as, integer } = numbers;
    const row = this.ownColumn(column);
    const pairs = (this.chart.options.facts || []).map(({ title, series, format }) => {
      const logged = ["iterations", "odd"].some(
        (part) => this.arrays[`series.${series}.${part}`]?.length,
      );
      return pair(
        title,
        logged ? as(format, this.arrays[`snapshot.${series}`]?.[row] ?? NaN) : "not logged",
      );
    });
    const counts = this.arrays.transitions;
    const names = this.chart.options.transitions || [];
    names.forEach((name, index) => {
      const count = counts ? counts[row * counts.shape[1] + index] : -1;
      if (count >= 0) pairs.push(pair(name, integer(count)));
    });
    this.fill("facts", "", ...pairs);
  }

  map(id) {
    const found = document.getElementById(id);
    const handler = found && chartRegistry.of(found)?.handler;
    return handler?.values && handler.rows && handler.finite ? handler : null;
  }

  drawRow(row, column) {
    const spec = row && (this.chart.options.maps || []).find(({ id }) => id === row.chart);
    const map = spec && this.map(spec.id);
    if (!map) {
      this.fill("rows", "");
      return;
    }
    const name = element("div", "dt-readout-name", map.labels[row.index] || "");
    name.title = map.labels[row.index] || "";
    const lines = [name, pair("at the cursor", said(map, map.valueAt(row.index, column)))];
    if (column > 0)
      lines.push(pair("one snapshot before", said(map, map.valueAt(row.index, column - 1))));
    this.fill("rows", spec.title, ...lines);
  }

  drawLowest(column) {
    const spec = (this.chart.options.maps || []).find(({ lowest }) => lowest);
    const map = spec && this.map(spec.id);
    if (!map) {
      this.fill("lowest", "");
      return;
    }
    const rows = lowest(map, column, spec.lowest);
    this.fill(
      "lowest",
      spec.lowestTitle,
      ...rows.map(([row, value]) => pair(map.labels[row], said(map, value))),
    );
  }

  button(text, action) {
    const made = element("button", "dt-button", text);
    made.type = "button";
    made.addEventListener("click", action);
    return made;
  }

  drawRange({ range, zoom }) {
    const { integer, plural } = numbers;
    const key = JSON.stringify([range, zoom, this.chart.axis.columns]);
    if (this.rangeKey === key) return; // keep the buttons that may have the focus
    this.rangeKey = key;
    if (!range && !zoom) {
      this.fill("range", "Range", element("div", "dt-soft", "Drag over a chart to choose one."));
      return;
    }
    const children = [];
    if (range) {
      const { axis } = this.chart;
      const count = axis.columnOf(range[1]) - axis.columnOf(range[0]) + 1;
      children.push(
        element("div", "", `${integer(range[0])} – ${integer(range[1])}`),
        element("div", "dt-soft", plural(count, "snapshot", "snapshots")),
      );
    }
    const inside = range && String(range) !== String(zoom);
    if (inside) children.push(this.button("Zoom to range", () => zooming.toggle()));
    if (zoom)
      children.push(this.button("Show everything", () => selectionStore.set({ zoom: null })));
    if (range) children.push(this.button("Clear range", () => selectionStore.set({ range: null })));
    this.fill("range", "Range", ...children);
  }

  drawPins(pins) {
    const key = `${pins} ${this.chart.axis.columns}`;
    if (this.pinKey === key) return;
    this.pinKey = key;
    const { integer } = numbers;
    if (!pins.length) {
      this.fill("pins", "Pins", element("div", "dt-soft", "Click a chart to keep an iteration."));
      return;
    }
    const buttons = pins.map((pin) =>
      this.button(`${integer(pin)} ×`, () => selectionStore.toggle("pins", pin)),
    );
    buttons.forEach((button, index) =>
      button.setAttribute("aria-label", `Remove the pin at ${integer(pins[index])}`),
    );
    this.fill("pins", "Pins", element("div", "dt-readout-chips", ...buttons));
  }
}

registerKind("readout", (chart) => new Readout(chart));
