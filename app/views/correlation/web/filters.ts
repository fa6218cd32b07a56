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
  sizeCanvas,
} from "#app/web/index.ts";
import * as correlation from "./model.ts";
import * as correlationSeries from "./series.ts";
import * as correlationWords from "./words.ts";

const MOST = 60; // rows in the page; the count of all stands above
const REST_MS = 120; // of the arrow keys, before the next cell is asked for
const CHART = { least: 110, height: 22, columns: 254 };
/** A filter of the cell: how often it is among the most changed, here and in the run. */
interface FilterRow {
  filter: number;
  times: number;
  base: number;
  rank: number;
  p: number;
}
/** The filters of a cell, as the route "correlation-filters" answers. */
interface FiltersAnswer {
  arrays: {
    /** The iterations of the class. */
    iteration: Int32Array;
    filter: Int32Array;
    times: Int32Array;
    base: Int32Array;
    rank: Int32Array;
    q: Float32Array;
  };
  meta: { total: number; chosen: number; population: number };
}
interface SeriesAnswer {
  /** values: [filters, T], in the order that was asked for. */
  arrays: { iteration: Int32Array; values: Float32Array };
  meta: object;
}
/** The series by filter, over the iterations [T]. */
interface Series {
  iteration: Int32Array;
  of: Map<number, Float32Array>;
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
interface TableColumn {
  key: keyof FilterRow;
  text: string;
  title?: string;
  /** Sorted by the largest first. */
  down?: boolean;
}

const COLUMNS: TableColumn[] = [
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

class CellFilters implements Handler {
  private readonly chart: FiltersChart;
  private sort: { key: keyof FilterRow; down: boolean };
  waiting: boolean;
  private readonly title: HTMLElement;
  private readonly pins: HTMLElement;
  private readonly holder: HTMLElement;
  private model: correlation.Model | null = null;
  private cell: ReturnType<typeof correlation.chosen> = null;
  private readonly filters: LastAnswer<FiltersAnswer>;
  private readonly courses: LastAnswer<SeriesAnswer>;
  private found: FiltersAnswer | null = null;
  private rows: FilterRow[] = [];
  private series: Series | null = null;
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

  receive(answer: correlation.GridAnswer): void {
    correlation.follow(this.chart, answer, (model) => {
      this.model = model;
      this.waiting = false;
      this.ask(model);
    });
  }

  /** Ask for the filters of the chosen cell, and then for their series. */
  private ask(model: correlation.Model): void {
    const cell = correlation.chosen(model, selectionStore.get());
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
      this.rows = this.rowsOf(answer);
      this.series = null;
      this.chart.element.dataset.list = `${layer} ${id}`;
      this.askSeries(layer);
    });
  }

  private askSeries(layer: number): void {
    this.courses.forget();
    const filters = this.sorted()
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

  private rowsOf({ arrays }: FiltersAnswer): FilterRow[] {
    return Array.from(arrays.filter, (filter, at) => ({
      filter,
      times: arrays.times[at],
      base: arrays.base[at],
      rank: arrays.rank[at],
      p: arrays.q[at],
    }));
  }

  /** Return the rows that are shown: the most telling ones, in the chosen order. */
  private sorted(): FilterRow[] {
    const { key, down } = this.sort;
    return this.rows
      .slice(0, MOST)
      .sort(
        (a, b) =>
          (down ? b[key] - a[key] : a[key] - b[key]) || b.times - a.times || a.rank - b.rank,
      );
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
    const table = make("table");
    table.append(this.head(found), this.body(found));
    const { scrollTop } = this.holder;
    this.holder.replaceChildren(table);
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

  private head(found: FiltersAnswer): HTMLElement {
    const row = make("tr");
    const { meta } = found;
    const totals: { [Key in keyof FilterRow]?: string } = {
      times: ` /${meta.chosen}`,
      base: ` /${meta.population}`,
    };
    for (const { key, text, title } of COLUMNS) {
      const cell = make("th");
      const chosen = this.sort.key === key;
      const of = totals[key] || "";
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

  private body(found: FiltersAnswer): HTMLElement {
    const { integer, number } = numbers;
    const size = {
      width: Math.max(CHART.least, this.chart.width - CHART.columns),
      height: CHART.height,
    };
    const body = make("tbody");
    const rows = this.sorted();
    const { series } = this;
    const drawn = series && this.scale(found, series, rows);
    for (const item of rows) {
      const row = make("tr");
      row.dataset.filter = String(item.filter);
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
      const values = series?.of.get(item.filter);
      const canvas = document.createElement("canvas");
      if (values && drawn) correlationSeries.draw(canvas, values, { ...drawn, ...size });
      else sizeCanvas(canvas, size.width, size.height);
      canvas.setAttribute("aria-hidden", "true");
      cell.append(canvas);
      row.append(cell);
      body.append(row);
    }
    return body;
  }

  /** Return {span, marks, most} that the charts of these rows share. */
  private scale(
    found: FiltersAnswer,
    { iteration, of }: Series,
    rows: readonly FilterRow[],
  ): Pick<correlationSeries.SeriesPlace, "span" | "marks" | "most"> {
    const marks = Array.from(found.arrays.iteration, (one) => iteration.indexOf(one));
    const span = correlationSeries.around(iteration, found.arrays.iteration);
    let most = 0;
    for (const { filter } of rows) {
      for (const value of of.get(filter)?.subarray(...span) || [])
        if (value > most && value < Infinity) most = value;
    }
    return { span, marks, most: most || 1 };
  }

  private clicked(event: Event): void {
    if (!(event.target instanceof Element)) return;
    const sort = event.target.closest<HTMLElement>("[data-sort]")?.dataset.sort;
    const chosen = COLUMNS.find((column) => column.key === sort);
    if (chosen) {
      const { key, down = false } = chosen;
      this.sort = { key, down: this.sort.key === key ? !this.sort.down : down };
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
