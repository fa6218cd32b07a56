// Precision, recall, F1 and images of every class at the cursor, and their change since the pin.
// A click on a head sorts, one on a row lists the images that are wrong. Options: url, base.

import {
  type Handler,
  make,
  type Names,
  numbers,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import {
  Asking,
  asksByItself,
  type ConfusionAnswer,
  type ConfusionArrays,
  type ConfusionChart,
  type ConfusionMeta,
  reason,
} from "./answer.ts";

type Column = "name" | "images" | "precision" | "recall" | "f1" | "error" | "change";
interface Item extends Record<Exclude<Column, "name">, number> {
  id: number;
  name: string;
}

const PART = 200; // rows in the page at first
const COLUMNS: readonly { key: Column; text: string; title: string }[] = [
  { key: "name", text: "Class", title: "name of the class" },
  { key: "images", text: "Support", title: "validation images of the class" },
  {
    key: "precision",
    text: "Precision",
    title: "share of the images predicted as it that are of it",
  },
  { key: "recall", text: "Recall", title: "share of its images that are predicted as it" },
  { key: "f1", text: "F1", title: "harmonic mean of precision and recall" },
  { key: "error", text: "Error", title: "share of its images that are wrong" },
  { key: "change", text: "Change", title: "of the error since the pinned iteration" },
];

/** Return the order of two values, those that are not known last either way. */
function compare(a: number | string, b: number | string, down: boolean): number {
  if (typeof a === "string") return (down ? -1 : 1) * a.localeCompare(String(b));
  const [one, other] = [a, Number(b)];
  if (Number.isNaN(one) || Number.isNaN(other))
    return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return down ? other - one : one - other;
}

class ConfusionClasses implements Handler {
  private readonly asking: Asking;
  private readonly holder: HTMLElement;
  private readonly more: HTMLButtonElement;
  private whole = false;
  declare private items: Item[];
  declare private meta: ConfusionMeta;

  constructor(chart: ConfusionChart) {
    this.asking = new Asking(chart);
    this.holder = make("div", "confusion-table");
    this.holder.tabIndex = 0;
    this.holder.setAttribute("role", "region");
    this.holder.setAttribute("aria-label", chart.options.label);
    this.more = make("button", "confusion-more");
    this.more.addEventListener("click", () => {
      this.whole = true;
      chart.invalidate();
    });
    chart.element.append(this.holder, this.more);
    this.holder.addEventListener("click", (event) => this.clicked(event));
    this.holder.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.target as Element).matches("tr")) this.clicked(event);
    });
  }

  url(): string {
    return this.asking.url();
  }

  receive({ arrays, meta }: ConfusionAnswer): void {
    this.meta = meta;
    this.items = meta.validated ? this.itemsOf(arrays, meta) : [];
  }

  private itemsOf(arrays: ConfusionArrays, { names, compared }: ConfusionMeta): Item[] {
    const before = compared ? arrays.before_recall : undefined;
    return names.map((name, id) => {
      const recall = arrays.recall![id];
      return {
        id,
        name,
        images: arrays.images[id],
        precision: arrays.precision![id],
        recall,
        f1: arrays.f1![id],
        error: 1 - recall,
        change: before ? before[id] - recall : NaN,
      };
    });
  }

  draw(): string {
    const why = reason(this.meta);
    this.holder.hidden = this.more.hidden = Boolean(why);
    if (why) return why;
    const [key, down] = this.sorting();
    const rows = [...this.items].sort((a, b) => compare(a[key], b[key], down) || a.id - b.id);
    const shown = this.whole ? rows : rows.slice(0, PART);
    this.more.hidden = shown.length === rows.length;
    this.more.textContent = `Show all ${numbers.integer(rows.length)}`;
    const body = make("tbody", "", ...shown.map((item) => this.row(item)));
    const { scrollTop } = this.holder;
    const focused = document.activeElement?.closest<HTMLElement>("[data-sort]")?.dataset.sort;
    this.holder.replaceChildren(make("table", "", this.head(key, down), body));
    this.holder.scrollTop = scrollTop;
    if (focused) this.holder.querySelector<HTMLElement>(`[data-sort="${focused}"]`)?.focus();
    this.current(selectionStore.get());
    return "";
  }

  private sorting(): [Column, boolean] {
    const { classsort } = selectionStore.get();
    const key = classsort.replace("-", "") as Column;
    return [COLUMNS.some((one) => one.key === key) ? key : "error", classsort.startsWith("-")];
  }

  private head(key: Column, down: boolean): HTMLElement {
    const cells = this.columns().map((column) => {
      const chosen = column.key === key;
      const sign = chosen ? (down ? " ↓" : " ↑") : "";
      const button = make("button", "", column.text + sign);
      button.dataset.sort = column.key;
      button.title = `${column.title}; sort by it`;
      const cell = make("th", "", button);
      cell.scope = "col";
      cell.setAttribute("aria-sort", chosen ? (down ? "descending" : "ascending") : "none");
      return cell;
    });
    return make("thead", "", make("tr", "", ...cells));
  }

  private columns() {
    return COLUMNS.filter(({ key }) => key !== "change" || this.meta.compared);
  }

  private row(item: Item): HTMLElement {
    const row = make("tr");
    row.tabIndex = 0;
    row.dataset.class = String(item.id);
    for (const { key } of this.columns()) {
      const cell = make("td", "", said(item, key));
      if (key === "name") cell.title = item.name;
      if (key === "change" && item.change) cell.dataset.better = String(item.change < 0);
      row.append(cell);
    }
    return row;
  }

  private clicked(event: Event): void {
    const target = event.target as Element;
    const key = target.closest<HTMLElement>("[data-sort]")?.dataset.sort;
    if (key) {
      const { classsort } = selectionStore.get();
      const other = classsort === `-${key}` ? key : `-${key}`;
      // Names begin with the first of the alphabet.
      const first = key === "name" && classsort !== "name" ? "name" : other;
      selectionStore.set({ classsort: first });
      return;
    }
    const id = target.closest<HTMLElement>("[data-class]")?.dataset.class;
    if (id !== undefined) selectionStore.set({ confusioncell: [Number(id)] });
  }

  private current({ confusioncell }: Selection): void {
    for (const row of this.holder.querySelectorAll<HTMLElement>("[data-class]"))
      row.classList.toggle("confusion-chosen", Number(row.dataset.class) === confusioncell[0]);
  }

  selected(selection: Selection, names: Names): void {
    if (names.has("confusioncell")) this.current(selection);
    this.asking.selected(selection, names);
  }

  destroy(): void {
    this.asking.destroy();
  }
}

function said(item: Item, key: Column): string {
  if (key === "name") return item.name;
  if (key === "images") return numbers.integer(item.images);
  const value = item[key];
  if (Number.isNaN(value)) return "–";
  return `${key === "change" && value > 0 ? "+" : ""}${numbers.percent(value)}`;
}

registerKind("confusionclasses", (chart) => new ConfusionClasses(chart), asksByItself);
