// A drawing of each kind of chart of a run's first page that nobody sees, made while a page that leads
// to runs is at rest: the browser has compiled what draws them, and found its fonts, before a run is
// opened. Drawn for the first time they take two to five times as long.

import type { Matrix, Numbers } from "../base/fetch.ts";
import { rehearse } from "../core/chart.ts";
import type { MapOptions, StripOptions } from "../core/chartoptions.ts";
import { hasPage } from "../core/page.ts";

const WAIT_MS = 100; // before it is looked again whether there are runs
const MOST_LOOKS = 50;
// A link to a page of a run (core/askahead.ts).
const LINK = 'a[data-version]:not([data-version=""])';
const COLUMNS = 256;
const ROWS = 256;
const POINTS = 4 * COLUMNS;

const iteration = Int32Array.from({ length: COLUMNS }, (_, at) => 10 * at);
const shaped = <Array extends Numbers>(array: Array, ...shape: number[]): Matrix<Array> =>
  Object.assign(array, { shape });

/** Numbers that differ, and have no pattern that a picture could be drawn faster by. */
const noise = (at: number) => 1 + ((at * 7919) % 997);

const MAP: MapOptions = {
  label: "",
  url: "",
  array: "values",
  labels: "names",
  scaling: "log",
  extreme: "absolute",
  maxHeight: 128,
};
const STRIP: StripOptions = {
  label: "",
  url: "",
  panels: [
    { title: "loss", lines: [{ series: "loss", name: "loss", colour: "--dt-blue" }] },
    {
      title: "rate",
      step: true,
      log: true,
      lines: [{ series: "loss", name: "", colour: "--dt-blue" }],
    },
  ],
};

function rehearseMap(): void {
  const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, at) => noise(at));
  const names = Array.from({ length: ROWS }, (_, row) => `row ${row}`);
  const arrays = { iteration: shaped(iteration, COLUMNS), values: shaped(values, ROWS, COLUMNS) };
  rehearse("pixelmap", MAP, { arrays, meta: { names } });
}

function rehearseStrip(): void {
  const iterations = Int32Array.from({ length: POINTS }, (_, at) => (10 * at) / 4);
  const values = Float64Array.from(iterations, noise);
  const arrays = {
    iteration: shaped(iteration, COLUMNS),
    "series.loss.iterations": shaped(iterations, POINTS),
    "series.loss.values": shaped(values, POINTS),
    "series.loss.odd": shaped(new Int32Array(0), 0),
  };
  rehearse("strip", STRIP, { arrays, meta: { series: {} } });
}

/** One after the other, each when there is nothing else to do and the page has come. */
function atRest([next, ...others]: (() => void)[], looks = MOST_LOOKS): void {
  if (!next) return;
  requestIdleCallback(() => {
    if (document.querySelector("[data-chart]")) return;
    if (document.querySelector(LINK)) {
      next();
      atRest(others);
    } else if (looks) setTimeout(() => atRest([next, ...others], looks - 1), WAIT_MS);
  });
}

if (hasPage() && "requestIdleCallback" in window)
  addEventListener("load", () => {
    // Twice: the second time of what the browser has learned from the first.
    atRest([rehearseStrip, rehearseMap, rehearseStrip, rehearseMap]);
  });
