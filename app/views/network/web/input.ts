// What pointer, wheel and keys do to the graph.
//
// A drag moves the drawing; Ctrl or ⌘ with the wheel zooms about the pointer (without a key the wheel
// scrolls the page, as everywhere); two fingers zoom. Arrows go along the edges.

import { type Chart, type ChartKinds, keyTable, selectionStore } from "#app/web/index.ts";
import type { Graph } from "./graph.ts";
import type { Viewport } from "./viewport.ts";

const WHEEL = 0.0015; // of a zoom, to a pixel of the wheel
const STEP = 1.4; // of a key or a button
const STILL = 4; // pixels: a click is no drag
const TWICE = 500; // ms in which a second click belongs to the one that folded something

/** The chart whose input it is. */
interface Owner {
  readonly chart: Chart<ChartKinds["networkgraph"]>;
  readonly canvas: HTMLCanvasElement;
  readonly graph: Graph | null;
  readonly view: Viewport;
  /** The node under the pointer, or marked by the keyboard. */
  readonly pointed: number | null;
  point(node: number | null, event?: PointerEvent): void;
  /** Tell of the frame of a group that is open. */
  frame(group: number, event: PointerEvent): void;
  go(node: number): void;
  choose(node: number): void;
  /** Fold a group, or unfold it. */
  turn(group: number): void;
  openTo(level: number): void;
  open(node: number): void;
}

export class Input {
  private readonly owner: Owner;
  /** The fingers and buttons that are down, where they are. */
  private readonly down = new Map<number, [x: number, y: number]>();
  private moved = 0;
  /** When a click last folded or unfolded something. */
  private turned = { when: -Infinity, place: [0, 0] };
  private readonly buttons: (event: Event) => void;

  constructor(owner: Owner) {
    this.owner = owner;
    const { element } = owner.chart;
    element.classList.add("network-graph");
    element.tabIndex = 0;
    element.setAttribute("role", "application");
    element.setAttribute("aria-label", `${owner.chart.options.label}: arrows go along its edges`);
    owner.canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    owner.canvas.addEventListener("pointermove", (event) => this.pointed(event));
    for (const name of ["pointerup", "pointercancel"] as const)
      owner.canvas.addEventListener(name, (event) => this.released(event));
    owner.canvas.addEventListener("pointerleave", () => this.down.size || owner.point(null));
    owner.canvas.addEventListener("dblclick", (event) => this.twice(event));
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("blur", () => owner.point(null));
    this.buttons = (event) => this.button(event);
    document.addEventListener("click", this.buttons);
  }

  destroy(): void {
    document.removeEventListener("click", this.buttons);
  }

  /** Return the node at an event; null: none. */
  nodeAt(event: MouseEvent): number | null {
    const { graph, view } = this.owner;
    return graph?.at(...view.at(...this.place(event))) ?? null;
  }

  /** Return the group whose frame is at an event; null: none is. */
  private groupAt(event: MouseEvent): number | null {
    const { graph, view } = this.owner;
    return graph?.groupAt(...view.at(...this.place(event))) ?? null;
  }

  private place(event: MouseEvent): [x: number, y: number] {
    const { left, top } = this.owner.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  private pressed(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.owner.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, this.place(event));
    if (this.down.size === 1) this.moved = 0;
  }

  private pointed(event: PointerEvent): void {
    const before = this.down.get(event.pointerId);
    if (!before) {
      const node = this.nodeAt(event);
      const group = node === null ? this.groupAt(event) : null;
      this.owner.point(node, event);
      if (group !== null) this.owner.frame(group, event);
      this.owner.canvas.style.cursor = node === null && group === null ? "grab" : "pointer";
      return;
    }
    const now = this.place(event);
    const [x, y] = [now[0] - before[0], now[1] - before[1]];
    this.moved += Math.hypot(x, y);
    const other = [...this.down].find(([id]) => id !== event.pointerId)?.[1];
    this.down.set(event.pointerId, now);
    if (this.moved < STILL) return;
    if (other) {
      const apart = (place: [number, number]) =>
        Math.hypot(place[0] - other[0], place[1] - other[1]);
      this.owner.view.zoom(apart(now) / Math.max(1, apart(before)), ...other);
    } else this.owner.view.pan(x, y);
    this.owner.point(null);
    this.owner.chart.invalidate();
  }

  private released(event: PointerEvent): void {
    if (!this.down.delete(event.pointerId) || event.type === "pointercancel") return;
    if (this.moved >= STILL || this.again(event)) return;
    const { graph } = this.owner;
    const node = this.nodeAt(event);
    const open = node === null || !graph?.isFolded(node);
    const group = node === null ? this.groupAt(event) : open ? null : graph!.groupOf(node);
    if (group !== null) {
      this.turned = { when: event.timeStamp, place: this.place(event) };
      this.owner.turn(group);
    } else if (node !== null) this.owner.choose(node);
  }

  private twice(event: MouseEvent): void {
    const node = this.nodeAt(event);
    if (node !== null && !this.again(event)) this.owner.open(node);
  }

  /** Return whether an event is the second click of one that folded or unfolded. */
  private again(event: MouseEvent): boolean {
    const { when, place } = this.turned;
    const [x, y] = this.place(event);
    const near = Math.hypot(x - place[0], y - place[1]) < STILL;
    return near && event.timeStamp - when < TWICE;
  }

  private wheel(event: WheelEvent): void {
    if (!(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.owner.view.zoom(Math.exp(-event.deltaY * WHEEL), ...this.place(event));
    this.owner.chart.invalidate();
  }

  private button(event: Event): void {
    const pressed =
      event.target instanceof Element &&
      event.target.closest<HTMLElement>("[data-zoom], [data-opento]");
    const panel = this.owner.chart.element.closest(".dt-panel");
    if (!pressed || !panel?.contains(pressed)) return;
    const { zoom, opento } = pressed.dataset;
    if (opento) this.owner.openTo(Number(opento));
    else this.zoom(zoom);
  }

  /** Zoom in or out, or show the whole. */
  zoom(how: string | undefined): void {
    if (how === "fit") this.owner.view.fit();
    else this.owner.view.zoom(how === "in" ? STEP : 1 / STEP);
    this.owner.chart.invalidate();
  }

  private key(event: KeyboardEvent): void {
    if (event.target !== this.owner.chart.element || !pressed(this, event)) return;
    event.preventDefault();
    event.stopPropagation(); // the same keys move the cursor over other charts
  }

  /** Go along the edges: down to an output, up to an input; aside within the row. */
  move(key: string): void {
    const { graph, pointed } = this.owner;
    if (!graph?.count) return;
    if (pointed === null) {
      const [layer] = selectionStore.get().layers;
      this.owner.go((layer === undefined ? null : graph.nodeOf(layer)) ?? 0);
    } else if (key === "ArrowLeft" || key === "ArrowRight")
      this.owner.go(graph.beside(pointed, key === "ArrowLeft" ? -1 : 1));
    else {
      const along = key === "ArrowDown" ? graph.outputs : graph.inputs;
      const step = key === "ArrowDown" ? 1 : -1;
      // Where no edges are known, in the order of the network.
      const next = graph.meta.recorded ? along[pointed][0] : pointed + step;
      if (next !== undefined && next >= 0 && next < graph.count) this.owner.go(next);
    }
  }

  end(last: boolean): void {
    const { graph } = this.owner;
    if (graph?.count) this.owner.go(last ? graph.count - 1 : 0);
  }

  choose(): boolean {
    if (this.owner.pointed === null) return false;
    this.owner.choose(this.owner.pointed);
    return true;
  }

  open(): boolean {
    if (this.owner.pointed === null) return false;
    this.owner.open(this.owner.pointed);
    return true;
  }

  /** Fold what the marked node is in, or unfold it. */
  turn(): boolean {
    const { graph, pointed } = this.owner;
    const group = pointed === null ? null : (graph?.groupOf(pointed) ?? null);
    if (group === null) return false;
    this.owner.turn(group);
    return true;
  }

  leave(): boolean {
    if (this.owner.pointed === null) return false;
    this.owner.point(null);
    return true;
  }
}

const pressed = keyTable<Input>({ title: "In the graph", within: ".network-graph" }, [
  {
    keys: ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"],
    says: "go along the edges, and aside in a row",
    act: (input, _event, key) => input.move(key),
  },
  {
    keys: ["Home", "End"],
    says: "go to the input, and to the output",
    act: (input, _event, key) => input.end(key === "End"),
  },
  { keys: [" "], says: "choose the layer", act: (input) => input.choose() },
  { keys: ["Enter"], says: "open the layer in the layer view", act: (input) => input.open() },
  { keys: ["f"], says: "fold the block of the node, or unfold it", act: (input) => input.turn() },
  {
    keys: ["+", "="],
    says: "zoom in",
    act: (input) => input.zoom("in"),
  },
  { keys: ["-"], says: "zoom out", act: (input) => input.zoom("out") },
  { keys: ["0"], says: "show the whole network", act: (input) => input.zoom("fit") },
  { keys: ["Escape"], says: "mark no node", act: (input) => input.leave() },
]);
