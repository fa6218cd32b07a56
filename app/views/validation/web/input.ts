// What pointer and keys do on the validation rows: mark, describe, open, pin.

import { keyTable, type Place, PlotArea, selectionStore, tooltip } from "#app/web/index.ts";
import * as validationBlocks from "./blocks.ts";
import { sizeOf } from "./rowanomalies.ts";
import * as validationGutter from "./rowgutter.ts";
import type { ValidationRows } from "./rows.ts";
import * as triangles from "./triangles.ts";
import type { Cell, Hit } from "./types.ts";
import * as validationWords from "./words.ts";

export class ValidationInput {
  declare private readonly view: ValidationRows;
  declare private active: Hit | null;
  declare private readonly rowmark: HTMLElement;
  declare readonly area: PlotArea;

  constructor(view: ValidationRows) {
    this.view = view;
    this.active = null; // the row that is marked: {block, at, row}
    this.rowmark = document.createElement("div");
    this.rowmark.className = "dt-rowmark";
    this.rowmark.hidden = true;
    this.area = new PlotArea(view.chart, {
      hover: (_x, y, event, column) => this.hover(y, event, column),
      leave: () => this.mark(null),
      click: (x, y) => this.pinTriangle(x, y),
      row: (step) => this.step(step),
    });
    this.area.element.append(this.rowmark);
    const { element } = view.chart;
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("click", (event) => this.gutterClick(event));
    element.addEventListener("pointermove", (event) => this.gutterHover(event));
    element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Say where the plot lies now; the marked row may have moved. */
  place(place: Place): void {
    this.area.place(place);
    if (this.active) this.mark(this.active);
  }

  private wheel(event: WheelEvent): void {
    const { scroller } = this.view;
    if (scroller.hidden || event.ctrlKey) return;
    const before = scroller.scrollTop;
    scroller.scrollTop += event.deltaY;
    if (scroller.scrollTop !== before) event.preventDefault();
  }

  /** Return the cell whose triangle is under a place of the plot, the nearest; null: none. */
  private cellAt(x: number, y: number): Cell | null {
    const hit = this.hit(y);
    const cells = hit && this.view.cellsOf(hit.block, hit.row);
    let best: Cell | null = null;
    let least = Infinity;
    for (const cell of cells || []) {
      const away = Math.abs(this.view.chart.axis.x(cell.column + 0.5, this.view.place.width) - x);
      const half =
        triangles.widthOf(
          cell.forgotten + cell.learned,
          sizeOf(this.view.model, hit!.block, hit!.row),
        ) / 2;
      if (away <= half + 1 && away < least) [best, least] = [cell, away];
    }
    return best;
  }

  /** A click on a triangle pins its iteration, though it covers several columns. */
  private pinTriangle(x: number, y: number): boolean {
    const cell = this.cellAt(x, y);
    if (!cell) return false;
    const iteration = this.view.chart.axis.iterations[cell.column];
    selectionStore.set({ cursor: iteration });
    selectionStore.toggle("pins", iteration);
    return true;
  }

  private at(event: MouseEvent): [x: number, y: number] {
    const box = this.view.chart.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private hit(y: number): Hit | null {
    return validationBlocks.rowAt(this.view.blocks, y + (this.view.offset || 0));
  }

  /** Return the row at an event, or (null) the marked one. */
  meant(event: MouseEvent | null): Hit | null {
    return event ? this.hit(this.at(event)[1]) : this.active;
  }

  mark(hit: Hit | null): void {
    this.active = hit;
    this.rowmark.hidden = !hit || hit.block.rowHeight < 2;
    if (!hit) return;
    const y = hit.block.top + hit.at * hit.block.rowHeight - this.view.offset;
    this.rowmark.style.height = `${hit.block.rowHeight}px`;
    this.rowmark.style.transform = `translateY(${y}px)`;
  }

  private hover(y: number, event: PointerEvent, column: number): void {
    const hit = this.hit(y);
    this.mark(hit);
    if (!hit) {
      tooltip.hide();
      return;
    }
    const { title, lines, picture } = validationWords.describe(this.view, hit, column);
    tooltip.show(event.clientX, event.clientY, title, lines, picture);
  }

  private gutterHover(event: PointerEvent): void {
    if (!this.view.place) return;
    const [x, y] = this.at(event);
    const inside = x < this.view.place.left && this.hit(y);
    const opens = inside && ["cluster", "class"].includes(inside.block.kind);
    this.view.chart.element.style.cursor = opens ? "pointer" : "";
    if (x >= this.view.place.left) return;
    if (!inside) {
      tooltip.hide();
      return;
    }
    this.mark(inside);
    const { title, hint } = validationWords.name(this.view, inside);
    tooltip.show(event.clientX, event.clientY, title, hint ? [[hint]] : []);
  }

  private gutterClick(event: MouseEvent): void {
    if (!this.view.place) return;
    const [x, y] = this.at(event);
    if (x >= this.view.place.left) return;
    const hit = this.hit(y);
    if (hit) this.toggle(hit, { pin: x < validationGutter.PIN });
  }

  /** Open or close what a row stands for, or pin its class. */
  private toggle({ block, row }: Hit, { pin = false } = {}): void {
    if (block.kind === "cluster") selectionStore.toggle("open", row);
    else if (block.kind === "class") selectionStore.toggle(pin ? "classes" : "openclasses", row);
    else if (block.kind === "image") selectionStore.toggle("images", block.opened.images[row]);
  }

  /** Move the marked row by the keys up and down, keeping it in sight. */
  private step(by: number): void {
    const rows = this.view.blocks.flatMap((block) =>
      Array.from(block.order, (row, at) => ({ block, at, row })),
    );
    const now = rows.findIndex(
      ({ block, at }) => block.top === this.active?.block.top && at === this.active?.at,
    );
    const hit = rows[Math.min(rows.length - 1, Math.max(0, now + by))];
    if (!hit) return;
    const y = hit.block.top + hit.at * hit.block.rowHeight;
    if (y < this.view.offset) this.view.scroller.scrollTop = y;
    const below = y + hit.block.rowHeight - this.view.place.height;
    if (below > this.view.offset) this.view.scroller.scrollTop = below;
    this.mark(hit);
    const column = this.view.chart.axis.columnOf(selectionStore.get().cursor);
    const box = this.view.chart.element.getBoundingClientRect();
    const { title, lines, picture } = validationWords.describe(this.view, hit, Math.max(0, column));
    tooltip.show(
      box.left + this.view.place.left,
      box.top + y - this.view.offset + 20,
      title,
      lines,
      picture,
    );
  }

  private key(event: KeyboardEvent): void {
    pressed(this, event);
  }

  /** Open or close the marked row, or pin it to the top. */
  act(how?: { pin: boolean }): void {
    if (this.active) this.toggle(this.active, how);
  }
}

const pressed = keyTable<ValidationInput>(
  { title: "On the marked row of the validation view", within: "[data-chart='validationrows']" },
  [
    { keys: ["o"], says: "open or close its classes or images", act: (rows) => rows.act() },
    { keys: ["p"], says: "pin its class to the top", act: (rows) => rows.act({ pin: true }) },
  ],
);
