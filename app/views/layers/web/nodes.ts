// What is known of the network's nodes: the arrays of each that a selection shows, and when they
// settle. Asked for when a row comes into sight; what is missing is null meanwhile.

import {
  addressOf,
  type ChartKinds,
  LastAnswer,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import type { Network } from "./network.ts";
import type { Floats, Integers, NodeValues, PieceOrder, Routes } from "./types.ts";
import { LayerValues, layerQueries, type Rows, rowOf, templateOf } from "./values.ts";

/** A node's place in the answer of a route; null where that has not come yet. */
type Found<Route extends keyof Routes> = (Routes[Route] & { at: number; fresh: boolean }) | null;
interface Taken {
  arrays: Partial<Record<string, Rows<unknown>>>;
  at: number;
}

const REST = 250; // ms after a picture until what other encodings need is asked for

/** Return the template of when nodes settle. */
const settleOf = (base: string, { limit, limitof }: Selection): string =>
  `${base}/layer-settle?limit=${limit}&of=${limitof}`;

/** Return the templates of what the first nodes need, and of the tree. */
export const aheadOfNodes = (
  { base, piece, url }: ChartKinds["multiples"],
  selection: Selection,
): string[] => [
  url,
  templateOf(base, "layer-rows", layerQueries.rows(selection), 0, piece),
  templateOf(base, "layer-extremes", layerQueries.extremes(selection), 0, piece),
  settleOf(base, selection),
];

export class NodeData {
  declare private readonly base: string;
  declare private readonly came: (error: unknown) => void;
  declare private readonly source: LayerValues;
  declare private readonly settling: LastAnswer<{ arrays: { settled: Integers }; meta: object }>;
  /** The timer of what is asked for when nothing moves. */
  declare private idle?: ReturnType<typeof setTimeout>;

  /** `base` is "/data/run/3", `piece` the nodes of one answer; `came(error)` is called whenever something has come, or failed. */
  constructor(base: string, piece: number, came: (error: unknown) => void) {
    this.base = base;
    this.came = came;
    this.source = new LayerValues(base, piece, came);
    this.settling = new LastAnswer({ invalidate: () => came(null), failed: came });
    // In parallel with the tree: what is in sight first.
    this.askRows(selectionStore.get(), 0);
    this.askExtremes(selectionStore.get(), 0);
  }

  /** Take over meta of layer-tree. */
  receive(meta: PieceOrder): void {
    this.source.tidy();
    this.source.setOrder(meta);
  }

  destroy(): void {
    clearTimeout(this.idle);
  }

  private askRows(selection: Selection, node: number): Found<"layer-rows"> {
    return this.source.of("layer-rows", layerQueries.rows(selection), node);
  }

  private askExtremes(selection: Selection, node: number): Found<"layer-extremes"> {
    return this.source.of("layer-extremes", layerQueries.extremes(selection), node);
  }

  private askShapes(selection: Selection, node: number): Found<"layer-shapes"> {
    return this.source.of("layer-shapes", layerQueries.shapes(selection), node);
  }

  /** Ask when nodes settle, from within a drawing; the last question counts. */
  askSettled(selection: Selection): void {
    this.settling.askNow(addressOf(settleOf(this.base, selection)));
  }

  /** The iteration by node, -1: not settled; null where that has not come yet. */
  get settled(): Integers | null {
    return this.settling.value?.arrays.settled ?? null;
  }

  private needsShapes(selection: Selection): boolean {
    const { encoding } = selection;
    return ["box", "histogram", "bands"].includes(encoding) || layerQueries.isQuartile(selection);
  }

  /** Return what is drawn of a node: arrays of its own, or null where nothing has come yet. */
  of(selection: Selection, node: number): NodeValues | null {
    const rows = this.askRows(selection, node);
    const extremes = this.askExtremes(selection, node);
    const shapes = this.needsShapes(selection) ? this.askShapes(selection, node) : null;
    const complete = rows && extremes && (shapes || !this.needsShapes(selection));
    if (!complete) return null;
    const take = (found: Taken | null, name: string) =>
      found?.arrays[name] && rowOf(found.arrays[name], found.at);
    const data = {} as NodeValues & Record<string, unknown>;
    for (const name of ["odd", "minimum", "maximum"]) data[name] = take(extremes, name);
    for (const name of ["q1", "median", "q3", "histogram", "bands"])
      data[name] = take(shapes, name);
    data.binCount = shapes?.arrays.histogram.shape[1];
    data.bandShape = shapes?.arrays.bands.shape.slice(1);
    data.value =
      ((layerQueries.isQuartile(selection) && data[selection.statistic]) as Floats) ||
      (take(rows, "value") as Floats);
    if (layerQueries.hasDeviation(selection)) {
      const deviations = this.source.of("layer-rows", layerQueries.deviations(selection), node);
      data.deviation = take(deviations, "value") as Floats | undefined;
    }
    data.envelope = layerQueries.hasEnvelope(selection);
    data.fresh = rows.fresh && extremes.fresh && (!shapes || shapes.fresh);
    data.meta = { ...rows.meta, ...extremes.meta };
    return data;
  }

  /**
   * The shapes of nodes in sight come after the first picture, so that another encoding asks
   * for nothing; once only, not with every version of a run that is still recording.
   */
  prefetch(selection: Selection, nodes: number[]): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      const query = layerQueries.shapes(selection);
      for (const node of nodes) {
        if (!this.source.knows("layer-shapes", query, node)) this.askShapes(selection, node);
      }
    }, REST);
  }

  /** Return the numbers by which the selection sorts layers; null: in the network's order. */
  keys({ sort }: Selection, network: Network): ArrayLike<number> | null {
    return (
      {
        settles: this.settled && Array.from(this.settled, (at) => (at < 0 ? Infinity : at)),
        filters: network.filters,
        parameters: network.parameters,
      }[sort.replace("-", "") as "settles" | "filters" | "parameters"] || null
    );
  }
}
