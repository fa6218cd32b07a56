// What the confusion matrix says in words: of a cell, in its legend, below it.

import { colours, make, numbers, type TooltipLine } from "#app/web/index.ts";
import { nameOf } from "./answer.ts";
import { placesOf } from "./model.ts";
import { type Picture, type Scales, said } from "./paint.ts";

const WHAT = { count: "images", row: "of the true class", column: "of the predicted class" };

/** Return {title, lines} about a cell or a block. */
export function describe(
  picture: Picture,
  row: number,
  column: number,
): { title: string; lines: TooltipLine[] } {
  const { shown, pooled, as, changes, meta } = picture;
  const { block, rows, columns, order, none, classes } = shown;
  const missing = none && column === pooled.width - 1;
  const value = pooled.values[row * pooled.width + column];
  const names = (at: number, places: readonly [number, number]) => {
    const [from, to] = placesOf(at, places, block);
    const [first, last] = [meta.names[order[from]], meta.names[order[to]]];
    return from === to ? first : `${first} to ${last} (${to - from + 1} classes)`;
  };
  const lines: TooltipLine[] = [
    ["true class", names(row, rows)],
    ["predicted", missing ? nameOf(meta.names, classes) : names(column, columns)],
    [
      changes ? `change, ${WHAT[as]}` : WHAT[as],
      Number.isNaN(value) ? (changes ? "none" : "0") : said(value, as, changes),
    ],
  ];
  if (block > 1) lines.push([shown.sum ? "summed over the block" : "the largest of the block"]);
  lines.push([block > 1 ? "Click to come nearer" : "Click to list the images"]);
  const { integer } = numbers;
  const at = changes ? `${integer(meta.against)} to ${integer(meta.at)}` : integer(meta.at);
  return { title: `At iteration ${at}`, lines };
}

/** Return what the matrix shows, in a sentence. */
export function sentence({ shown, pooled, changes, meta }: Picture): string {
  const { integer } = numbers;
  const at = changes
    ? `Change from ${integer(meta.against)} to ${integer(meta.at)}.`
    : `At iteration ${integer(meta.at)}.`;
  const { block, sum, rows, columns, classes } = shown;
  const part =
    rows[1] - rows[0] + 1 < classes || columns[1] - columns[0] + 1 < classes
      ? ` ${integer(rows[1] - rows[0] + 1)} × ${integer(columns[1] - columns[0] + 1)} of ${integer(classes)} classes.`
      : ` ${numbers.plural(classes, "class", "classes")}.`;
  const pooling =
    block > 1
      ? ` A cell is ${block} × ${block} classes: ${sum ? "their sum" : "the largest of them"}. Click one to come nearer.`
      : " Rows are true classes, columns predicted ones.";
  const nothing = pooled.values.every(Number.isNaN)
    ? changes
      ? " Nothing changed here."
      : " No image here."
    : "";
  return at + part + pooling + nothing;
}

/** Fill the legend: the bar of the errors, and the grey of what is right. */
export function legend(holder: Element | null, picture: Picture, { wrong, right }: Scales): void {
  if (!holder) return; // the page is just being left
  const { as, changes, shown, pooled } = picture;
  const format = as === "count" ? "integer" : "percent";
  const none = pooled.values.every((value, at) => Number.isNaN(value) || pooled.right[at]);
  if (none && !changes) holder.replaceChildren(make("span", "dt-legend-end", "no errors"));
  else
    colours.legend(holder, wrong, {
      format,
      notes: [changes ? "" : "errors", ""],
      pooled: shown.block > 1 ? (shown.sum ? "sum" : "largest") : "",
    });
  if (changes || !shown.diagonal) return;
  holder.append(
    make("span", "confusion-right"),
    make("span", "dt-legend-end", `right, up to ${numbers.tick(format, right)}`),
  );
}
