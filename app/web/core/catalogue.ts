// Every measured quantity, its words, format and place, as the page brought them from Python.

import { hasPage } from "./page.ts";

interface Measured {
  label: string;
  format: "number" | "percent" | "integer";
  /** Where it stands among those that people choose from. */
  place: number;
}

type Family = Partial<Record<string, Measured>>;

interface Catalogue {
  statistics: Family;
  filters: Family;
  series: Family;
}

let known: Catalogue | undefined;

/** Return the catalogue of the page; an empty one without a page, where names stand for words. */
export function catalogue(): Catalogue {
  known ??= read();
  return known;
}

function read(): Catalogue {
  if (!hasPage()) return { statistics: {}, filters: {}, series: {} };
  const place = document.querySelector<HTMLMetaElement>('meta[name="deeptracker-catalogue"]');
  if (!place) throw new Error("The page brings no catalogue of measured quantities.");
  return JSON.parse(place.content) as Catalogue;
}
