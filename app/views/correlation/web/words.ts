// The correlation view in words: a cell as a sentence, and what its numbers mean.

import { numbers } from "#app/web/index.ts";
import type { Model } from "./model.ts";

/** What it is, and its value. */
export type Line = [label: string, value?: string];

/** Write a chance: "1 in 4,000" and no power of ten; "hardly ever" below one in a million. */
function chance(p: number): string {
  const { integer, number } = numbers;
  if (p >= 0.1) return number(p, 2);
  return p < 1e-6 ? "less than 1 in 1,000,000" : `1 in ${integer(Number((1 / p).toPrecision(2)))}`;
}

/** Return "12 different filters at 3 iterations, 1.2 expected". */
export function counted(model: Model, r: number, c: number): string {
  const { plural, number } = numbers;
  return `${plural(model.at("count", r, c), "different filter", "different filters")} at ${plural(
    model.at("sets", r, c),
    "iteration",
    "iterations",
  )}, ${number(model.at("expected", r, c), 2)} expected`;
}

/** Return "layer3.0.conv1 and class 8: 12 different filters at 3 iterations, 1.2 expected". */
export const sentence = (model: Model, r: number, c: number): string =>
  `${model.layerName(r)} and ${model.classWords(c)}: ${counted(model, r, c)}`;

/** Return what sets a cell apart: how often the layer is so present here, and in the whole run. */
export function presence(model: Model, r: number, c: number): string {
  const { integer, plural } = numbers;
  return `${plural(model.at("level", r, c), "filter", "filters")} or more at ${integer(model.at("hits", r, c))} of ${plural(
    model.momentsOf(c).length,
    "iteration",
    "iterations",
  )}, in the whole run at ${integer(model.at("base", r, c))} of ${integer(model.meta.population)}`;
}

/** Return the lines [label, value] that explain a cell. */
export function facts(model: Model, r: number, c: number, limit: string): Line[] {
  const { integer, number } = numbers;
  const of = model.momentsOf(c).length;
  const count = model.at("count", r, c);
  const lines: Line[] = [
    ["Filters among the most changed", integer(count)],
    [
      "at this many iterations of the class",
      `${integer(model.at("sets", r, c))} of ${integer(of)}`,
    ],
    ["Expected by chance", number(model.at("expected", r, c), 2)],
  ];
  if (!count) return lines;
  const q = model.at("q", r, c);
  lines.push(
    ["On average an iteration: here", number(model.at("members", r, c) / of, 2)],
    ["at any", number(model.at("usual", r, c) / of, 2)],
    ["Lift (the ratio of the two)", `× ${number(model.at("lift", r, c), 2)}`],
    [
      `Iterations with at least ${integer(model.at("level", r, c))}: of the class`,
      `${integer(model.at("hits", r, c))} of ${integer(of)}`,
    ],
    ["of the whole run", `${integer(model.at("base", r, c))} of ${integer(model.meta.population)}`],
    ["Chance of that (q, corrected)", chance(q)],
    [
      q <= (limit === "all" ? 0.05 : Number(limit))
        ? "Stands out: unlikely to be chance"
        : "May well be chance",
    ],
  );
  return lines;
}
