// What pointer and keyboard do on the correlation grid: point, choose, pin, split.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const HEADS = "[data-layer], [data-class], [data-iteration]";

  /** The acts of a reader on a grid (correlationgrid.js), which draws what they change. */
  class CorrelationActs {
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
      grid.sight.addEventListener("pointerout", () => deeptracker.tooltip.hide());
      element.addEventListener("keydown", (event) => this.keydown(event));
      grid.buttons = element.closest(".dt-panel")?.querySelectorAll("[data-split]") || [];
      grid.buttons.forEach((button) => button.addEventListener("click", () => this.splitAll(button.dataset.split)));
    }

    at(event) {
      const box = this.grid.cells.getBoundingClientRect();
      const { view, blocks } = this.grid;
      return deeptracker.correlationBlocks.locate(
        blocks, event.clientX - box.left + view.left, event.clientY - box.top + view.top);
    }

    hover(event) {
      if (!this.grid.blocks) return;
      const { row, column, part: found, i } = this.at(event);
      const before = this.grid.pointed?.part?.p;
      this.grid.pointed = { part: found };
      if (before !== found?.p) this.grid.chart.invalidate();
      if (!row || !column) {
        deeptracker.tooltip.hide();
        return;
      }
      const { model } = this.grid;
      const { integer, plural } = deeptracker.numbers;
      const lines = deeptracker.correlationWords.facts(model, row.r, column.c, deeptracker.selection.get().significance);
      if (i !== null) lines.unshift([`At iteration ${integer(model.iterations[i])}`, plural(model.holds(row.r, i), "filter", "filters")]);
      if (found) lines.unshift(...this.partWords(found.p, column));
      deeptracker.tooltip.show(event.clientX, event.clientY,
        `${model.layerName(row.r)} · ${model.classWords(column.c)}`, lines);
    }

    partWords(p, column) {
      const { plural, integer } = deeptracker.numbers;
      const filters = this.grid.detail.filters(p);
      const present = this.grid.detail.presence(p);
      const here = column.moments.reduce((sum, i) => sum + present[i], 0);
      const listed = Array.from(filters.slice(0, 6)).join(", ") + (filters.length > 6 ? " …" : "");
      return [
        [`Mini-set of ${plural(filters.length, "filter", "filters")}`, listed],
        ["together at iterations of this class", `${integer(here)} of ${integer(column.moments.length)}`],
        ["in all sets", integer(this.grid.detail.arrays.part_sets[p])],
      ];
    }

    leave() {
      deeptracker.tooltip.hide();
      if (this.grid.pointed?.part) this.grid.chart.invalidate();
      this.grid.pointed = null;
    }

    click(event) {
      const { row, column, part: found, i } = this.at(event);
      if (!row || !column) return;
      deeptracker.correlation.choose(this.grid.model, this.grid.parts, {
        r: row.r, c: column.c, i, part: found?.p ?? null, add: event.shiftKey,
      });
    }

    /** Split what a head stands for, or pin its iteration. */
    head(event) {
      const { layer, iteration, class: id } = event.target.closest(HEADS)?.dataset || {};
      if (layer !== undefined) deeptracker.selection.toggle("splitlayers", Number(layer));
      else if (iteration !== undefined) deeptracker.selection.toggle("pins", Number(iteration));
      else if (id !== undefined) deeptracker.selection.toggle("splitclasses", Number(id));
    }

    headHover(event) {
      const { layer, iteration, class: id } = event.target.closest(HEADS)?.dataset || {};
      const { model } = this.grid;
      if (!model || (layer ?? iteration ?? id) === undefined) return;
      const { plural, integer } = deeptracker.numbers;
      const show = (title, line) => deeptracker.tooltip.show(event.clientX, event.clientY, title, [[line]]);
      if (layer !== undefined) {
        show(model.names.layers[layer], `${plural(model.names.filters[layer], "filter", "filters")}; click to split it into mini-sets, or join them`);
      } else if (iteration !== undefined) show(`Iteration ${integer(Number(iteration))}`, "Click to pin it, or let it go");
      else {
        const c = model.columnOf.get(Number(id));
        show(model.classWords(c), `anomalous at ${plural(model.momentsOf(c).length, "iteration", "iterations")}; click to split, or join them`);
      }
    }

    /** Split or join all rows, or all columns. */
    splitAll(what) {
      const { split } = deeptracker.selection.get();
      const parts = { rows: ["rows", "both"].includes(split), columns: ["columns", "both"].includes(split) };
      parts[what] = !parts[what];
      const now = parts.rows && parts.columns ? "both" : parts.rows ? "rows" : parts.columns ? "columns" : "none";
      deeptracker.selection.set({ split: now, [what === "rows" ? "splitlayers" : "splitclasses"]: [] });
    }

    keydown(event) {
      const button = event.target.closest("button");
      if (button && (event.key === "Enter" || event.key === " ")) return; // it acts by itself
      if (!this.grid.blocks || event.ctrlKey || event.metaKey || event.altKey) return;
      const selection = deeptracker.selection.get();
      const cell = deeptracker.correlation.chosen(this.grid.model, selection);
      const [down, right] = {
        ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
        Home: [0, -Infinity], End: [0, Infinity],
      }[event.key] || [0, 0];
      if (down || right) this.step(cell, down, right);
      else if (event.key === "Enter" && cell) this.splitCell(cell);
      else if (event.key === " " && cell) {
        deeptracker.correlation.choose(this.grid.model, this.grid.parts, { ...cell, add: event.shiftKey });
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
      deeptracker.selection.set({ cell: [[row.id, column.id]] });
      this.grid.said.textContent = deeptracker.correlationWords.sentence(this.grid.model, row.r, column.c);
      const keep = (now, sight, from, length) => Math.min(from, Math.max(now, from + length - sight));
      this.grid.scroller.scrollLeft = keep(this.grid.scroller.scrollLeft, this.grid.view.width, column.left, column.width);
      this.grid.scroller.scrollTop = keep(this.grid.scroller.scrollTop, this.grid.view.height, row.top, row.height);
    }

    splitCell({ r, c }) {
      const { isSplit } = deeptracker.correlationBlocks;
      const selection = deeptracker.selection.get();
      const [layer, id] = [this.grid.model.layers[r], this.grid.model.classes[c]];
      const both = isSplit(selection, "rows", layer) && isSplit(selection, "columns", id);
      const flip = (what, name, value) => {
        if (isSplit(selection, what, value) === both) deeptracker.selection.toggle(name, value);
      };
      flip("rows", "splitlayers", layer);
      flip("columns", "splitclasses", id);
    }
  }

  deeptracker.CorrelationActs = CorrelationActs;
})();
