// Every measured quantity, its words, format and place, and what is said where there is nothing to
// show, as the page brought them from Python.

import { numbers } from "../base/numbers.ts";
import { hasPage } from "./page.ts";

interface Measured {
  label: string;
  format: "number" | "percent" | "integer";
  /** Where it stands among those that people choose from. */
  place: number;
}

type Family = Partial<Record<string, Measured>>;

/** What is missing (app/components/empty.py). */
type Missing = "snapshots" | "charts" | "rows" | "values" | "images" | "ticks";

interface Catalogue {
  statistics: Family;
  filters: Family;
  series: Family;
  /** The quantities of layers that are ratios of two norms. */
  ratios: readonly string[];
  empty: Partial<Record<Missing, string>>;
}

let known: Catalogue | undefined;

/** Return the catalogue of the page; an empty one without a page, where names stand for words. */
export function catalogue(): Catalogue {
  known ??= read();
  return known;
}

/** Return what is said where something is missing. */
export const nothing = (missing: Missing): string => catalogue().empty[missing] ?? missing;

/** Return what is said of a class that an address names and the run, with `count` of them, has not. */
export const noClass = (id: number, count: number): string =>
  `There is no class ${numbers.integer(id)} in this run: they are 0 to ${numbers.integer(count - 1)}.`;

/** Whether a quantity is a ratio of two norms, of which there is no statistic to choose. */
export const isRatio = (measure: string): boolean => catalogue().ratios.includes(measure);

const ACTIVATIONS: Record<string, string> = {
  activation: "activations on validation images",
  training_activation: "activations on training batches",
};

/** Whether a quantity is what layers put out, of which there is no histogram, and nothing to merge. */
export const isActivation = (measure: string): boolean => measure in ACTIVATIONS;

/** Return what a quantity is of, in words: "weights", "activations on training batches". */
export const manyOf = (measure: string): string => ACTIVATIONS[measure] ?? `${measure}s`;

function read(): Catalogue {
  if (!hasPage()) return { statistics: {}, filters: {}, series: {}, ratios: [], empty: {} };
  const place = document.querySelector<HTMLMetaElement>('meta[name="deeptracker-catalogue"]');
  if (!place) throw new Error("The page brings no catalogue of measured quantities.");
  return JSON.parse(place.content) as Catalogue;
}
