// The filters of the chosen cell: how often each returns, and its series around the iterations.
// Options: url (correlation), names, filters and series (address templates).

import {
  addressOf,
  type ChartKinds,
  type Handler,
  LastAnswer,
  make,
  numbers,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import { chosen } from "./choice.ts";
import {
  type FilterRow,
  type FiltersAnswer,
  MOST,
  rowsOf,
  type Sort,
  sorted,
} from "./filterrows.ts";
import { sortedBy, table } from "./filtertable.ts";
import { follow, type Model } from "./model.ts";
import type * as correlationSeries from "./series.ts";
import type { GridAnswer } from "./types.ts";
import * as correlationWords from "./words.ts";

const REST_MS = 120; // of the arrow keys, before the next cell is asked for
interface SeriesAnswer {
  /** values: [filters, T], in the order that was asked for. */
  arrays: { iteration: Int32Array; values: Float32Array };
  meta: object;
}
interface FiltersChart {
  element: HTMLElement;
  options: ChartKinds["correlationfilters"];
  data: unknown;
  width: number;
  invalidate(): void;
  refresh(): void;
  failed(error: unknown): void;
}

class CellFilters implements Handler {
  private readonly chart: FiltersChart;
  private sort: Sort;
  waiting: boolean;
  private readonly title: HTMLElement;
  private readonly pins: HTMLElement;
  private readonly holder: HTMLElement;
  private model: Model | null = null;
  private cell: ReturnType<typeof chosen> = null;
  private readonly filters: LastAnswer<FiltersAnswer>;
  private readonly courses: LastAnswer<SeriesAnswer>;
  private found: FiltersAnswer | null = null;
  private rows: FilterRow[] = [];
  private series: correlationSeries.Series | null = null;
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(chart: FiltersChart) {
    this.chart = chart;
    this.filters = new LastAnswer(chart);
    this.courses = new LastAnswer(chart);
    this.sort = { key: "p", down: false };
    this.waiting = true;
    this.title = make("div", "correlation-title-of-cell");
    this.pins = make("div", "correlation-pins");
    this.holder = make("div", "correlation-filters");
    chart.element.append(this.title, this.pins, this.holder);
    this.holder.addEventListener("click", (event) => this.clicked(event));
    this.pins.addEventListener("click", (event) => this.pin(event));
  }

  receive(answer: GridAnswer): void {
    follow(this.chart, answer, (model) => {
      this.model = model;
      this.waiting = false;
      this.ask(model);
    });
  }

  /** Ask for the filters of the chosen cell, and then for their series. */
  private ask(model: Model): void {
    const cell = chosen(model, selectionStore.get());
    this.cell = cell;
    this.chart.refresh(); // what failed for one cell says nothing of the next
    if (!cell) {
      this.filters.forget();
      this.found = null;
      return;
    }
    const [layer, id] = [model.layers[cell.r], model.classes[cell.c]];
    const address = addressOf(`${this.chart.options.filters}&layer=${layer}&class=${id}`);
    if (this.filters.asked !== address) this.chart.element.dataset.list = "loading";
    this.filters.ask(address, (answer) => {
      this.found = answer;
      this.rows = rowsOf(answer);
      this.series = null;
      this.chart.element.dataset.list = `${layer} ${id}`;
      this.askSeries(layer);
    });
  }

  private askSeries(layer: number): void {
    this.courses.forget();
    const filters = sorted(this.rows, this.sort)
      .map(({ filter }) => filter)
      .sort((a, b) => a - b);
    if (!filters.length) return;
    const address = addressOf(
      `${this.chart.options.series}&layer=${layer}&filters=${filters.join(",")}`,
    );
    this.courses.ask(address, ({ arrays }) => {
      const width = arrays.iteration.length;
      const of = new Map(
        filters.map((filter, at) => [filter, arrays.values.subarray(at * width, (at + 1) * width)]),
      );
      this.series = { iteration: arrays.iteration, of };
    });
  }

  draw(): string {
    const { model, cell } = this;
    this.title.textContent = "";
    this.pins.hidden = this.holder.hidden = true;
    if (!model) return "";
    if (model.meta.reason) return "There is no cell to show filters of.";
    if (!cell) return "Click a cell, or one of the strongest above, to see its filters.";
    this.title.textContent = correlationWords.sentence(model, cell.r, cell.c);
    const { found } = this;
    if (!found) return "";
    this.pins.hidden = this.holder.hidden = false;
    this.drawPins(found);
    if (!this.rows.length)
      return "None of this layer's filters is among the most changed at these iterations.";
    const { sort, series } = this;
    const rows = sorted(this.rows, sort);
    const { scrollTop } = this.holder;
    this.holder.replaceChildren(table({ found, rows, sort, series, width: this.chart.width }));
    this.holder.scrollTop = scrollTop;
    this.current(selectionStore.get());
    return "";
  }

  private drawPins(found: FiltersAnswer): void {
    const { pins } = selectionStore.get();
    const { integer } = numbers;
    const total = found.meta.total;
    const texts: HTMLElement[] = [make("span", "dt-soft", "anomalous at")];
    for (const iteration of found.arrays.iteration) {
      const button = make("button", "correlation-pin", integer(iteration));
      button.dataset.iteration = String(iteration);
      button.setAttribute("aria-pressed", String(pins.includes(iteration)));
      button.title = "Pin or unpin this iteration";
      texts.push(button);
    }
    if (total > MOST)
      texts.push(make("span", "dt-soft", `showing ${MOST} of ${integer(total)} filters`));
    this.pins.replaceChildren(...texts);
  }

  private clicked(event: Event): void {
    if (!(event.target instanceof Element)) return;
    const head = event.target.closest<HTMLElement>("[data-sort]")?.dataset.sort;
    const sort = sortedBy(this.sort, head);
    if (sort) {
      this.sort = sort;
      this.chart.invalidate();
      return;
    }
    const row = event.target.closest<HTMLElement>("[data-filter]");
    if (!row || !this.model || !this.cell) return;
    const pair: [number, number] = [this.model.layers[this.cell.r], Number(row.dataset.filter)];
    const others = selectionStore.get().filters.filter((other) => String(other) !== String(pair));
    // The last one is the one that the layer view opens.
    selectionStore.set({ layers: [pair[0]], filters: [...others, pair] });
  }

  private pin(event: Event): void {
    if (!(event.target instanceof Element)) return;
    const { iteration } = event.target.closest<HTMLElement>("[data-iteration]")?.dataset || {};
    if (iteration === undefined) return;
    selectionStore.set({ cursor: Number(iteration) });
    selectionStore.toggle("pins", Number(iteration));
  }

  private current({ filters }: Selection): void {
    const layer = this.cell && this.model?.layers[this.cell.r];
    const [last, number] = filters.at(-1) || [];
    for (const row of this.holder.querySelectorAll<HTMLElement>("[data-filter]")) {
      const filter = Number(row.dataset.filter);
      const mine = filters.some(([one, other]) => one === layer && other === filter);
      row.querySelector("button")?.setAttribute("aria-pressed", String(mine));
      row.classList.toggle("correlation-last", last === layer && number === filter);
    }
  }

  selected(selection: Selection, names: Set<string>): void {
    const { model } = this;
    if (!model) return;
    if (names.has("cell")) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.ask(this.model ?? model), this.found ? REST_MS : 0);
    } else if (names.has("filters")) this.current(selection);
    if (names.has("pins")) this.chart.invalidate();
  }

  destroy() {
    clearTimeout(this.rest);
  }
}

registerKind("correlationfilters", (chart) => new CellFilters(chart));
