// @ts-nocheck
// What pointer and keyboard do on the correlation grid: point, choose, pin, split.

import { numbers, selectionStore, tooltip } from "#app/web/index.ts";
import * as correlationBlocks from "./blocks.ts";
import * as correlation from "./model.ts";
import * as correlationWords from "./words.ts";

const HEADS = "[data-layer], [data-class], [data-iteration]";

/** The acts of a reader on a grid (correlation/web/grid.ts), which draws what they change. */
export class CorrelationActs {
  constructor(grid) {
    this.grid = grid;
    this.listen();
  }

  listen() {
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
    grid.buttons = element.closest(".dt-panel")?.querySelectorAll("[data-split]") || [];
    grid.buttons.forEach((button) =>
      button.addEventListener("click", () => this.splitAll(button.dataset.split)),
    );
  }

  at(event) {
    const box = this.grid.cells.getBoundingClientRect();
    const { view, blocks } = this.grid;
    return correlationBlocks.locate(
      blocks,
      event.clientX - box.left + view.left,
      event.clientY - box.top + view.top,
    );
  }

  hover(event) {
    if (!this.grid.blocks) return;
    const { row, column, part: found, i } = this.at(event);
    const before = this.grid.pointed?.part?.p;
    this.grid.pointed = { part: found };
    if (before !== found?.p) this.grid.chart.invalidate();
    if (!row || !column) {
      tooltip.hide();
      return;
    }
    const { model } = this.grid;
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

  partWords(p, column) {
    const { plural, integer } = numbers;
    const filters = this.grid.detail.filters(p);
    const present = this.grid.detail.presence(p);
    const here = column.moments.reduce((sum, i) => sum + present[i], 0);
    const listed = Array.from(filters.slice(0, 6)).join(", ") + (filters.length > 6 ? " …" : "");
    return [
      [`Mini-set of ${plural(filters.length, "filter", "filters")}`, listed],
      [
        "together at iterations of this class",
        `${integer(here)} of ${integer(column.moments.length)}`,
      ],
      ["in all sets", integer(this.grid.detail.arrays.part_sets[p])],
    ];
  }

  leave() {
    tooltip.hide();
    if (this.grid.pointed?.part) this.grid.chart.invalidate();
    this.grid.pointed = null;
  }

  click(event) {
    const { row, column, part: found, i } = this.at(event);
    if (!row || !column) return;
    correlation.choose(this.grid.model, this.grid.parts, {
      r: row.r,
      c: column.c,
      i,
      part: found?.p ?? null,
      add: event.shiftKey,
    });
  }

  /** Split what a head stands for, or pin its iteration. */
  head(event) {
    const { layer, iteration, class: id } = event.target.closest(HEADS)?.dataset || {};
    if (layer !== undefined) selectionStore.toggle("splitlayers", Number(layer));
    else if (iteration !== undefined) selectionStore.toggle("pins", Number(iteration));
    else if (id !== undefined) selectionStore.toggle("splitclasses", Number(id));
  }

  headHover(event) {
    const { layer, iteration, class: id } = event.target.closest(HEADS)?.dataset || {};
    const { model } = this.grid;
    if (!model || (layer ?? iteration ?? id) === undefined) return;
    const { plural, integer } = numbers;
    const show = (title, line) => tooltip.show(event.clientX, event.clientY, title, [[line]]);
    if (layer !== undefined) {
      show(
        model.names.layers[layer],
        `${plural(model.names.filters[layer], "filter", "filters")}; click to split it into mini-sets, or join them`,
      );
    } else if (iteration !== undefined)
      show(`Iteration ${integer(Number(iteration))}`, "Click to pin or unpin it");
    else {
      const c = model.columnOf.get(Number(id));
      show(
        model.classWords(c),
        `anomalous at ${plural(model.momentsOf(c).length, "iteration", "iterations")}; click to split, or join them`,
      );
    }
  }

  /** Split or join all rows, or all columns. */
  splitAll(what) {
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

  keydown(event) {
    const button = event.target.closest("button");
    if (button && (event.key === "Enter" || event.key === " ")) return; // it acts by itself
    if (!this.grid.blocks || event.ctrlKey || event.metaKey || event.altKey) return;
    const selection = selectionStore.get();
    const cell = correlation.chosen(this.grid.model, selection);
    const [down, right] = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -Infinity],
      End: [0, Infinity],
    }[event.key] || [0, 0];
    if (down || right) this.step(cell, down, right);
    else if (event.key === "Enter" && cell) this.splitCell(cell);
    else if (event.key === " " && cell) {
      correlation.choose(this.grid.model, this.grid.parts, { ...cell, add: event.shiftKey });
    } else return;
    event.preventDefault();
  }

  step(cell, down, right) {
    const { rows, columns } = this.grid.blocks;
    const place = (blocks, name, step) => {
      const at = cell ? blocks.findIndex((block) => block[name] === cell[name]) : -1;
      return blocks[at < 0 ? 0 : Math.min(Math.max(at + step, 0), blocks.length - 1)];
    };
    const row = place(rows, "r", down);
    const column = place(columns, "c", right);
    selectionStore.set({ cell: [[row.id, column.id]] });
    this.grid.said.textContent = correlationWords.sentence(this.grid.model, row.r, column.c);
    const keep = (now, sight, from, length) => Math.min(from, Math.max(now, from + length - sight));
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

  splitCell({ r, c }) {
    const { isSplit } = correlationBlocks;
    const selection = selectionStore.get();
    const [layer, id] = [this.grid.model.layers[r], this.grid.model.classes[c]];
    const both = isSplit(selection, "rows", layer) && isSplit(selection, "columns", id);
    const flip = (what, name, value) => {
      if (isSplit(selection, what, value) === both) selectionStore.toggle(name, value);
    };
    flip("rows", "splitlayers", layer);
    flip("columns", "splitclasses", id);
  }
}
