// Grids of random cells and mini-sets for tests, the same for the same seed.

import "#app/web/testpage.ts";
import { describe } from "node:test";
import { Model } from "./model.ts";
import type { DetailAnswer, GridAnswer, Names } from "./types.ts";

/** Return numbers 0..1 that depend on the seed alone. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

export const SIZES: [layers: number, classes: number, iterations: number][] = [
  [1, 1, 1],
  [1, 6, 4],
  [7, 1, 4],
  [5, 8, 12],
  [12, 30, 40],
  [60, 200, 300],
];

export interface Given {
  answer: GridAnswer;
  detail: DetailAnswer;
  names: Names;
  /** What the arrays were made of: the places of the iterations of each class. */
  moments: number[][];
  /** The mini-sets. */
  parts: { layer: number; filters: number[]; present: number[] }[];
}

/** Return a grid of layers with ids 1, 3, 5 .. and classes with ids 2, 5, 8 .. */
export function gridOf(layers: number, classes: number, iterations: number, seed = 1): Given {
  const next = random(seed);
  const whole = (most: number) => Math.floor(next() * (most + 1));
  const cells = layers * classes;
  const moments = upTo(classes).map(() => upTo(iterations).filter(() => next() < 0.5));
  const starts = [0];
  for (const some of moments) starts.push(starts[starts.length - 1] + some.length);
  const some = (count: number, most: number) => Array.from({ length: count }, () => whole(most));
  const layer = Int32Array.from({ length: layers }, (_, r) => 2 * r + 1);
  const answer: GridAnswer = {
    arrays: {
      layer,
      class: Int32Array.from({ length: classes }, (_, c) => 3 * c + 2),
      iteration: Int32Array.from({ length: iterations }, (_, i) => 100 * (i + 1)),
      class_start: Int32Array.from(starts),
      class_iteration: Int32Array.from(moments.flat()),
      holds: Uint8Array.from(some(layers * iterations, 9)),
      count: Int32Array.from(some(cells, 12)),
      sets: Int32Array.from(some(cells, 5)),
      members: Int32Array.from(some(cells, 30)),
      level: Uint8Array.from(some(cells, 4)),
      hits: Int32Array.from(some(cells, 6)),
      base: Int32Array.from(some(cells, 20)),
      expected: Float32Array.from({ length: cells }, next),
      usual: Float32Array.from({ length: cells }, next),
      lift: Float32Array.from({ length: cells }, () => 4 * next()),
      q: Float32Array.from({ length: cells }, next),
    },
    meta: {
      reason: null,
      message: "",
      note: "",
      population: 50,
      cells,
      strongest: [],
      k: 3,
      m: 2,
      top: 10,
    },
  };
  const parts = upTo(3 * layers).map(() => ({
    layer: layer[whole(layers - 1)],
    filters: upTo(1 + whole(20)),
    present: upTo(iterations).filter(() => next() < 0.4),
  }));
  const ends = (lengths: number[]) => {
    const found = [0];
    for (const length of lengths) found.push(found[found.length - 1] + length);
    return Int32Array.from(found);
  };
  const detail: DetailAnswer = {
    arrays: {
      iteration: answer.arrays.iteration,
      part_layer: Int32Array.from(parts, (part) => part.layer),
      part_size: Int32Array.from(parts, (part) => part.filters.length),
      part_weight: Int32Array.from(parts, (part) => part.filters.length * part.present.length),
      part_sets: Int32Array.from(parts, (part) => part.present.length),
      part_start: ends(parts.map((part) => part.filters.length)),
      part_filter: Int32Array.from(parts.flatMap((part) => part.filters)),
      presence_start: ends(parts.map((part) => part.present.length)),
      presence: Int32Array.from(parts.flatMap((part) => part.present)),
    },
  };
  const names: Names = {
    layers: upTo(2 * layers).map((id) => `layer${(id * 7) % 11}.conv${id}`),
    classes: upTo(3 * classes).map((id) => `kind ${(id * 5) % 13}`),
    stages: upTo(2 * layers).map((id) => `stage${id >> 2}`),
    blocks: upTo(2 * layers).map((id) => `block${id >> 1}`),
    filters: upTo(2 * layers).map(() => 64),
  };
  return { answer, detail, names, moments, parts };
}

/** A grid of some size, with its model and the places of its cells, row by row. */
export interface Sized {
  given: Given;
  model: Model;
  cells: number[][];
  layers: number;
  classes: number;
}

/** Describe a grid of each size by some tests. */
export function describeGrids(tests: (grid: Sized) => void): void {
  for (const [layers, classes, iterations] of SIZES) {
    describe(`a grid of ${layers} x ${classes} with ${iterations} iterations`, () => {
      const given = gridOf(layers, classes, iterations, layers + classes);
      const model = new Model(given.answer, given.names);
      const cells = upTo(layers * classes).map((at) => [Math.floor(at / classes), at % classes]);
      tests({ given, model, cells, layers, classes });
    });
  }
}
