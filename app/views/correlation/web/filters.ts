// @ts-nocheck
// The filters of the chosen cell: how often each returns, and its series around the iterations.
// Options: url (correlation), names, filters and series (address templates).

import {
  addressOf,
  fetchArrays,
  numbers,
  registerKind,
  selectionStore,
  sizeCanvas,
} from "#app/web/index.ts";
import * as correlation from "./model.ts";
import * as correlationSeries from "./series.ts";
import * as correlationWords from "./words.ts";

const MOST = 60; // rows in the page; the count of all stands above
const REST_MS = 120; // of the arrow keys, before the next cell is asked for
const CHART = { least: 110, height: 22, columns: 254 };
const COLUMNS = [
  { key: "filter", text: "Filter" },
  {
    key: "times",
    text: "Here",
    title: "iterations of the class at which it is among the most changed",
    down: true,
  },
  { key: "base", text: "Run", title: "the same of all iterations of the run", down: true },
  { key: "rank", text: "Rank", title: "best rank among all filters at these iterations" },
  {
    key: "p",
    text: "q",
    title: "chance that it returns so often, corrected for the number of filters",
  },
];

function make(name, kind, text) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  if (name === "button") made.type = "button";
  return made;
}

class CellFilters {
  constructor(chart) {
    this.chart = chart;
    this.sort = { key: "p", down: false };
    this.waiting = true;
    this.title = make("div", "correlation-title-of-cell");
    this.pins = make("div", "correlation-pins");
    this.holder = make("div", "correlation-filters");
    chart.element.append(this.title, this.pins, this.holder);
    this.holder.addEventListener("click", (event) => this.clicked(event));
    this.pins.addEventListener("click", (event) => this.pin(event));
  }

  receive(answer) {
    correlation.follow(this.chart, answer, (model) => {
      this.model = model;
      this.waiting = false;
      this.ask();
    });
  }

  /** Ask for the filters of the chosen cell, and then for their series. */
  ask() {
    const cell = correlation.chosen(this.model, selectionStore.get());
    this.cell = cell;
    this.chart.invalidate();
    if (!cell) {
      this.asked = this.found = null;
      return;
    }
    const [layer, id] = [this.model.layers[cell.r], this.model.classes[cell.c]];
    const address = addressOf(`${this.chart.options.filters}&layer=${layer}&class=${id}`);
    if (this.asked === address) return;
    this.asked = address;
    this.chart.element.dataset.list = "loading";
    fetchArrays(address).then(
      (answer) => {
        if (this.asked !== address) return;
        this.found = answer;
        this.rows = this.rowsOf(answer);
        this.series = null;
        this.chart.element.dataset.list = `${layer} ${id}`;
        this.chart.invalidate();
        this.askSeries(address, layer);
      },
      (error) => this.asked === address && this.chart.failed(error),
    );
  }

  askSeries(asked, layer) {
    const filters = this.sorted()
      .map(({ filter }) => filter)
      .sort((a, b) => a - b);
    if (!filters.length) return;
    const address = addressOf(
      `${this.chart.options.series}&layer=${layer}&filters=${filters.join(",")}`,
    );
    fetchArrays(address).then(
      ({ arrays }) => {
        if (this.asked !== asked) return;
        const width = arrays.iteration.length;
        this.series = { iteration: arrays.iteration, of: new Map() };
        filters.forEach((filter, at) =>
          this.series.of.set(filter, arrays.values.subarray(at * width, (at + 1) * width)),
        );
        this.chart.invalidate();
      },
      (error) => this.asked === asked && this.chart.failed(error),
    );
  }

  rowsOf({ arrays }) {
    return Array.from(arrays.filter, (filter, at) => ({
      filter,
      times: arrays.times[at],
      base: arrays.base[at],
      rank: arrays.rank[at],
      p: arrays.q[at],
    }));
  }

  /** Return the rows that are shown: the most telling ones, in the chosen order. */
  sorted() {
    const { key, down } = this.sort;
    return this.rows
      .slice(0, MOST)
      .sort(
        (a, b) =>
          (down ? b[key] - a[key] : a[key] - b[key]) || b.times - a.times || a.rank - b.rank,
      );
  }

  draw() {
    const { model, cell } = this;
    this.title.textContent = "";
    this.pins.hidden = this.holder.hidden = true;
    if (!model) return "";
    if (model.meta.reason) return "There is no cell to show filters of.";
    if (!cell) return "Click a cell, or one of the strongest above, to see its filters.";
    this.title.textContent = correlationWords.sentence(model, cell.r, cell.c);
    if (!this.found) return "";
    this.pins.hidden = this.holder.hidden = false;
    this.drawPins();
    if (!this.rows.length)
      return "None of this layer's filters is among the most changed at these iterations.";
    const table = make("table");
    table.append(this.head(), this.body());
    const { scrollTop } = this.holder;
    this.holder.replaceChildren(table);
    this.holder.scrollTop = scrollTop;
    this.current(selectionStore.get());
    return "";
  }

  drawPins() {
    const { pins } = selectionStore.get();
    const { integer } = numbers;
    const total = this.found.meta.total;
    const texts = [make("span", "dt-soft", "anomalous at")];
    for (const iteration of this.found.arrays.iteration) {
      const button = make("button", "correlation-pin", integer(iteration));
      button.dataset.iteration = iteration;
      button.setAttribute("aria-pressed", String(pins.includes(iteration)));
      button.title = "Pin or unpin this iteration";
      texts.push(button);
    }
    if (total > MOST)
      texts.push(make("span", "dt-soft", `showing ${MOST} of ${integer(total)} filters`));
    this.pins.replaceChildren(...texts);
  }

  head() {
    const row = make("tr");
    const { meta } = this.found;
    for (const { key, text, title } of COLUMNS) {
      const cell = make("th");
      const chosen = this.sort.key === key;
      const of = { times: ` /${meta.chosen}`, base: ` /${meta.population}` }[key] || "";
      const button = make(
        "button",
        "",
        `${text}${of}${chosen ? (this.sort.down ? " ↓" : " ↑") : ""}`,
      );
      button.dataset.sort = key;
      button.title = title || `Sort by ${text.toLowerCase()}`;
      cell.setAttribute(
        "aria-sort",
        chosen ? (this.sort.down ? "descending" : "ascending") : "none",
      );
      cell.append(button);
      row.append(cell);
    }
    const last = make("th", "", "Around them");
    last.title =
      "The kind of change that was chosen, around the anomalous iterations (lines), all on one scale";
    row.append(last);
    const head = make("thead");
    head.append(row);
    return head;
  }

  body() {
    const { integer, number } = numbers;
    const size = {
      width: Math.max(CHART.least, this.chart.width - CHART.columns),
      height: CHART.height,
    };
    const body = make("tbody");
    const rows = this.sorted();
    const drawn = this.series && this.scale(rows);
    for (const item of rows) {
      const row = make("tr");
      row.dataset.filter = item.filter;
      const texts = [
        null,
        integer(item.times),
        integer(item.base),
        integer(item.rank),
        number(item.p, 2),
      ];
      for (const text of texts) {
        const cell = make("td", "", text ?? "");
        if (text === null) {
          const button = make("button", "correlation-filter", String(item.filter));
          button.setAttribute("aria-label", `filter ${item.filter}: choose it for the other views`);
          cell.append(button);
        }
        row.append(cell);
      }
      const cell = make("td");
      const values = drawn && this.series.of.get(item.filter);
      const canvas = document.createElement("canvas");
      if (values) correlationSeries.draw(canvas, values, { ...drawn, ...size });
      else sizeCanvas(canvas, size.width, size.height);
      canvas.setAttribute("aria-hidden", "true");
      cell.append(canvas);
      row.append(cell);
      body.append(row);
    }
    return body;
  }

  /** Return {span, marks, most} that the charts of these rows share. */
  scale(rows) {
    const { iteration, of } = this.series;
    const marks = Array.from(this.found.arrays.iteration, (one) => iteration.indexOf(one));
    const span = correlationSeries.around(iteration, this.found.arrays.iteration);
    let most = 0;
    for (const { filter } of rows) {
      for (const value of of.get(filter)?.subarray(...span) || [])
        if (value > most && value < Infinity) most = value;
    }
    return { span, marks, most: most || 1 };
  }

  clicked(event) {
    const key = event.target.closest("[data-sort]")?.dataset.sort;
    if (key) {
      const { down = false } = COLUMNS.find((column) => column.key === key);
      this.sort = { key, down: this.sort.key === key ? !this.sort.down : down };
      this.chart.invalidate();
      return;
    }
    const row = event.target.closest("[data-filter]");
    if (!row) return;
    const pair = [this.model.layers[this.cell.r], Number(row.dataset.filter)];
    const others = selectionStore.get().filters.filter((other) => String(other) !== String(pair));
    // The last one is the one that the layer view opens.
    selectionStore.set({ layers: [pair[0]], filters: [...others, pair] });
  }

  pin(event) {
    const iteration = event.target.closest("[data-iteration]")?.dataset.iteration;
    if (iteration === undefined) return;
    selectionStore.set({ cursor: Number(iteration) });
    selectionStore.toggle("pins", Number(iteration));
  }

  current({ filters }) {
    const layer = this.cell && this.model.layers[this.cell.r];
    const [last, number] = filters.at(-1) || [];
    for (const row of this.holder.querySelectorAll("[data-filter]")) {
      const filter = Number(row.dataset.filter);
      const mine = filters.some(([one, other]) => one === layer && other === filter);
      row.firstChild.firstChild.setAttribute("aria-pressed", String(mine));
      row.classList.toggle("correlation-last", last === layer && number === filter);
    }
  }

  selected(selection, names) {
    if (!this.model) return;
    if (names.has("cell")) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.ask(), this.found ? REST_MS : 0);
    } else if (names.has("filters")) this.current(selection);
    if (names.has("pins")) this.chart.invalidate();
  }

  destroy() {
    clearTimeout(this.rest);
  }
}

registerKind("correlationfilters", (chart) => new CellFilters(chart));
