// The table of the filters of a cell: heads that sort it, and in each row a line around the iterations.

import { make, numbers, sizeCanvas } from "#app/web/index.ts";
import type { FilterRow, FiltersAnswer, Sort } from "./filterrows.ts";
import * as correlationSeries from "./series.ts";

const CHART = { least: 110, height: 22, columns: 254 };
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

/** What is shown: the rows in their order, their series once those have come, the width in CSS pixels. */
export interface Table {
  found: FiltersAnswer;
  rows: readonly FilterRow[];
  sort: Sort;
  series: correlationSeries.Series | null;
  width: number;
}

/** Return the order after a click on the head of a column: it turns round where it has that order. */
export function sortedBy(sort: Sort, name: string | undefined): Sort | null {
  const column = COLUMNS.find(({ key }) => key === name);
  if (!column) return null;
  const { key, down = false } = column;
  return { key, down: sort.key === key ? !sort.down : down };
}

export function table(of: Table): HTMLElement {
  return make("table", "", head(of.found, of.sort), body(of));
}

function head({ meta }: FiltersAnswer, sort: Sort): HTMLElement {
  const row = make("tr");
  const totals: { [Key in keyof FilterRow]?: string } = {
    times: ` /${meta.chosen}`,
    base: ` /${meta.population}`,
  };
  for (const { key, text, title } of COLUMNS) {
    const cell = make("th");
    const chosen = sort.key === key;
    const of = totals[key] || "";
    const button = make("button", "", `${text}${of}${chosen ? (sort.down ? " ↓" : " ↑") : ""}`);
    button.dataset.sort = key;
    button.title = title || `Sort by ${text.toLowerCase()}`;
    cell.setAttribute("aria-sort", chosen ? (sort.down ? "descending" : "ascending") : "none");
    cell.append(button);
    row.append(cell);
  }
  const last = make("th", "", "Around them");
  last.title =
    "The kind of change that was chosen, around the anomalous iterations (lines), all on one scale";
  row.append(last);
  return make("thead", "", row);
}

function body({ found, rows, series, width }: Table): HTMLElement {
  const size = { width: Math.max(CHART.least, width - CHART.columns), height: CHART.height };
  const shared = series && correlationSeries.shared(series, found.arrays.iteration);
  return make(
    "tbody",
    "",
    ...rows.map((item) => {
      const canvas = document.createElement("canvas");
      const values = series?.of.get(item.filter);
      if (values && shared) correlationSeries.draw(canvas, values, { ...shared, ...size });
      else sizeCanvas(canvas, size.width, size.height);
      canvas.setAttribute("aria-hidden", "true");
      return rowOf(item, canvas);
    }),
  );
}

function rowOf({ filter, times, base, rank, p }: FilterRow, chart: HTMLElement): HTMLElement {
  const { integer, number } = numbers;
  const button = make("button", "correlation-filter", String(filter));
  button.setAttribute("aria-label", `filter ${filter}: choose it for the other views`);
  const cells = [button, integer(times), integer(base), integer(rank), number(p, 2), chart];
  const row = make("tr", "", ...cells.map((one) => make("td", "", one)));
  row.dataset.filter = String(filter);
  return row;
}
