// The anomalous classes of the iteration under the cursor, the largest first; a click opens one.
// Options: url (anomalies), names (address whose meta has the names of the classes).

import {
  addressOf,
  type Chart,
  type ChartKinds,
  fetchArrays,
  type Handler,
  type Names,
  nothing,
  numbers,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import * as validation from "./anomalies.ts";
import type { AnomalyAnswer, ErrorAnswer, ErrorArrays, Side } from "./types.ts";

type Options = ChartKinds["iterationclasses"];
const MOST = 100;
const SIGNS: Record<Side, string> = { left: "▼", right: "▲", pending: "△" };

class IterationClasses implements Handler {
  declare private readonly chart: Chart<Options>;
  declare private readonly count: HTMLElement;
  declare private readonly list: HTMLElement;
  declare private cells: validation.AnomalousCells;
  /** The column whose classes are listed. */
  declare private column: number | null;
  /** Of the classes; there once they have come. */
  declare private names: string[];
  declare private sizes: ErrorArrays["images"];
  declare waiting: boolean;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.count = document.createElement("div");
    this.count.className = "dt-soft";
    this.list = document.createElement("div");
    this.list.className = "validation-classes";
    this.list.addEventListener("click", (event) => this.clicked(event));
    chart.element.append(this.count, this.list);
  }

  receive({ arrays }: AnomalyAnswer): void {
    this.cells = validation.cellsIn(arrays);
    this.column = null;
    fetchArrays<ErrorAnswer>(addressOf(this.chart.options.names)).then(
      ({ arrays: sizes, meta }) => {
        this.names = meta.names;
        this.sizes = sizes.images;
        this.chart.axis.setColumns(sizes.iteration, null);
        this.column = null;
        this.chart.invalidate();
      },
      (error) => this.chart.failed(error),
    );
  }

  draw(): string {
    this.waiting = !this.names;
    if (!this.names) return "";
    if (!this.names.length) return nothing("images");
    const { axis } = this.chart;
    const column = axis.columnOf(selectionStore.get().cursor);
    if (column === this.column) return "";
    this.column = column;
    const items = this.cells.at(column);
    this.list.replaceChildren(...items.slice(0, MOST).map((item) => this.item(item)));
    const { integer, plural } = numbers;
    const more = items.length > MOST ? `, ${MOST} shown` : "";
    if (column < 0)
      this.count.textContent = "Choose an iteration above, or move the pointer over the rows.";
    else {
      const classes = new Set(items.map(({ classId }) => classId)).size;
      this.count.textContent = `At ${integer(axis.iterations[column])}: ${
        classes ? plural(classes, "class", "classes") : "no anomalous class"
      }${more}`;
    }
    return "";
  }

  private item({
    classId,
    side,
    forgotten,
    learned,
    images,
  }: validation.ClassCell): HTMLButtonElement {
    const { integer } = numbers;
    const row = document.createElement("button");
    row.type = "button";
    row.dataset.class = classId as unknown as string; // the page makes it text
    const name = document.createElement("span");
    name.textContent = `${SIGNS[side]} ${this.names[classId]}`;
    const count = document.createElement("b");
    count.textContent = `${integer(images)} of ${integer(this.sizes[classId])}`;
    row.append(name, count);
    row.title = `${this.names[classId]}, ${validation.SIDES[side]}: ${integer(
      forgotten,
    )} forgotten, ${integer(learned)} learned. Click to see its images.`;
    return row;
  }

  private clicked(event: Event): void {
    const id = (event.target as Element).closest<HTMLElement>("[data-class]")?.dataset.class;
    if (id !== undefined) validation.openClass(Number(id));
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("cursor")) this.chart.invalidate();
  }
}

registerKind("iterationclasses", (chart) => new IterationClasses(chart));
