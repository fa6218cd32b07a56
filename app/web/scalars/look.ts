// How the scalars of one run are drawn: a line for each, in colours of its own.

import { make } from "../base/elements.ts";
import type { Look } from "./card.ts";
import { labelOf, type Plot, partOf } from "./names.ts";

export const COLOURS = [
  "--dt-blue",
  "--dt-orange",
  "--dt-learned",
  "--dt-violet",
  "--dt-forgotten",
  "--dt-pin",
] as const;
const TRAINING = /^train/i;

/** Return the colour of a line: training is blue wherever it has others beside it. */
function colour({ lines }: Plot, at: number): string {
  const trained = lines.findIndex(([, name]) => TRAINING.test(partOf(name)));
  if (trained < 0) return COLOURS[at % COLOURS.length];
  if (at === trained) return COLOURS[0];
  return COLOURS[1 + ((at < trained ? at : at - 1) % (COLOURS.length - 1))];
}

/** Return the keys of a chart as an address lists them. */
export const keysOf = ({ lines }: Plot): string => lines.map(([key]) => key).join(",");

/** Return how the scalars of the run are drawn whose lines an address has. */
export const lookOfRun = (address: string): Look => ({
  lines: (plot) =>
    plot.lines.map(([key, name], at) => ({
      series: key,
      name: plot.lines.length > 1 ? labelOf(plot, at) : name,
      colour: colour(plot, at),
    })),
  hidden: (_plot, keys) => [...keys],
  table: (plot) => `${address}?names=${keysOf(plot)}`,
  swatch: (plot, at) => {
    const made = make("i", "dt-swatch");
    made.style.background = `var(${colour(plot, at)})`;
    return made;
  },
  isOf: (series, key) => series === key,
});
