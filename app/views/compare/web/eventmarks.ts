// What happened in several runs: anomalies, annotations and what scripts marked, in time and in words.

import { type Iterations, type Mark as Named, numbers, SIGNS, said } from "#app/web/index.ts";
import type { Aligned, Run } from "./compare.ts";

const NEAR = 8;
/** By the place of the run: of its anomalies, and of its snapshots the iterations and their ticks. */
export type Arrays = Record<
  | `tick.${number}`
  | `at.${number}`
  | `classes.${number}`
  | `images.${number}`
  | `place.${number}`
  | `own.${number}`,
  Iterations
> &
  Record<`right.${number}`, Uint8Array<ArrayBuffer>>;
export interface Meta extends Aligned {
  /** The places of the runs that have a row: where there are many, not all. */
  detailed: readonly number[];
  /** The window and threshold of each run; null where it has no anomalies. */
  windows: readonly ({ k: number; m: number } | null)[];
  /** What each run has marked on its axis; the iterations are its own. */
  marks?: readonly (readonly Named[])[];
}
/** What is asked of an annotation with iterations (app/annotations/answers.py). */
export interface Note {
  target: { first: number; last: number };
  author: string;
  body: string;
  about: string;
  link: string;
  resolved_at: string | null;
}
/** What is drawn of a run `at`; x and y count from the chart's corner. */
export type Mark = { at: number; x: number; y: number } & (
  | { kind: "anomaly"; row: number; note?: undefined }
  | { kind: "note"; note: Note; row?: undefined }
  | { kind: "named"; named: Named; note?: undefined; row?: undefined }
);

/** Return the tick of any iteration of run `at`: between snapshots by its share of the way. */
export function tickOf(arrays: Arrays, at: number, iteration: number): number {
  const [own, place] = [arrays[`own.${at}`], arrays[`place.${at}`]];
  let next = 0;
  while (next < own.length && own[next] < iteration) next++;
  if (next === own.length) return place.at(-1)!;
  if (own[next] === iteration || !next) return place[next];
  const share = (iteration - own[next - 1]) / (own[next] - own[next - 1]);
  return place[next - 1] + share * (place[next] - place[next - 1]);
}

/** Return the mark nearest to a place; null: none is near. */
export function nearest(marks: readonly Mark[], x: number, y: number): Mark | null {
  let best: (Mark & { away: number }) | null = null;
  for (const mark of marks) {
    const away = Math.hypot(mark.x - x, mark.y - y);
    if (away < NEAR && away < (best?.away ?? NEAR)) best = { ...mark, away };
  }
  return best;
}

/** Return a mark of a run in words, and the address of what it stands for. */
export function words(mark: Mark, run: Run, arrays: Arrays): [text: string, address: string] {
  const { integer, plural } = numbers;
  const { at } = mark;
  if (mark.kind === "named") {
    const { named } = mark;
    return [
      `${SIGNS[named.kind]} ${said(named)}`,
      `${run.href}/overview?cursor=${named.iteration}`,
    ];
  }
  if (mark.kind === "note")
    return [`${mark.note.author}: ${mark.note.body}`.slice(0, 140), mark.note.link];
  const { row } = mark;
  const iteration = arrays[`at.${at}`][row];
  const [classes, images] = [arrays[`classes.${at}`][row], arrays[`images.${at}`][row]];
  const what = arrays[`right.${at}`][row] ? "▲ flipped, then stable" : "▼ was stable, then flipped";
  return [
    `iteration ${integer(iteration)}: ${what} for ${plural(images, "image", "images")}, ${plural(
      classes,
      "anomalous class",
      "anomalous classes",
    )}`,
    `${run.href}/validation?cursor=${iteration}&pins=${iteration}`,
  ];
}
