// What the rows of the validation view say under the pointer: the true numbers, in words.

import { numbers, pictures, predictions, type TooltipLine } from "#app/web/index.ts";
import * as validation from "./anomalies.ts";
import { withoutPrediction } from "./rowmodel.ts";
import type { ValidationRows } from "./rows.ts";
import { type Block, type BlockKind, columnIn, type Hit, type OpenedBlock } from "./types.ts";

/** What a row is called, and what a click on it does. */
interface Name {
  title: string;
  hint?: string;
}
interface Description {
  title: string;
  lines: TooltipLine[];
  picture?: HTMLCanvasElement | null;
}

/** The images of a row, where they are counted. */
type Counts = Partial<Record<BlockKind, number>>;

const HINTS: Partial<Record<BlockKind, string>> = {
  cluster: "Click to show or hide its classes",
  class: "Click to show or hide its images; the star's place pins the class on top",
  image: "Click to choose this image",
};

export function name(view: ValidationRows, { block, row }: Omit<Hit, "at">): Name {
  const { names, sizes, groups, images } = view.model;
  const { plural } = numbers;
  const hint = HINTS[block.kind];
  switch (block.kind) {
    case "overall":
      return { title: `All classes, ${plural(images, "image", "images")}` };
    case "cluster":
      return {
        title: `Cluster ${row + 1}, ${plural(groups!.arrays.size[row], "class", "classes")}`,
        hint,
      };
    case "class":
      return { title: `${names[row]}, ${plural(sizes[row], "image", "images")}`, hint };
    case "partner":
      return { title: partnerTitle(names, block.classId, block.opened.partner[row]) };
    default:
      return { title: `${names[block.classId]}, image ${row + 1}`, hint };
  }
}

function partnerTitle(names: readonly string[], classId: number, partner: number): string {
  const words = predictions.predictedAs(names, partner);
  return `${names[classId]}${partner < 0 ? ":" : ""} ${words}`;
}

function anomalyLines(
  view: ValidationRows,
  block: Block,
  row: number,
  column: number,
): TooltipLine[] {
  return (view.cellsOf(block, row) || [])
    .filter((cell) => cell.column === column)
    .map((cell) => [
      validation.SIDES[cell.side],
      `${cell.forgotten} forgotten, ${cell.learned} learned${cell.classes ? ` in ${numbers.plural(cell.classes, "class", "classes")}` : ""}`,
    ]);
}

function errorLines(
  view: ValidationRows,
  block: Block,
  row: number,
  column: number,
): TooltipLine[] {
  const { integer, percent } = numbers;
  const value = block.matrix.data[row * block.matrix.width + columnIn(block.matrix, column)];
  const count = ({ overall: view.model.images, class: view.model.sizes[row] } as Counts)[
    block.kind
  ];
  if (count && Number.isNaN(value)) return [["error", "not validated"]];
  const wrong = Math.round((1 - value) * count!);
  const images = count ? ` (${integer(wrong)} of ${integer(count)} wrong)` : "";
  const lines: TooltipLine[] = [["error", `${percent(1 - value)}${images}`]];
  const without = withoutPrediction(view.model, block, row, column);
  if (block.kind === "class" && view.model.pooled > 1)
    lines.push([`highest of up to ${view.model.pooled} snapshots; zoom in for each`]);
  if (without) lines.push(["no prediction", numbers.plural(without, "image", "images")]);
  return lines;
}

function imageLines(
  view: ValidationRows,
  block: OpenedBlock<"image">,
  row: number,
  column: number,
): TooltipLine[] {
  const { opened, classId } = block;
  const { names } = view.model;
  const at = row * block.matrix.width + column;
  const taken = opened.prediction[at];
  const first = opened.first_learned[row];
  const { iterations } = view.chart.axis;
  return [
    verdict(names, taken, classId),
    [`probability of ${names[classId]}`, numbers.percent(opened.probability[at])],
    ["forgotten", numbers.plural(opened.forgotten[row], "time", "times")],
    ["first correct at", first < 0 ? "never" : numbers.integer(iterations[first])],
  ];
}

function verdict(names: readonly string[], taken: number, classId: number): TooltipLine {
  if (taken === classId) return ["right", "✓"];
  const named = predictions.predictedClass(names, taken);
  return taken < 0 ? ["prediction", named] : ["predicted as", named];
}

/** Return {title, lines, picture} of a row at a column. */
export function describe(view: ValidationRows, hit: Hit, column: number): Description {
  const { block, row } = hit;
  const { integer } = numbers;
  const lines: TooltipLine[] = [["iteration", integer(view.chart.axis.iterations[column])]];
  if (columnIn(block.matrix, column) < 0) return { title: name(view, hit).title, lines };
  if (block.kind === "partner") {
    lines.push(["images", integer(block.matrix.data[row * block.matrix.width + column])]);
  } else if (block.kind === "image") lines.push(...imageLines(view, block, row, column));
  else
    lines.push(...errorLines(view, block, row, column), ...anomalyLines(view, block, row, column));
  return { title: name(view, hit).title, lines, picture: pictureOf(view, block, row) };
}

function pictureOf(
  view: ValidationRows,
  block: Block,
  row: number,
): HTMLCanvasElement | null | undefined {
  if (block.kind !== "image") return null;
  const count = block.opened.images.length;
  const key = `${block.classId} ${row}`;
  if (view.pictureKey !== key) {
    view.pictureKey = key;
    view.picture = pictures.picture(view.chart.options.base, block.classId, count, row, 96);
  }
  return view.picture;
}
