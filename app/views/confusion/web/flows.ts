// Who moved between the pinned iteration and the cursor: from which class to which, the most first.
// A click lists the images. Options: url (confusion), base.

import {
  type Handler,
  make,
  makeChoices,
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
  nameOf,
  reason,
} from "./answer.ts";

const PART = 60; // rows listed at once

class ConfusionFlows implements Handler {
  private readonly chart: ConfusionChart;
  private readonly asking: Asking;
  private readonly choice: HTMLSelectElement;
  private readonly since: HTMLElement;
  private readonly pin: HTMLButtonElement;
  private readonly count: HTMLElement;
  private readonly list: HTMLElement;
  private readonly more: HTMLButtonElement;
  private listed = 0;
  declare private arrays: ConfusionArrays;
  declare private meta: ConfusionMeta;

  constructor(chart: ConfusionChart) {
    this.chart = chart;
    this.asking = new Asking(chart);
    const { holder, list } = makeChoices();
    this.choice = list;
    this.choice.addEventListener("change", () =>
      selectionStore.set({ confusionagainst: Number(this.choice.value) }),
    );
    this.pin = make("button", "confusion-pin");
    this.pin.hidden = true; // until there is something to pin
    this.pin.addEventListener("click", () => this.pinHere());
    this.count = make("div", "dt-soft");
    this.list = make("div", "confusion-list");
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.more = make("button", "confusion-more", "More");
    this.more.addEventListener("click", () => this.append());
    this.since = make("label", "", "Since ", holder);
    this.since.hidden = true;
    chart.element.append(
      make("div", "confusion-bar", this.since, this.pin),
      this.count,
      this.list,
      this.more,
    );
  }

  url(): string {
    return this.asking.url();
  }

  receive({ arrays, meta }: ConfusionAnswer): void {
    this.arrays = arrays;
    this.meta = meta;
  }

  draw(): string {
    const why = reason(this.meta);
    this.bar(Boolean(why));
    if (why) return why;
    this.list.replaceChildren();
    this.more.hidden = true;
    this.count.textContent = this.said();
    if (!this.meta.compared) return "";
    this.listed = 0;
    this.append();
    return "";
  }

  private bar(silent: boolean): void {
    const { at, against } = this.meta;
    const { pins } = selectionStore.get();
    const wanted = [...new Set([...pins, ...(against === null ? [] : [against])])].sort(
      (a, b) => a - b,
    );
    this.choice.replaceChildren(
      ...wanted.map((iteration) => {
        const option = make("option", "", numbers.integer(iteration));
        option.value = String(iteration);
        option.selected = iteration === against;
        return option;
      }),
    );
    this.since.hidden = silent || against === null;
    this.pin.hidden = silent || at === null || pins.includes(at);
    this.pin.textContent = `Pin ${numbers.integer(at)}`;
    this.pin.title = "Keep this iteration, then move the cursor: what changed is shown here";
  }

  private said(): string {
    const { at, against, compared, moved, flows } = this.meta;
    const { plural, integer } = numbers;
    if (against === null)
      return "Pin an iteration and move the cursor: here stands who moved from which class to which.";
    if (!compared) return `${integer(against)} was not validated: pin another iteration.`;
    const total = this.arrays.images.reduce((sum, count) => sum + count, 0);
    const kinds = flows > 1 ? `, in ${integer(flows)} ways` : "";
    return at === against
      ? "The cursor is at the pinned iteration. Move it to see who moved."
      : `${integer(moved)} of ${plural(total, "image", "images")} moved from ${integer(against)} to ${integer(at)}${kinds}.`;
  }

  private append(): void {
    const { flow_count } = this.arrays;
    if (!flow_count) return;
    const to = Math.min(flow_count.length, this.listed + PART);
    for (let at = this.listed; at < to; at++) this.list.append(this.row(at));
    this.listed = to;
    this.more.hidden = to >= flow_count.length;
    this.current(selectionStore.get());
  }

  private row(at: number): HTMLElement {
    const { names } = this.meta;
    const [own, before, after] = (["true", "before", "after"] as const).map(
      (name) => this.arrays[`flow_${name}`]![at],
    );
    const count = this.arrays.flow_count![at];
    const sentence = `${numbers.plural(count, "image", "images")} of ${names[own]} went from ${nameOf(names, before)} to ${nameOf(names, after)}`;
    const words = make(
      "span",
      "",
      `${names[own]}: ${nameOf(names, before)} → ${nameOf(names, after)}`,
    );
    const row = make("button", "", make("b", "", numbers.integer(count)), words);
    row.title = `${sentence}. Click to list them.`;
    row.setAttribute("aria-label", sentence);
    row.dataset.cell = `${own},${after},${before}`;
    row.dataset.better = after === own ? "true" : before === own ? "false" : "";
    return row;
  }

  private clicked(event: Event): void {
    const cell = (event.target as Element).closest<HTMLElement>("[data-cell]")?.dataset.cell;
    if (cell) selectionStore.set({ confusioncell: cell.split(",").map(Number) });
  }

  private pinHere(): void {
    const { at } = this.meta;
    if (at !== null) selectionStore.toggle("pins", at);
  }

  private current({ confusioncell }: Selection): void {
    for (const row of this.list.querySelectorAll<HTMLElement>("[data-cell]"))
      row.setAttribute("aria-pressed", String(row.dataset.cell === confusioncell.join()));
  }

  selected(selection: Selection, names: Names): void {
    if (names.has("confusioncell")) this.current(selection);
    if (names.has("pins")) this.chart.invalidate();
    this.asking.selected(selection, names);
  }

  destroy(): void {
    this.asking.destroy();
  }
}

registerKind("confusionflows", (chart) => new ConfusionFlows(chart), asksByItself);
