// What the cube says in words: of the cell under the pointer, of a slice, of a face without cells.

import {
  catalogue,
  colours,
  type Format,
  noClass,
  numbers,
  selectionStore,
  type TooltipLine,
} from "#app/web/index.ts";
import type { Cube } from "./cube.ts";
import type { Shown } from "./faces.ts";
import type { FaceName } from "./geometry.ts";
import type { Cell } from "./input.ts";
import { limitOf } from "./model.ts";
import { entriesOf, momentOf } from "./sets.ts";

/** A cell as the lines of a face read it: they ask only for what the face has. */
interface Known {
  layer: number;
  class: number;
  column: number;
}
type LinesOf = (cube: Cube, what: Shown, cell: Known) => TooltipLine[];

const SIDES: Record<number, string> = {
  1: "was stable, then flipped",
  2: "flipped, then stable",
  3: "was stable, flipped, then stable again",
};
const quantityWords = (name: string): string =>
  catalogue().filters[name]?.label.toLowerCase() ?? name;

const filters = (count: number): string => numbers.plural(count, "filter", "filters");

/** Return the value of a face at a cell; NaN where its matrix has none. */
function valueAt(what: Shown, row: number, column: number): number {
  const own = what.columnOf ? what.columnOf[column] : column;
  const { data, width, rowOf } = what.matrix;
  return own >= 0 && own < width ? data[(rowOf ? rowOf[row] : row) * width + own] : NaN;
}

/** Return {title, lines} of a cell {face, layer, class, column}; what is unknown is null. */
function describe(cube: Cube, cell: Cell): { title: string; lines: TooltipLine[] } {
  const { integer } = numbers;
  const { names } = cube.model.layers;
  const when =
    cell.column === null ? "" : `iteration ${integer(cube.axis.iterations[cell.column])}`;
  const layer = cell.layer === null ? "" : names[cell.layer];
  const name = cell.class === null ? "" : cube.model.className(cell.class);
  const what = cube.shown[cell.face as FaceName];
  const title = [layer && `layer ${layer}`, name && `class ${name}`, when]
    .filter(Boolean)
    .join(" · ");
  if (!what) return { title, lines: [] };
  const lines = (
    { front: frontLines, top: topLines, right: rightLines } as Record<string, LinesOf>
  )[cell.face](cube, what, cell as Known);
  return { title, lines };
}

function setLines(_cube: Cube, value: number, name: string, layer: string): TooltipLine[] {
  if (value !== value) return [["not recorded", ""]];
  if (value < 0) return [[`${name} is not anomalous here`]];
  const { top, topquantity } = selectionStore.get();
  return [
    [`of the ${top} most changed`, filters(value)],
    ["by", quantityWords(topquantity)],
    ["layer", layer],
  ];
}

function entryOf(cube: Cube, id: number, column: number): number {
  const sets = cube.model.sets()!;
  const iteration = cube.axis.iterations[column];
  const [from, to] = entriesOf(sets, id);
  for (let entry = from; entry < to; entry++) {
    if (sets.iteration[sets.class_iteration[entry]] === iteration) return entry;
  }
  return -1;
}

/** Return what happened to a class at an iteration, where the grid knows it. */
function anomalyLines(cube: Cube, id: number, column: number): TooltipLine[] {
  const entry = entryOf(cube, id, column);
  if (entry < 0) return [];
  const sets = cube.model.sets()!;
  const images = numbers.plural(sets.class_images[entry], "image", "images");
  return [["anomalous", `${images}: ${SIDES[sets.class_side[entry]]}`]];
}

function frontLines(cube: Cube, what: Shown, { layer, column }: Known): TooltipLine[] {
  const value = valueAt(what, layer, column);
  const { names, stages, filters: sizes } = cube.model.layers;
  if (what.matrix.kind === "sets") {
    const id = selectionStore.get().sliceclass!;
    return [
      ...setLines(cube, value, `class ${cube.model.className(id)}`, names[layer]),
      ...anomalyLines(cube, id, column),
    ];
  }
  const { as, integer } = numbers;
  const lines: TooltipLine[] = [[cube.measure(), as(what.matrix.format, value)]];
  if (column > 0)
    lines.push(["one snapshot before", as(what.matrix.format, valueAt(what, layer, column - 1))]);
  if (stages[layer]) lines.push(["stage", stages[layer]]);
  lines.push(["filters of the layer", integer(sizes[layer])]);
  return lines;
}

function topLines(cube: Cube, what: Shown, { class: id, column }: Known): TooltipLine[] {
  const value = valueAt(what, id, column);
  const { integer, percent } = numbers;
  if (what.matrix.kind === "accuracy") {
    const size = cube.model.sources.ready("errors")!.arrays.images[id];
    const lines = anomalyLines(cube, id, column);
    if (size && Number.isNaN(value)) return [["error", "not validated"], ...lines];
    const wrong = Number.isFinite(value)
      ? ` (${integer(Math.round((1 - value) * size))} of ${integer(size)} wrong)`
      : "";
    const { pooled = 1 } = cube.model.sources.ready("errors")!.meta;
    if (pooled > 1)
      lines.unshift([`highest of up to ${integer(pooled)} snapshots; zoom in for each`]);
    return [["error", percent(1 - value) + wrong], ...lines];
  }
  const { slicelayer } = selectionStore.get();
  if (slicelayer === null) {
    return [
      value < 0 ? ["not anomalous here"] : ["stable images that flip", integer(value)],
      ...anomalyLines(cube, id, column),
    ];
  }
  return [
    ...setLines(cube, value, "this class", cube.model.layers.names[slicelayer]),
    ...anomalyLines(cube, id, column),
  ];
}

function rightLines(cube: Cube, what: Shown, { layer, class: id }: Known): TooltipLine[] {
  const value = valueAt(what, layer, cube.placeOf(id));
  const { integer } = numbers;
  const { sliceiteration } = selectionStore.get();
  if (sliceiteration !== null) {
    return setLines(
      cube,
      value,
      `At iteration ${integer(sliceiteration)} this class`,
      cube.model.layers.names[layer],
    );
  }
  const sets = cube.model.sets()!;
  const [row, column] = [sets.row[layer], sets.column[id]];
  if (column < 0) return [["not anomalous at two or more iterations"]];
  const total = sets.class_start[column + 1] - sets.class_start[column];
  if (row < 0) return [["none of its filters is among the most changed"]];
  const cell = row * sets.grid + column;
  const lines: TooltipLine[] = [
    ["distinct filters", integer(sets.count[cell])],
    ["at", `${integer(sets.sets[cell])} of ${numbers.plural(total, "iteration", "iterations")}`],
  ];
  if (what.matrix.diced)
    return [
      ["distinct filters in the range", integer(Math.max(0, value))],
      ["in the whole run", integer(sets.count[cell])],
    ];
  if (sets.count[cell]) {
    const { number } = numbers;
    lines.push(["filters of these sets together", integer(sets.members[cell])]);
    lines.push([
      "by chance",
      `${number(sets.usual[cell], 3)} (lift ${number(sets.lift[cell], 3)})`,
    ]);
    const more = sets.q[cell] <= limitOf(selectionStore.get());
    lines.push([
      more ? "more than chance" : "may be chance",
      `q = ${numbers.number(sets.q[cell], 2)}`,
    ]);
  }
  return lines;
}

/** Return what a face shows, as the sentence of its card. */
function caption(cube: Cube, face: FaceName): string {
  const selection = selectionStore.get();
  const { names } = cube.model.layers;
  if (face === "front") {
    return selection.sliceclass === null
      ? "Layers × iterations"
      : `Class slice: filters tied to class ${cube.model.className(selection.sliceclass)}`;
  }
  if (face === "top") {
    return selection.slicelayer === null
      ? "Classes × iterations"
      : `Layer slice: classes tied to ${names[selection.slicelayer] ?? "that layer"}`;
  }
  return selection.sliceiteration === null
    ? "Layers × classes"
    : `Iteration slice: sets of ${numbers.integer(selection.sliceiteration)}`;
}

/** Return why a face has no cells to show, or "". */
function note(cube: Cube, face: FaceName): string {
  const selection = selectionStore.get();
  const sets = cube.model.sets();
  const what = cube.shown[face];
  const { integer } = numbers;
  if (face === "front" && selection.sliceclass === null) {
    if (!what || what.matrix.data.some(Number.isFinite)) return "";
    return "Every value of this choice is NaN: it was not recorded. Choose another one.";
  }
  if (face === "front" && selection.sliceclass! >= cube.model.classes)
    return noClass(selection.sliceclass!, cube.model.classes);
  if (!sets || (face === "top" && selection.slicelayer === null)) return "";
  const { reason, message } = sets.meta;
  if (reason && reason !== "single") return message;
  if (face === "front") {
    if (!what || what.matrix.data.some((value) => value >= 0)) return "";
    return `${cube.model.className(selection.sliceclass!)}: anomalous at no iteration with this window and threshold.`;
  }
  if (reason) return message;
  if (face === "top" && !(sets.row[selection.slicelayer!] >= 0)) {
    return `None of this layer's filters is among the ${selection.top} most changed at an anomalous iteration.`;
  }
  if (
    face === "right" &&
    selection.sliceiteration !== null &&
    momentOf(sets, selection.sliceiteration) < 0
  ) {
    return `No class of the grid is anomalous at iteration ${integer(selection.sliceiteration)}. The slider walks through the iterations at which one is.`;
  }
  return "";
}

/** Fill the card of a face: what it shows, and the legend of its colours. */
function card(cube: Cube, face: FaceName): void {
  const { caption: text, legend } = cube.cards[face];
  if (text) {
    text.textContent = caption(cube, face);
    const { sliceclass, slicelayer, sliceiteration } = selectionStore.get();
    text.dataset.sliced = String(
      { front: sliceclass, top: slicelayer, right: sliceiteration }[face] !== null,
    );
  }
  if (!legend) return;
  const what = cube.shown[face];
  const why =
    cube.model.classes || face === "front"
      ? note(cube, face)
      : "No validation images were recorded, so that there is only the front.";
  if (!what || why) {
    legend.textContent = why;
    return;
  }
  legendOf(cube, face, what, legend);
}

function legendOf(cube: Cube, face: FaceName, what: Shown, holder: Element): void {
  const { matrix, scale } = what;
  const bar = { ...scale, colours: scale.bar || scale.colours };
  const options: { format?: Format; missing: boolean; words?: string[] } = {
    format: matrix.format,
    missing: what.missing,
  };
  if (matrix.kind === "accuracy") options.words = ["all wrong", "none wrong"];
  if (matrix.kind === "sets") {
    const unit: [one: string, many: string] =
      face === "top" && selectionStore.get().slicelayer === null
        ? ["image", "images"]
        : ["filter", "filters"];
    options.words = [`1 ${unit[0]}`, numbers.plural(scale.high, ...unit)];
  }
  if (matrix.kind === "lift")
    options.words = [`1/${Math.round(1 / scale.low)}`, `${Math.round(scale.high)} × chance`];
  if (scale.bar) bar.colours = stretch(scale.bar);
  colours.legend(holder, bar, options);
  if (matrix.kind !== "measured" && matrix.kind !== "accuracy")
    holder.append(...samples(cube, face));
  if (matrix.diced) holder.append(span("within the range", "cube-legend-word"));
}

/** Return 256 colours of fewer ones. */
function stretch(colours: Uint32Array): Uint32Array {
  return Uint32Array.from(
    { length: 256 },
    (_, at) => colours[Math.floor((at / 256) * colours.length)],
  );
}

function span(text: string, name: string): HTMLElement {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}

function samples(_cube: Cube, face: FaceName): HTMLElement[] {
  const none = face === "right" ? "anomalous, none" : "anomalous, none of its filters";
  if (face === "top" && selectionStore.get().slicelayer === null) return [];
  const pair = span("", "cube-legend-pair");
  pair.append(span("", "cube-sample cube-sample-band"), span(none, "cube-legend-word"));
  return [pair];
}

export const words = { describe, caption, note, card };
