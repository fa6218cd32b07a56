// From the arrays of an answer to the distributions of one node.

import { placesOf } from "./times.ts";
import type { PairArrays, RunArrays, Spread } from "./types.ts";

/** Return the arrays of what is drawn over a run. */
export function otherOf(arrays: PairArrays): RunArrays {
  const found = Object.entries(arrays).flatMap(([name, values]) =>
    name.startsWith("other.") ? [[name.slice("other.".length), values]] : [],
  );
  return Object.fromEntries(found) as RunArrays;
}

/** Return what is known of the node `at`; `first` is the first bin, `over` what snapshots lie over. */
export function spreadOf(arrays: RunArrays, first: number, at: number, over: string): Spread {
  const snapshots = arrays.iteration.length;
  const bins = arrays.count.shape[2];
  const row = (name: "lowest" | "highest") =>
    arrays[name].subarray(at * snapshots, (at + 1) * snapshots);
  return {
    iteration: arrays.iteration,
    place: placesOf(over, arrays.iteration, arrays.clock)!,
    over,
    count: arrays.count.subarray(
      at * snapshots * bins,
      (at + 1) * snapshots * bins,
    ) as Spread["count"],
    bins,
    first,
    percentile: arrays.percentile.subarray(at * 9 * snapshots, (at + 1) * 9 * snapshots),
    lowest: row("lowest"),
    highest: row("highest"),
    odd: arrays.odd.subarray(at * snapshots, (at + 1) * snapshots),
  };
}
