// The graph as it is laid out: which nodes lead to which, what is where, what a search finds.

import type { Answer } from "#app/web/index.ts";
import type { Box, GraphArrays, GraphMeta, Nodes } from "./types.ts";

export class Graph {
  readonly meta: GraphMeta;
  readonly arrays: GraphArrays;
  readonly nodes: Nodes;
  readonly count: number;
  /** By node: the nodes that its input comes from, and those that its output goes to. */
  readonly inputs: number[][];
  readonly outputs: number[][];

  constructor({ meta, arrays }: Answer<GraphMeta, GraphArrays>) {
    this.meta = meta;
    this.arrays = arrays;
    this.nodes = meta.nodes;
    this.count = this.nodes.name.length;
    this.inputs = Array.from({ length: this.count }, () => []);
    this.outputs = Array.from({ length: this.count }, () => []);
    arrays.source.forEach((source, edge) => {
      this.outputs[source].push(arrays.target[edge]);
      this.inputs[arrays.target[edge]].push(source);
    });
  }

  /** Return the size of a node: an operation is narrower. */
  sizeOf(node: number): [width: number, height: number] {
    const [width, height] = this.meta.node;
    return this.nodes.kind[node] === "operation" ? [width * 0.56, height] : [width, height];
  }

  boxOf(node: number): Box {
    const [width, height] = this.sizeOf(node);
    const { x, y } = this.arrays;
    return { left: x[node] - width / 2, top: y[node] - height / 2, width, height };
  }

  /** Return the node at a point of the drawing; null: none. */
  at(x: number, y: number): number | null {
    for (let node = 0; node < this.count; node++) {
      const { left, top, width, height } = this.boxOf(node);
      if (x >= left && x <= left + width && y >= top && y <= top + height) return node;
    }
    return null;
  }

  /** Return the group whose frame is at a point, the innermost; null: none is. */
  groupAt(x: number, y: number): number | null {
    const { group } = this.meta.frames;
    // Those of blocks come after those of their stages.
    for (let at = group.length - 1; at >= 0; at--) {
      const { left, top, width, height } = this.frameOf(at);
      const inside = x >= left && x <= left + width && y >= top && y <= top + height;
      if (inside && group[at] >= 0) return group[at];
    }
    return null;
  }

  frameOf(at: number): Box {
    const [left, top, width, height] = this.arrays.frame.subarray(4 * at, 4 * at + 4);
    return { left, top, width, height };
  }

  isFolded(node: number): boolean {
    return this.nodes.kind[node] === "folded";
  }

  /** Return the innermost group that a node is in, of a folded one its own; null: none. */
  groupOf(node: number): number | null {
    return this.nodes.group[node].at(-1) ?? null;
  }

  /** Return the nodes of a group as they are now. */
  within(group: number): number[] {
    return this.nodes.group.flatMap((own, node) => (own.includes(group) ? node : []));
  }

  /** Return the nodes whose names, kinds or layers a text is in; null: there is no text. */
  found(search: string): Set<number> | null {
    const text = search.trim().toLowerCase();
    if (!text) return null;
    const { name, type, called, after, block } = this.nodes;
    const found = new Set<number>();
    for (let node = 0; node < this.count; node++) {
      const parts = [name[node], type[node], block[node], ...called[node], ...after[node]];
      const words = parts.join("\n").toLowerCase();
      if (words.includes(text) || words.replaceAll("×", "x").includes(text)) found.add(node);
    }
    return found;
  }

  /** Return what holds some nodes. */
  around(nodes: Iterable<number>): Box {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const node of nodes) {
      const box = this.boxOf(node);
      left = Math.min(left, box.left);
      top = Math.min(top, box.top);
      right = Math.max(right, box.left + box.width);
      bottom = Math.max(bottom, box.top + box.height);
    }
    return { left, top, width: right - left, height: bottom - top };
  }

  /** Return the node beside another: -1 to the left, 1 to the right, in its row; itself where none is. */
  beside(node: number, step: -1 | 1): number {
    const { x, y } = this.arrays;
    let best = node;
    for (let other = 0; other < this.count; other++) {
      const apart = (x[other] - x[node]) * step;
      if (y[other] !== y[node] || apart <= 0) continue;
      if (best === node || apart < (x[best] - x[node]) * step) best = other;
    }
    return best;
  }

  /** Return the node that holds a layer; null: none. */
  nodeOf(layer: number): number | null {
    const node = this.nodes.layers.findIndex((layers) => layers.includes(layer));
    return node < 0 ? null : node;
  }
}
