// The clusters of each layer as a column of cards, and the edges between those of consecutive layers
// that go together, in bundles. Hovering a card, or the focus of the keyboard, leaves its edges alone.

import {
  type Answer,
  colours,
  type DrawingContext,
  type Matrix,
  make,
  numbers,
  pictures,
  replaceKept,
  type Scale,
  selectionStore,
  sizeCanvas,
} from "#app/web/index.ts";
import type { Floats, Integers } from "./answer.ts";
import { type Bundle, bundles, strongest } from "./model.ts";

/** What the route "probe-clusters" answers: of l layers, G clusters, C classes and E edges. */
export interface ClustersArrays {
  layer: Integers;
  filters: Integers;
  /** Of the filters of all layers, one after the other. */
  label: Integers;
  cluster_layer: Integers;
  cluster: Integers;
  size: Integers;
  liking: Matrix<Floats>;
  mean: Matrix<Floats>;
  classes: Integers;
  image: Matrix<Integers>;
  class: Integers;
  position: Integers;
  images: Integers;
  source: Integers;
  target: Integers;
  together: Floats;
}
export interface ClustersMeta {
  at: number;
  names: Record<string, string>;
  layers: string[];
  pairs: number;
  least: number | null;
}
export type Clusters = Answer<ClustersMeta, ClustersArrays>;

const PICTURES = 3;
const PICTURE = 30;
/** Classes that a cluster is named after. */
const NAMED = 3;
const STEPS = 24;
type Point = readonly [x: number, y: number];

/** Return the scale of likings: deviations of a filter over the classes, 0 in the middle. */
export const likingScale = (): Scale => colours.scale({ palette: "diverging", low: -2, high: 2 });

/** Return what a cluster is called: the classes that it likes most. */
export function likes({ arrays, meta }: Clusters, cluster: number): string {
  const count = arrays.classes.length;
  const liking = arrays.liking.subarray(cluster * count, (cluster + 1) * count);
  const named = strongest(liking, NAMED).map((at) => meta.names[arrays.classes[at]]);
  return named.join(", ") || "no class more than others";
}

export class Flow {
  readonly element: HTMLElement;
  private readonly canvas = make("canvas", "probe-edges");
  private readonly columns = make("div", "probe-columns");
  private readonly cards: HTMLElement[] = [];
  private readonly base: string;
  private answer: Clusters | null = null;
  private bundled: Bundle[] = [];
  private pointed: number | null = null;

  constructor(base: string, choose: (cluster: number) => void) {
    this.base = base;
    this.canvas.setAttribute("aria-hidden", "true");
    this.element = make("div", "probe-flow", make("div", "probe-plane", this.canvas, this.columns));
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Layers from left to right, clusters of their filters");
    this.columns.addEventListener("click", (event) => {
      const at = clusterOf(event);
      if (at !== null) choose(at);
    });
    for (const kind of ["mouseover", "focusin"])
      this.columns.addEventListener(kind, (event) => this.point(clusterOf(event)));
    for (const kind of ["mouseleave", "focusout"])
      this.columns.addEventListener(kind, () => this.point(null));
    this.columns.addEventListener("keydown", (event) => this.key(event));
  }

  /** Show an answer; `layer` is the id of the chosen one. */
  show(answer: Clusters, layer: number): void {
    if (answer !== this.answer) this.make(answer);
    this.columns.querySelectorAll<HTMLElement>("[data-layer]").forEach((column) => {
      column.toggleAttribute("data-chosen", Number(column.dataset.layer) === layer);
    });
    this.paint();
  }

  private make(answer: Clusters): void {
    const { arrays, meta } = answer;
    this.answer = answer;
    this.bundled = bundles(arrays.source, arrays.target, arrays.together);
    this.cards.length = 0;
    const columns = meta.layers.map((name, place) => {
      const column = make("div", "probe-column", make("b", "", name));
      column.dataset.layer = String(arrays.layer[place]);
      return column;
    });
    arrays.cluster_layer.forEach((place, at) => {
      const card = this.card(answer, at);
      this.cards.push(card);
      columns[place].append(card);
    });
    replaceKept(this.columns, "cluster", ...columns);
  }

  private card(answer: Clusters, at: number): HTMLElement {
    const { arrays } = answer;
    const most = arrays.image.shape[1];
    const strip = make("span", "probe-strip");
    for (let rank = 0; rank < Math.min(most, PICTURES); rank++) {
      const cell = at * most + rank;
      if (arrays.image[cell] < 0) continue;
      const [own, count] = [arrays.class[cell], arrays.images[cell]];
      strip.append(pictures.picture(this.base, own, count, arrays.position[cell], PICTURE));
    }
    const size = numbers.plural(arrays.size[at], "filter", "filters");
    const said = likes(answer, at);
    const card = make(
      "button",
      "",
      make("small", "", `${arrays.cluster[at] + 1}: ${size}`),
      strip,
      likingStrip(answer, at),
      make("small", "probe-likes", said),
    );
    card.dataset.cluster = String(at);
    card.title = `Cluster ${arrays.cluster[at] + 1}: ${size} that like most ${said}. Click to see its filters below.`;
    return card;
  }

  private point(cluster: number | null): void {
    if (cluster === this.pointed) return;
    this.pointed = cluster;
    this.paint();
  }

  /** Arrows lead up and down a column, and to the columns beside it. */
  private key(event: KeyboardEvent): void {
    const card = (event.target as Element).closest<HTMLElement>("[data-cluster]");
    const column = card?.parentElement;
    const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!card || !column || step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const upright = event.key === "ArrowUp" || event.key === "ArrowDown";
    const own = [...column.querySelectorAll("button")].indexOf(card as HTMLButtonElement);
    const beside = this.columns.children[[...this.columns.children].indexOf(column) + step];
    const cards = (upright ? column : beside)?.querySelectorAll("button");
    cards?.[Math.min(upright ? own + step : own, cards.length - 1)]?.focus();
  }

  private paint(): void {
    const { width, height, left, top } = this.columns.getBoundingClientRect();
    if (!width || !this.answer) return;
    const { context } = sizeCanvas(this.canvas, width, height);
    const boxes = this.cards.map((card) => {
      const box = card.getBoundingClientRect();
      const middle = (box.top + box.bottom) / 2 - top;
      return { left: box.left - left, right: box.right - left, middle };
    });
    for (const bundle of this.bundled) {
      const { sources, targets, positive } = bundle;
      const from = sources.map((at): Point => [boxes[at].right, boxes[at].middle]);
      const to = targets.map((at): Point => [boxes[at].left, boxes[at].middle]);
      const knot = between(from, to);
      const chosen = (at: number) =>
        this.pointed === null ||
        at === this.pointed ||
        ([...sources, ...targets].includes(this.pointed) &&
          sources.includes(at) !== sources.includes(this.pointed));
      context.strokeStyle = colours.theme(positive ? "--dt-blue" : "--dt-orange");
      context.setLineDash(positive ? [] : [5, 4]);
      const line = (at: number, one: Point, other: Point) => {
        context.globalAlpha = chosen(at) ? 0.85 : 0.12;
        context.lineWidth = 0.6 + 3 * this.strength(at, bundle);
        curve(context, one, other);
      };
      sources.forEach((at, place) => {
        line(at, from[place], knot);
      });
      targets.forEach((at, place) => {
        line(at, knot, to[place]);
      });
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  /** Return how strong the edges of a bundle at one of its clusters are, from 0 to 1. */
  private strength(at: number, { sources, targets }: Bundle): number {
    const { source, target, together } = this.answer!.arrays;
    let most = 0;
    together.forEach((r, edge) => {
      const within = sources.includes(source[edge]) && targets.includes(target[edge]);
      if (within && (source[edge] === at || target[edge] === at))
        most = Math.max(most, Math.abs(r));
    });
    const least = this.answer!.meta.least ?? 0;
    return (most - least) / (1 - least || 1);
  }

  /** Let the chosen layer's column come into sight within the flow, which may be wider than the page. */
  reveal(): void {
    const column = this.columns.querySelector<HTMLElement>("[data-chosen]");
    if (!column) return;
    const { scrollLeft, clientWidth } = this.element;
    const [start, end] = [column.offsetLeft, column.offsetLeft + column.offsetWidth];
    if (start < scrollLeft || end > scrollLeft + clientWidth) this.element.scrollLeft = start;
  }
}

/** Return how much a cluster likes each class, as a strip of colours. */
export function likingStrip({ arrays }: Clusters, cluster: number): HTMLCanvasElement {
  const count = arrays.classes.length;
  const scale = likingScale();
  const strip = make("canvas", "probe-liking");
  [strip.width, strip.height] = [Math.max(count, 1), 1];
  strip.setAttribute("aria-hidden", "true");
  const image = new ImageData(strip.width, 1);
  const pixels = new Uint32Array(image.data.buffer);
  const missing = colours.packed("--dt-missing-line");
  for (let at = 0; at < count; at++) {
    const index = scale.index(arrays.liking[cluster * count + at]);
    pixels[at] = index < 0 ? missing : scale.colours[index];
  }
  strip.getContext("2d")?.putImageData(image, 0, 0);
  return strip;
}

/** Return the point that the lines of a bundle run through: half-way between its two sides. */
function between(from: readonly Point[], to: readonly Point[]): Point {
  const mean = (points: readonly Point[], axis: 0 | 1) =>
    points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return [(mean(from, 0) + mean(to, 0)) / 2, (mean(from, 1) + mean(to, 1)) / 2];
}

/** Draw a line that leaves and arrives level. */
function curve(context: DrawingContext, [x0, y0]: Point, [x1, y1]: Point): void {
  context.beginPath();
  for (let step = 0; step <= STEPS; step++) {
    const t = step / STEPS;
    const eased = t * t * (3 - 2 * t);
    const [x, y] = [x0 + (x1 - x0) * t, y0 + (y1 - y0) * eased];
    if (step) context.lineTo(x, y);
    else context.moveTo(x, y);
  }
  context.stroke();
}

function clusterOf(event: Event): number | null {
  const { cluster } =
    (event.target as Element).closest<HTMLElement>("[data-cluster]")?.dataset ?? {};
  return cluster === undefined ? null : Number(cluster);
}

/** Choose the layer of a cluster, which the whole page then looks at. */
export const chooseLayer = ({ arrays }: Clusters, cluster: number): void =>
  selectionStore.set({ probelayer: arrays.layer[arrays.cluster_layer[cluster]] });
