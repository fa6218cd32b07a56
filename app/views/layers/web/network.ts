// The network as a tree: its nodes, which of them are open, found, in sight, and in which order.

import type { Selection } from "#app/web/index.ts";
import type { Nodes } from "./types.ts";

const OPEN_UP_TO = 150; // networks of more nodes begin with their stages closed

/** The nodes of layer-tree, and which of them are in sight. */
export class Network implements Nodes {
  declare readonly kind: string[];
  declare readonly name: string[];
  declare readonly label: string[];
  declare readonly parent: number[];
  declare readonly depth: number[];
  declare readonly layer: number[];
  declare readonly layers: number[];
  declare readonly filters: number[];
  declare readonly parameters: number[];
  declare readonly type: string[];
  declare readonly kernel: string[];
  declare readonly stride: string[];
  declare readonly inputs: number[];
  declare readonly groups: number[];
  declare readonly shortcut: boolean[];
  declare readonly count: number;
  declare readonly children: number[][];
  declare readonly nodeOfLayer: Map<number, number>;

  constructor(nodes: Nodes) {
    Object.assign(this, nodes);
    this.count = nodes.name.length;
    this.children = Array.from({ length: this.count }, () => []);
    this.parent.forEach((parent, node) => parent >= 0 && this.children[parent].push(node));
    this.nodeOfLayer = new Map();
    this.layer.forEach((layer, node) => layer >= 0 && this.nodeOfLayer.set(layer, node));
  }

  holds(node: number): boolean {
    return this.children[node].length > 0;
  }

  isOpen(node: number, { level, toggled }: Pick<Selection, "level" | "toggled">): boolean {
    const base = level || (this.count > OPEN_UP_TO ? 1 : 9);
    return this.holds(node) && this.depth[node] < base !== toggled.includes(node);
  }

  /** Return the nodes that match a search, with all above them; null: there is no search. */
  found(search: string): Set<number> | null {
    const text = search.trim().toLowerCase();
    if (!text) return null;
    const found = new Set<number>();
    for (let node = 0; node < this.count; node++) {
      const own = [
        this.name[node],
        this.label[node],
        this.type[node],
        this.kernel[node],
        this.kernel[node].replaceAll("×", "x"),
        this.shortcut[node] ? "shortcut" : "",
      ];
      if (!own.some((part) => part.toLowerCase().includes(text))) continue;
      for (let above = node; above >= 0; above = this.parent[above]) found.add(above);
    }
    return found;
  }

  /** Return the nodes in sight from top to bottom; `keys` are the numbers to sort layers by. */
  visible(selection: Selection, keys: ArrayLike<number> | null): number[] {
    const found = this.found(selection.search);
    const kept = (node: number) => !found || found.has(node);
    if (keys) return this.sorted(selection.sort, keys, kept);
    const rows: number[] = [];
    const walk = (node: number) => {
      if (!kept(node)) return;
      rows.push(node);
      if (found || this.isOpen(node, selection)) this.children[node].forEach(walk);
    };
    walk(0);
    return rows;
  }

  sorted(sort: string, keys: ArrayLike<number>, kept: (node: number) => boolean): number[] {
    const rows = [...this.nodeOfLayer.values()].filter(kept);
    const sign = sort.startsWith("-") ? -1 : 1;
    const unknown = (key: number) => Number(!Number.isFinite(key)); // false comes first
    return rows.sort(
      (a, b) =>
        unknown(keys[a]) - unknown(keys[b]) ||
        (unknown(keys[a]) ? 0 : sign * (keys[a] - keys[b])) ||
        a - b,
    );
  }
}

const waiting = new Set<() => void>();
export const layers = {
  network: null as Network | null,
  /** The layer that somebody has just opened: its filters come into sight when they are there. */
  sought: null as number | null,
  /** Call `subscriber` when the network is known, or has changed; returns the way out. */
  subscribe(subscriber: () => void): () => void {
    waiting.add(subscriber);
    return () => waiting.delete(subscriber);
  },
  announce: () => waiting.forEach((subscriber) => subscriber()),
};
