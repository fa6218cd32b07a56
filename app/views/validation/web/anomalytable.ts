// The anomalous iterations as a table: what a person reads first. A click moves the cursor and pins.
// Options: url (anomalies), names (address whose meta has the names of the classes), say.

import {
  addressOf,
  type Chart,
  type ChartKinds,
  cutNames,
  fetchArrays,
  type Handler,
  type Names,
  numbers,
  registerKind,
  type Selection,
  selectionStore,
  timeaxis,
} from "#app/web/index.ts";
import * as validation from "./anomalies.ts";
import type { AnomalyAnswer, AnomalyMeta, ErrorAnswer, TableColumn } from "./types.ts";

type Options = ChartKinds["anomalytable"];
/** What a row can be sorted by. */
type SortKey = "snapshot" | "right" | "images" | "classes" | "largest";
/** An iteration, and one side of it. */
interface Item extends Record<SortKey, number> {
  forgotten: number;
  learned: number;
  /** -1: only the whole set is anomalous. */
  largestClass: number;
}

const NAME = 9; // letters of a name in a narrow column
const MOST = 100; // rows in the page; the count of all stands above
const COLUMNS: readonly { key: SortKey; text: string; title?: string }[] = [
  { key: "snapshot", text: "Iteration" },
  { key: "right", text: "Stable", title: "▼ was stable, then flipped, ▲ flipped, then stable" },
  { key: "images", text: "Images", title: "images of the whole validation set" },
  { key: "classes", text: "Classes", title: "anomalous classes" },
  { key: "largest", text: "Top class", title: "the class with the most images" },
];

class AnomalyTable implements Handler {
  declare private readonly chart: Chart<Options>;
  declare private sort: { key: SortKey; down: boolean };
  declare private readonly count: HTMLElement;
  declare private readonly holder: HTMLElement;
  declare private meta: AnomalyMeta;
  declare private rows: Item[];
  /** Of the classes; there once they have come. */
  declare private names: string[];
  declare private brief: readonly string[];

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.sort = { key: "largest", down: true };
    this.count = document.createElement("div");
    this.count.className = "dt-soft";
    this.holder = document.createElement("div");
    this.holder.className = "validation-table";
    chart.element.append(this.count, this.holder);
    this.holder.addEventListener("click", (event) => this.clicked(event));
    this.holder.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.target as Element).matches("tr")) this.clicked(event);
    });
  }

  receive({ arrays, meta }: AnomalyAnswer): void {
    this.meta = meta;
    const column = (name: TableColumn) => arrays[`table_${name}` as const];
    this.rows = Array.from(column("snapshot"), (snapshot, at) => ({
      snapshot,
      right: column("right")[at],
      images: column("images")[at],
      forgotten: column("forgotten")[at],
      learned: column("learned")[at],
      classes: column("classes")[at],
      largest: column("largest")[at],
      largestClass: column("largest_class")[at],
    }));
    fetchArrays<ErrorAnswer>(addressOf(this.chart.options.names)).then(
      (answer) => {
        this.names = answer.meta.names;
        this.brief = cutNames(this.names, NAME);
        timeaxis(this.chart.options.group).setColumns(answer.arrays.iteration, null);
        this.chart.invalidate();
      },
      (error) => this.chart.failed(error),
    );
  }

  draw(): string | undefined {
    const { say } = this.chart.options;
    const { axis } = this.chart;
    if (!this.names) return "";
    this.holder.hidden = true;
    this.count.textContent = "";
    if (!axis.columns) return say.noColumns;
    if (!this.names.length) return "No validation images, no anomalies.";
    if (!this.rows.length) return this.nothing();
    this.holder.hidden = false;
    const { key, down } = this.sort;
    const rows = [...this.rows].sort(
      (a, b) =>
        (down ? b[key] - a[key] : a[key] - b[key]) ||
        b.images - a.images ||
        a.snapshot - b.snapshot,
    );
    const shown = rows.slice(0, MOST);
    const { plural, integer } = numbers;
    this.count.textContent = `${plural(rows.length, "anomaly", "anomalies")}${
      rows.length > MOST ? `, ${integer(MOST)} shown` : ""
    }. Click one to go there and pin it.`;
    const table = document.createElement("table");
    table.append(this.head(), this.body(shown));
    // Asking where it is scrolled to lays the page out: not for the first table.
    const scrolled = this.holder.firstElementChild ? this.holder.scrollTop : 0;
    this.holder.replaceChildren(table);
    if (scrolled) this.holder.scrollTop = scrolled;
    this.chart.element.dataset.window = `${this.meta.k} ${this.meta.m}`;
    this.current(selectionStore.get());
    return "";
  }

  private nothing(): string {
    const { k, m, share, direction } = this.meta;
    const { plural, percent } = numbers;
    const { columns } = this.chart.axis;
    if (columns === 1) return "This run has one snapshot; images can flip from the second on.";
    if (k >= columns)
      return `A window of ${plural(k, "snapshot", "snapshots")} is as long as this run, so that no image can have been stable for it. Lower the window.`;
    if (k === 1 && m <= 1 && !share)
      return `No image flips at any iteration${direction === "both" ? "" : " in this direction"}.`;
    const needed = share ? `${percent(m)} of a class` : plural(m, "image", "images");
    return (
      `At no iteration do ${needed} flip that were stable for ${plural(k, "snapshot", "snapshots")}. ` +
      "Lower the threshold or the window."
    );
  }

  private head(): HTMLElement {
    const row = document.createElement("tr");
    for (const { key, text, title } of COLUMNS) {
      const cell = document.createElement("th");
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.sort = key;
      button.title = title || `Sort by ${text.toLowerCase()}`;
      const chosen = this.sort.key === key;
      button.textContent = `${text}${chosen ? (this.sort.down ? " ↓" : " ↑") : ""}`;
      cell.setAttribute(
        "aria-sort",
        chosen ? (this.sort.down ? "descending" : "ascending") : "none",
      );
      cell.append(button);
      row.append(cell);
    }
    const head = document.createElement("thead");
    head.append(row);
    return head;
  }

  private body(rows: readonly Item[]): HTMLElement {
    const { integer } = numbers;
    const body = document.createElement("tbody");
    for (const item of rows) {
      const row = document.createElement("tr");
      const iteration = this.chart.axis.iterations[item.snapshot];
      row.dataset.iteration = iteration as unknown as string; // the page makes it text
      row.tabIndex = 0;
      const side = item.right ? "▲ after" : "▼ before";
      const changes = `${integer(item.forgotten)} forgotten, ${integer(item.learned)} learned`;
      const largest =
        item.largestClass < 0
          ? "the whole set"
          : `${this.brief[item.largestClass]} (${integer(item.largest)})`;
      const texts = [
        integer(iteration),
        side,
        integer(item.images),
        integer(item.classes),
        largest,
      ];
      texts.forEach((text, at) => {
        const cell = document.createElement("td");
        cell.textContent = text;
        if (at === 2) cell.title = changes;
        if (at === 4) {
          cell.title =
            item.largestClass < 0
              ? text
              : `${this.names[item.largestClass]}, ${integer(item.largest)} images: click to pin and open it`;
        }
        if (at === 4 && item.largestClass >= 0)
          cell.dataset.class = item.largestClass as unknown as string;
        row.append(cell);
      });
      body.append(row);
    }
    return body;
  }

  private clicked(event: Event): void {
    const key = (event.target as Element).closest<HTMLElement>("[data-sort]")?.dataset.sort as
      | SortKey
      | undefined;
    if (key) {
      this.sort = { key, down: this.sort.key === key ? !this.sort.down : key !== "snapshot" };
      this.chart.invalidate();
      return;
    }
    const row = (event.target as Element).closest<HTMLElement>("tr[data-iteration]");
    if (!row) return;
    const iteration = Number(row.dataset.iteration);
    const selection = selectionStore.get();
    const add = (values: readonly number[], value: number) =>
      [...new Set([...values, value])].sort((a, b) => a - b);
    const patch = { cursor: iteration, pins: add(selection.pins, iteration) };
    const classId = (event.target as Element).closest<HTMLElement>("[data-class]")?.dataset.class;
    if (classId === undefined) selectionStore.set(patch);
    else validation.openClass(Number(classId), patch);
  }

  private current({ cursor, pins }: Selection): void {
    for (const row of this.holder.querySelectorAll<HTMLElement>("tr[data-iteration]")) {
      const iteration = Number(row.dataset.iteration);
      row.classList.toggle("validation-here", iteration === cursor);
      row.classList.toggle("validation-pinned", pins.includes(iteration));
    }
  }

  selected(selection: Selection, names: Names): void {
    if (names.has("cursor") || names.has("pins")) this.current(selection);
  }
}

registerKind("anomalytable", (chart) => new AnomalyTable(chart));
