// What differs between many runs: a row for each run, which any column sorts.
//
// Options: heads [columns], rows. A page of thousands of cells that Dash keeps answers slowly.

import { type Chart, type ChartKinds, type Handler, make, registerKind } from "#app/web/index.ts";

type Options = ChartKinds["comparetable"];
type Row = Options["rows"][number];

/** Compare what is sorted by: numbers by size, then texts; what is missing comes last. */
export function order(a: number | string | null, b: number | string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

class Table implements Handler {
  declare readonly chart: Chart<Options>;
  declare private readonly holder: HTMLElement;
  /** What was drawn. */
  declare private key?: string;
  /** The column that sorts, -1: the order of the runs; and whether the largest come first. */
  declare private column: number;
  declare private down: boolean;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.column = -1;
    this.down = false;
    this.holder = make("div", "compare-scroll compare-many-rows");
    this.holder.tabIndex = 0; // what scrolls can be scrolled by the keyboard
    chart.element.append(this.holder);
  }

  draw(): string {
    const { heads, rows } = this.chart.options;
    const key = JSON.stringify([heads, rows, this.column, this.down]);
    if (key === this.key) return "";
    this.key = key;
    const table = make("table", "compare-table");
    table.setAttribute("aria-label", this.chart.options.label);
    const head = make("thead");
    const line = make("tr");
    line.append(this.head("Run", -1), ...heads.map((text, at) => this.head(text, at)));
    head.append(line);
    const body = make("tbody");
    body.append(...this.sorted(rows).map((row) => this.row(row)));
    table.append(head, body);
    this.holder.replaceChildren(table);
    return "";
  }

  sorted(rows: readonly Row[]): readonly Row[] {
    if (this.column < 0) return this.down ? [...rows].reverse() : rows;
    const value = (row: Row) => row.cells[this.column].value;
    const sorted = [...rows].sort((a, b) => {
      const found = order(value(a), value(b));
      const missing = value(a) === null || value(b) === null;
      return this.down && !missing ? -found : found;
    });
    return sorted;
  }

  head(text: string, column: number): HTMLElement {
    const cell = make("th");
    cell.setAttribute("scope", "col");
    const sorts = this.column === column;
    cell.setAttribute("aria-sort", sorts ? (this.down ? "descending" : "ascending") : "none");
    const button = make(
      "button",
      "compare-sort",
      `${text}${sorts ? (this.down ? " ▾" : " ▴") : ""}`,
    );
    button.type = "button";
    button.title = `Sort by ${text}`;
    button.addEventListener("click", () => {
      this.down = sorts && !this.down;
      this.column = column;
      this.draw();
      this.holder.querySelectorAll<HTMLElement>(".compare-sort")[column + 1]?.focus();
    });
    cell.append(button);
    return cell;
  }

  row({ name, base, cells }: Row): HTMLElement {
    const line = make("tr", base ? "compare-base" : "");
    const head = make("th", "", name);
    head.setAttribute("scope", "row");
    head.title = name;
    line.append(head);
    for (const { text, change, kind } of cells) {
      const cell = make("td", "", text);
      const judged = kind === "other" ? "" : `: ${kind} than the baseline`;
      cell.title = change ? `${text}, ${change}${judged}` : text;
      if (change) {
        const sign = { better: " ✓", worse: " ✗", other: "" }[kind];
        cell.append(make("small", `compare-change compare-${kind}`, change + sign));
      }
      line.append(cell);
    }
    return line;
  }
}

registerKind("comparetable", (chart) => new Table(chart));
