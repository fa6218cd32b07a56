// The heads of the correlation grid: layers under their stages and blocks, classes, iterations.

import { numbers } from "#app/web/index.ts";
import type { Column, Row } from "./blocks.ts";
import * as correlationBlocks from "./blocks.ts";
import type { Model } from "./model.ts";

/** What is chosen, and marked in the heads: ids of layers and classes, iterations. */
export interface Marked {
  layers: readonly number[];
  classes: readonly number[];
  pins: readonly number[];
}
/** Neighbouring rows of one name, CSS pixels. */
interface Group {
  name: string;
  from: number;
  to: number;
}

const LETTER = 11; // pixels that an upright line of text needs
const HORIZONTAL = 46; // a column so wide has its name written across

function make<Tag extends "button" | "div" | "small" | "span">(
  name: Tag,
  kind: string,
  text: string,
  style: Partial<CSSStyleDeclaration> = {},
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(name);
  made.className = kind;
  if (text) made.textContent = text;
  Object.assign(made.style, style);
  if (made instanceof HTMLButtonElement) {
    made.type = "button";
    made.tabIndex = -1; // the arrow keys of the grid lead there
  }
  return made;
}

const px = (value: number): string => `${value}px`;

/** Return what is left of a layer's name under its block or stage. */
function short(name: string, ...above: string[]): string {
  const over = above.find(
    (one) => one && name.startsWith(`${one}.`) && name.length > one.length + 1,
  );
  return over ? name.slice(over.length + 1) : name;
}

/** Return the groups [{name, from, to}] of neighbouring rows with the same entry in `names`. */
function groups(rows: readonly Row[], names: readonly string[]): Group[] {
  const found: Group[] = [];
  for (const row of rows) {
    const name = names[row.id] || "";
    const last = found.at(-1);
    if (last && last.name === name) last.to = row.top + row.height;
    else found.push({ name, from: row.top, to: row.top + row.height });
  }
  return found;
}

const wordy = (column: Column): boolean => column.step >= correlationBlocks.LEAST_STEP_OF_WORDS;
const across = (column: Column): boolean =>
  column.width >= HORIZONTAL || (column.split && wordy(column));

/** Return how high the names above the columns stand. */
export function height(model: Model, blocks: { columns: readonly Column[] }): number {
  const split = blocks.columns.some((column) => column.split && wordy(column));
  const upright = blocks.columns.some((column) => !across(column));
  const longest = upright
    ? blocks.columns.reduce((most, { c }) => Math.max(most, model.shortClass(c).length), 0)
    : 0;
  return Math.min(96, Math.max(split ? 78 : 24, 10 + longest * 6.4));
}

function rowHead(
  model: Model,
  row: Row,
  { grouped, chosen }: { grouped: boolean; chosen: Marked },
): HTMLElement {
  const { names } = model;
  const name = model.layerName(row.r);
  const [stage, block] = [names.stages[row.id], names.blocks[row.id]];
  const head = make("button", "correlation-row", "", { top: px(row.top), height: px(row.height) });
  head.dataset.layer = String(row.id);
  head.setAttribute("aria-expanded", String(row.split));
  head.setAttribute("aria-label", name);
  head.classList.toggle("correlation-chosen", chosen.layers.includes(row.id));
  head.append(make("span", "correlation-name", grouped ? short(name, block, stage) : name));
  if (row.split) {
    const { plural, integer } = numbers;
    head.append(
      make(
        "small",
        "",
        row.parts.length < row.total
          ? `showing ${integer(row.parts.length)} of ${integer(row.total)}`
          : plural(row.total, "mini-set", "mini-sets"),
      ),
    );
  }
  return head;
}

/** Return the elements beside the rows. `grouped`: in network order, so that blocks are whole. */
export function rowHeads(
  model: Model,
  blocks: { rows: readonly Row[] },
  { grouped, chosen }: { grouped: boolean; chosen: Marked },
): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (grouped) {
    const stages = groups(blocks.rows, model.names.stages);
    stages.forEach(({ name, from, to }, at) => {
      if (!name) return;
      const stage = make("div", "correlation-stage", to - from >= 30 ? name : "", {
        top: px(from),
        height: px(to - from),
      });
      stage.title = name;
      stage.dataset.even = String(at % 2 === 0);
      parts.push(stage);
    });
    for (const { name, from, to } of groups(blocks.rows, model.names.blocks)) {
      if (!name || stages.some((stage) => stage.name === name)) continue;
      const block = make("div", "correlation-block", name, {
        top: px(from),
        height: px(to - from),
      });
      block.title = name;
      parts.push(block);
    }
  }
  return [...parts, ...blocks.rows.map((row) => rowHead(model, row, { grouped, chosen }))];
}

function moments(model: Model, column: Column, chosen: Marked): (HTMLElement | "")[] {
  const { integer } = numbers;
  const wide = wordy(column);
  return Array.from(column.moments, (i, at) => {
    const iteration = model.iterations[i];
    // Thousands of narrow ones: the cells below can be clicked as well.
    if (!wide && !chosen.pins.includes(iteration)) return "";
    const label = make("button", "correlation-moment", wide ? integer(iteration) : "", {
      left: px(at * column.step),
      width: px(column.step),
    });
    label.dataset.iteration = String(iteration);
    label.setAttribute("aria-label", `iteration ${integer(iteration)}`);
    label.classList.toggle("correlation-pinned", chosen.pins.includes(iteration));
    return label;
  });
}

/** Return the elements above the columns; names are left out where they would overlap. */
export function columnHeads(
  model: Model,
  blocks: { columns: readonly Column[] },
  { chosen }: { chosen: Marked },
): HTMLElement[] {
  let free = -Infinity; // where the last upright name ends
  return blocks.columns.map((column) => {
    const head = make("div", "correlation-column", "", {
      left: px(column.left),
      width: px(column.width),
    });
    const name = model.shortClass(column.c);
    const button = make("button", "correlation-class", "");
    button.dataset.class = String(column.id);
    button.setAttribute("aria-expanded", String(column.split));
    button.setAttribute("aria-label", model.classWords(column.c));
    const mine = chosen.classes.includes(column.id);
    head.classList.toggle("correlation-chosen", mine);
    const wide = across(column);
    const middle = column.left + column.width / 2;
    if (wide || middle - LETTER / 2 >= free || mine) {
      const text = make("span", wide ? "correlation-across" : "correlation-upright", name);
      if (!wide) text.style.left = px(column.width / 2);
      button.append(text);
      if (!wide) free = middle + LETTER / 2;
    }
    head.append(button);
    if (column.split) head.append(...moments(model, column, chosen));
    head.dataset.split = column.split ? (wordy(column) ? "words" : "ticks") : "no";
    return head;
  });
}
