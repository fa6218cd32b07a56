// The scales that the faces of the cube are painted by: of what was measured, of sets, of lifts.

import { colours, type Scale } from "#app/web/index.ts";
import type { CubeMatrix } from "./slices.ts";

/** Return the scale of a matrix of sets: nothing, no filters, then 1 .. high. */
function setScale(high: number): Scale {
  const { table, packed } = colours;
  const steps = table("magnitude").slice();
  steps[0] = packed("--dt-empty");
  steps[1] = packed("--cube-none");
  const from = 40; // further from the ground than the palette's first colours
  const index = (value: number) => {
    if (value !== value) return -1;
    if (value <= 0) return value < 0 ? 0 : 1;
    return from + Math.round((255 - from) * Math.min(1, (value - 1) / Math.max(1, high - 1)));
  };
  return {
    colours: steps,
    index,
    low: 1,
    high,
    log: false,
    constant: null,
    bar: steps.slice(from),
  };
}

/** Return the scale of lifts: 1 is the middle of a log scale. */
function liftScale(values: Float32Array): Scale {
  let [least, most] = [1, 1];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value > most) most = value;
    else if (value > 0 && value < least) least = value;
  }
  const span = Math.min(6, Math.ceil(Math.max(1, Math.log2(most), -Math.log2(least))));
  const { table, packed } = colours;
  const steps = table("diverging").slice();
  steps[0] = packed("--dt-empty");
  steps[1] = packed("--cube-none");
  const index = (value: number) => {
    if (value !== value) return -1;
    if (value <= 0) return value < 0 ? 0 : 1;
    const along = (Math.log2(value) + span) / (2 * span);
    return 2 + Math.round(253 * Math.min(1, Math.max(0, along)));
  };
  return {
    colours: steps,
    index,
    low: 2 ** -span,
    high: 2 ** span,
    log: true,
    constant: null,
    bar: steps.slice(2),
  };
}

/** Return the scale of a matrix in the palette of the page. */
export function scaleOf(matrix: CubeMatrix, palette: string): Scale {
  if (matrix.kind === "accuracy") return colours.scale({ palette, low: 0, high: 1 });
  if (matrix.kind === "lift") return liftScale(matrix.data);
  if (matrix.kind === "sets") {
    let high = 1;
    // Millions of them at ten thousand classes: an iterator would take a tenth of a second.
    for (let at = 0; at < matrix.data.length; at++)
      if (matrix.data[at] > high) high = matrix.data[at];
    return setScale(high);
  }
  const fitted = colours.fit(matrix.data, { log: matrix.log });
  return colours.scale({ ...fitted, palette: fitted.signed ? "diverging" : "magnitude" });
}
