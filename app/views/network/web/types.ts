// What the route "network-graph" answers (app/data/network.py), as the files of this view share it.

import type { Iterations, Matrix } from "#app/web/index.ts";

export type Floats = Float32Array<ArrayBuffer>;
export type Integers = Int32Array<ArrayBuffer>;

/** A list by node of each column. */
export interface Nodes {
  kind: ("input" | "layer" | "operation" | "output" | "folded")[];
  name: string[];
  /** What is left of the name within the frame. */
  label: string[];
  /** The ids of its layers, and their names. */
  layers: number[][];
  called: string[][];
  type: string[];
  shape: string[];
  parameters: number[];
  flops: (number | null)[];
  /** What its output goes through. */
  after: string[][];
  /** Which stage it is in; -1: in none. */
  stage: number[];
  block: string[];
  /** The groups that it is in, outermost first; of a folded one the last is its own. */
  group: number[][];
}
/** The stages and blocks that can be folded. */
export interface Groups {
  name: string[];
  kind: ("stage" | "block")[];
  folded: boolean[];
}
export interface Frames {
  kind: ("stage" | "block")[];
  name: string[];
  stage: number[];
  /** -1: it cannot be folded. */
  group: number[];
}
export interface GraphMeta {
  nodes: Nodes;
  groups: Groups;
  /** How far the network is open, but for what was turned over: 1 stages, 2 blocks, 9 layers. */
  level: number;
  frames: Frames;
  size: [width: number, height: number];
  node: [width: number, height: number];
  /** Whether the edges are known. */
  recorded: boolean;
  missing: string;
  /** Layers through which the image did not go. */
  unrun: string[];
}
export interface GraphArrays {
  iteration: Iterations;
  x: Floats;
  y: Floats;
  source: Integers;
  target: Integers;
  points: Matrix<Floats>;
  starts: Integers;
  frame: Matrix<Floats>;
}
/** A part of the drawing, in its own pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}
