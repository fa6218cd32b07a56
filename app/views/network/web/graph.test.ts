// The graph of a small residual network: its neighbours, what is where, what a search finds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Graph } from "./graph.ts";
import type { GraphArrays, GraphMeta } from "./types.ts";

const nodes = {
  kind: ["input", "layer", "layer", "operation"],
  name: ["input", "layer1.0.conv1", "layer1.0.conv2", "add"],
  label: ["input", "conv1", "conv2", "add"],
  layers: [[], [0], [1], []],
  called: [[], ["layer1.0.conv1"], ["layer1.0.conv2"], []],
  type: ["", "Conv2d 3×3", "Conv2d 1×1", ""],
  after: [[], ["ReLU"], [], []],
  block: ["", "layer1.0", "layer1.0", "layer1.0"],
  group: [[], [0, 1], [0, 1], [0]],
} as unknown as GraphMeta["nodes"];
const graph = new Graph({
  meta: { nodes, node: [100, 20], frames: { group: [0, -1, 1] } } as unknown as GraphMeta,
  arrays: {
    x: Float32Array.from([100, 50, 200, 100]),
    y: Float32Array.from([10, 60, 60, 110]),
    source: Int32Array.from([0, 0, 1, 2]),
    frame: Float32Array.from([0, 40, 300, 100, 0, 0, 9, 9, 5, 45, 240, 30]),
    target: Int32Array.from([1, 2, 3, 3]),
  } as unknown as GraphArrays,
});

test("neighbours follow the edges, and stand beside each other in a row", () => {
  assert.deepEqual(graph.outputs[0], [1, 2]);
  assert.deepEqual(graph.inputs[3], [1, 2]);
  assert.equal(graph.beside(1, 1), 2);
  assert.equal(graph.beside(1, -1), 1);
  assert.equal(graph.beside(2, -1), 1);
});

test("a point is in the node that is there, an operation being smaller", () => {
  assert.equal(graph.at(60, 65), 1);
  assert.equal(graph.at(100, 35), null);
  assert.equal(graph.at(100, 110), 3);
  assert.equal(graph.at(25, 110), null);
});

test("a search looks into names, kinds and what follows", () => {
  assert.equal(graph.found("  "), null);
  assert.deepEqual([...graph.found("3x3")!], [1]);
  assert.deepEqual([...graph.found("RELU")!], [1]);
  assert.deepEqual([...graph.found("layer1.0")!], [1, 2, 3]);
  assert.deepEqual([...graph.found("none")!], []);
});

test("what is found lies within one box; a layer has its node", () => {
  assert.deepEqual(graph.around([1, 2]), { left: 0, top: 50, width: 250, height: 20 });
  assert.equal(graph.nodeOf(1), 2);
  assert.equal(graph.nodeOf(7), null);
});

test("a point is in the innermost frame that can be folded; nodes know their groups", () => {
  assert.equal(graph.groupAt(20, 50), 1);
  assert.equal(graph.groupAt(20, 120), 0);
  assert.equal(graph.groupAt(5, 5), null);
  assert.equal(graph.groupOf(0), null);
  assert.equal(graph.groupOf(1), 1);
  assert.deepEqual(graph.within(0), [1, 2, 3]);
  assert.equal(graph.isFolded(1), false);
});
