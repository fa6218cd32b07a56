// What pointer and keyboard do on the correlation grid: point, choose, pin, split.

import { keyTable, numbers, selectionStore, tooltip } from "#app/web/index.ts";
import * as correlationBlocks from "./blocks.ts";
import { choose, chosen } from "./choice.ts";
import type { CorrelationGrid } from "./grid.ts";
import * as correlationWords from "./words.ts";

const HEADS = "[data-layer], [data-class], [data-iteration]";
const STEPS: Record<string, [down: number, right: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

type Cell = ReturnType<typeof chosen>;

/** Return what the head at an event says of itself. */
function headAt(event: Event): DOMStringMap {
  const head = event.target instanceof Element && event.target.closest<HTMLElement>(HEADS);
  return head ? head.dataset : {};
}

/** The acts of a reader on a grid (correlation/web/grid.ts), which draws what they change. */
export class CorrelationActs {
  private readonly grid: CorrelationGrid;

  constructor(grid: CorrelationGrid) {
    this.grid = grid;
    this.listen();
  }

  private listen(): void {
    const { grid } = this;
    const { element } = grid.chart;
    grid.scroller.addEventListener("scroll", () => grid.chart.invalidate());
    grid.cells.addEventListener("pointermove", (event) => this.hover(event));
    grid.cells.addEventListener("pointerleave", () => this.leave());
    grid.cells.addEventListener("click", (event) => this.click(event));
    grid.sight.addEventListener("click", (event) => this.head(event));
    grid.sight.addEventListener("pointerover", (event) => this.headHover(event));
    grid.sight.addEventListener("pointerout", () => tooltip.hide());
    element.addEventListener("keydown", (event) => this.keydown(event));
    grid.buttons = Array.from(
      element.closest(".dt-panel")?.querySelectorAll<HTMLElement>("[data-split]") || [],
    );
    grid.buttons.forEach((button) =>
      button.addEventListener("click", () =>
        this.splitAll(button.dataset.split === "rows" ? "rows" : "columns"),
      ),
    );
  }

  private at(event: MouseEvent): correlationBlocks.Located {
    const box = this.grid.cells.getBoundingClientRect();
    const { view, blocks } = this.grid;
    if (!blocks) return { row: null, column: null, part: null, i: null };
    return correlationBlocks.locate(
      blocks,
      event.clientX - box.left + view.left,
      event.clientY - box.top + view.top,
    );
  }

  private hover(event: PointerEvent): void {
    const { model } = this.grid;
    if (!this.grid.blocks || !model) return;
    const { row, column, part: found, i } = this.at(event);
    const before = this.grid.pointed?.part?.p;
    this.grid.pointed = { part: found };
    if (before !== found?.p) this.grid.chart.invalidate();
    if (!row || !column) {
      tooltip.hide();
      return;
    }
    const { integer, plural } = numbers;
    const lines = correlationWords.facts(model, row.r, column.c, selectionStore.get().significance);
    if (i !== null)
      lines.unshift([
        `At iteration ${integer(model.iterations[i])}`,
        plural(model.holds(row.r, i), "filter", "filters"),
      ]);
    if (found) lines.unshift(...this.partWords(found.p, column));
    tooltip.show(
      event.clientX,
      event.clientY,
      `${model.layerName(row.r)} · ${model.classWords(column.c)}`,
      lines,
    );
  }

  private partWords(p: number, column: correlationBlocks.Column): correlationWords.Line[] {
    const { plural, integer } = numbers;
    const { detail } = this.grid;
    if (!detail) return [];
    const filters = detail.filters(p);
    const present = detail.presence(p);
    const here = column.moments.reduce((sum, i) => sum + present[i], 0);
    const listed = Array.from(filters.slice(0, 6)).join(", ") + (filters.length > 6 ? " …" : "");
    return [
      [`Mini-set of ${plural(filters.length, "filter", "filters")}`, listed],
      [
        "together at iterations of this class",
        `${integer(here)} of ${integer(column.moments.length)}`,
      ],
      ["in all sets", integer(detail.arrays.part_sets[p])],
    ];
  }

  private leave(): void {
    tooltip.hide();
    if (this.grid.pointed?.part) this.grid.chart.invalidate();
    this.grid.pointed = null;
  }

  private click(event: MouseEvent): void {
    const { row, column, part: found, i } = this.at(event);
    if (!row || !column || !this.grid.model) return;
    choose(this.grid.model, this.grid.parts, {
      r: row.r,
      c: column.c,
      i,
      part: found?.p ?? null,
      add: event.shiftKey,
    });
  }

  /** Split what a head stands for, or pin its iteration. */
  private head(event: Event): void {
    const { layer, iteration, class: id } = headAt(event);
    if (layer !== undefined) selectionStore.toggle("splitlayers", Number(layer));
    else if (iteration !== undefined) selectionStore.toggle("pins", Number(iteration));
    else if (id !== undefined) selectionStore.toggle("splitclasses", Number(id));
  }

  private headHover(event: MouseEvent): void {
    const { layer, iteration, class: id } = headAt(event);
    const { model } = this.grid;
    if (!model || (layer ?? iteration ?? id) === undefined) return;
    const { plural, integer } = numbers;
    const show = (title: string, line: string) =>
      tooltip.show(event.clientX, event.clientY, title, [[line]]);
    if (layer !== undefined) {
      show(
        model.names.layers[Number(layer)],
        `${plural(model.names.filters[Number(layer)], "filter", "filters")}; click to split it into mini-sets, or join them`,
      );
    } else if (iteration !== undefined)
      show(`Iteration ${integer(Number(iteration))}`, "Click to pin or unpin it");
    else {
      const c = model.columnOf.get(Number(id));
      if (c === undefined) return;
      show(
        model.classWords(c),
        `anomalous at ${plural(model.momentsOf(c).length, "iteration", "iterations")}; click to split, or join them`,
      );
    }
  }

  /** Split or join all rows, or all columns. */
  private splitAll(what: "rows" | "columns"): void {
    const { split } = selectionStore.get();
    const parts = {
      rows: ["rows", "both"].includes(split),
      columns: ["columns", "both"].includes(split),
    };
    parts[what] = !parts[what];
    const now =
      parts.rows && parts.columns
        ? "both"
        : parts.rows
          ? "rows"
          : parts.columns
            ? "columns"
            : "none";
    selectionStore.set({ split: now, [what === "rows" ? "splitlayers" : "splitclasses"]: [] });
  }

  private keydown(event: KeyboardEvent): void {
    const { model } = this.grid;
    const button = event.target instanceof Element && event.target.closest("button");
    if (button && (event.key === "Enter" || event.key === " ")) return; // it acts by itself
    if (!this.grid.blocks || !model) return;
    if (pressed(this, event)) event.preventDefault();
  }

  private get cell(): Cell {
    return this.grid.model ? chosen(this.grid.model, selectionStore.get()) : null;
  }

  /** Go to the next cell; the first step begins in the corner. */
  go([down, right]: [down: number, right: number]): void {
    this.step(this.cell, down, right);
  }

  /** Split the row and the column of the cell; false where none is chosen. */
  split(): boolean {
    const { cell } = this;
    const { model } = this.grid;
    if (cell && model) this.splitCell(model.layers[cell.r], model.classes[cell.c]);
    return Boolean(cell);
  }

  /** Choose what the cell stands for; false where none is chosen. */
  choose(add: boolean): boolean {
    const { cell } = this;
    const { model, parts } = this.grid;
    if (cell && model) choose(model, parts, { ...cell, add });
    return Boolean(cell);
  }

  private step(cell: Cell, down: number, right: number): void {
    const { blocks, model } = this.grid;
    if (!blocks || !model) return;
    const place = <Block>(all: Block[], at: number, step: number): Block =>
      all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
    const { rows, columns } = blocks;
    const row = place(rows, cell ? rows.findIndex(({ r }) => r === cell.r) : -1, down);
    const column = place(columns, cell ? columns.findIndex(({ c }) => c === cell.c) : -1, right);
    selectionStore.set({ cell: [[row.id, column.id]] });
    this.grid.said.textContent = correlationWords.sentence(model, row.r, column.c);
    const keep = (now: number, sight: number, from: number, length: number) =>
      Math.min(from, Math.max(now, from + length - sight));
    this.grid.scroller.scrollLeft = keep(
      this.grid.scroller.scrollLeft,
      this.grid.view.width,
      column.left,
      column.width,
    );
    this.grid.scroller.scrollTop = keep(
      this.grid.scroller.scrollTop,
      this.grid.view.height,
      row.top,
      row.height,
    );
  }

  private splitCell(layer: number, id: number): void {
    const { isSplit } = correlationBlocks;
    const selection = selectionStore.get();
    const both = isSplit(selection, "rows", layer) && isSplit(selection, "columns", id);
    const flip = (
      what: "rows" | "columns",
      name: "splitlayers" | "splitclasses",
      value: number,
    ) => {
      if (isSplit(selection, what, value) === both) selectionStore.toggle(name, value);
    };
    flip("rows", "splitlayers", layer);
    flip("columns", "splitclasses", id);
  }
}

const pressed = keyTable<CorrelationActs>(
  { title: "On the grid of layers and classes", within: "[data-chart='correlationgrid']" },
  [
    {
      keys: Object.keys(STEPS),
      says: "go from cell to cell",
      act: (acts, _event, key) => acts.go(STEPS[key]),
    },
    { keys: ["Enter"], says: "split its row and its column", act: (acts) => acts.split() },
    {
      keys: [" "],
      says: "choose its layer, class and iterations; with Shift one more",
      act: (acts, { shiftKey }) => acts.choose(shiftKey),
    },
  ],
);
