// The cells that stand out most, in words: what a person reads first. A click chooses one.
// Options: url (correlation), names.

import {
  type ChartKinds,
  chartRegistry,
  type Handler,
  numbers,
  registerKind,
  selectionStore,
} from "#app/web/index.ts";
import { choose, chosen } from "./choice.ts";
import { CorrelationGrid } from "./grid.ts";
import type { Detail } from "./minisets.ts";
import { follow, type Model } from "./model.ts";
import { standsOut } from "./orders.ts";
import type { GridAnswer } from "./types.ts";
import * as correlationWords from "./words.ts";

interface CellsChart {
  element: HTMLElement;
  options: ChartKinds["correlationcells"];
  data: unknown;
  invalidate(): void;
  failed(error: unknown): void;
}

class StrongestCells implements Handler {
  private readonly chart: CellsChart;
  private model: Model | null;
  waiting: boolean;
  private readonly note: HTMLElement;
  private readonly list: HTMLElement;

  constructor(chart: CellsChart) {
    this.chart = chart;
    this.model = null;
    this.waiting = true;
    this.note = document.createElement("div");
    this.note.className = "dt-soft";
    this.list = document.createElement("ol");
    this.list.className = "correlation-list";
    chart.element.append(this.note, this.list);
    this.list.addEventListener("click", (event) => {
      if (!(event.target instanceof Element)) return;
      const cell = event.target.closest<HTMLElement>("[data-cell]")?.dataset.cell;
      if (cell === undefined || !this.model) return;
      const [r, c] = cell.split(" ").map(Number);
      choose(this.model, this.detail(), { r, c, add: event.shiftKey });
    });
  }

  receive(answer: GridAnswer): void {
    follow(this.chart, answer, (model) => {
      this.model = model;
      this.waiting = false;
    });
  }

  /** Return the mini-sets that the grid has loaded: a click chooses the cell's filters too. */
  private detail(): Detail | null {
    const element = document.querySelector('[data-chart="correlationgrid"]');
    const grid = chartRegistry.of(element)?.handler;
    return grid instanceof CorrelationGrid ? grid.parts : null;
  }

  draw(): string {
    const { model } = this;
    if (!model) return "";
    const { reason, strongest } = model.meta;
    this.list.hidden = this.note.hidden = Boolean(reason);
    if (reason) return "The grid has no cells; it says why.";
    const { significance } = selectionStore.get();
    const cells = strongest.filter(([r, c]) => model.at("count", r, c) > 0);
    const clear = this.clear(model, significance);
    const { plural, integer } = numbers;
    this.note.textContent =
      significance === "all"
        ? `The first ${integer(cells.length)} of ${plural(model.meta.cells, "cell", "cells")}.`
        : `${clear ? integer(clear) : "None"} of ${plural(model.meta.cells, "cell", "cells")} ${
            clear === 1 ? "stands" : "stand"
          } out beyond chance${clear > cells.length ? `, the first ${integer(cells.length)}` : ""}.${
            clear ? "" : " These come nearest."
          }`;
    this.list.replaceChildren(
      ...cells.map(([r, c]) => this.item(model, r, c, standsOut(model, r, c, significance))),
    );
    this.current(selectionStore.get());
    return "";
  }

  /** Return how many cells stand out. */
  private clear(model: Model, limit: string): number {
    const { count, q } = model.arrays;
    let found = 0;
    for (let at = 0; at < q.length; at++)
      if (count[at] && (limit === "all" || q[at] <= Number(limit))) found += 1;
    return found;
  }

  private item(model: Model, r: number, c: number, out: boolean): HTMLElement {
    const words = correlationWords;
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.cell = `${r} ${c}`;
    button.dataset.out = String(out);
    const name = document.createElement("b");
    name.textContent = `${model.layerName(r)} and ${model.classWords(c)}`;
    const rest = document.createElement("span");
    rest.textContent = `: ${words.presence(model, r, c)}${out ? "" : " (may be chance)"}`;
    button.append(name, rest);
    const more = document.createElement("small");
    more.textContent = words.counted(model, r, c);
    const item = document.createElement("li");
    button.append(more);
    item.append(button);
    return item;
  }

  private current(selection: Parameters<typeof chosen>[1]): void {
    const cell = this.model && chosen(this.model, selection);
    const key = cell ? `${cell.r} ${cell.c}` : "";
    for (const button of this.list.querySelectorAll<HTMLElement>("[data-cell]")) {
      button.setAttribute("aria-pressed", String(button.dataset.cell === key));
    }
  }

  selected(selection: Parameters<typeof chosen>[1], names: Set<string>): void {
    if (names.has("significance")) this.chart.invalidate();
    else if (names.has("cell")) this.current(selection);
  }
}

registerKind("correlationcells", (chart) => new StrongestCells(chart));
