// One number of every layer in one chart: on a logarithmic scale update ratios with the healthy band,
// mean magnitudes, standard deviations; on a linear or symlog one means, with one standard deviation
// around those of the opened layers and of the one that is pointed at. The line that is pointed at, and the opened layer, are
// strong; they are those of the rows beside.
//
// Options: url (layer-magnitudes), tree (id of the rows), what (words by the field), group.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  colours,
  type Handler,
  type Iterations,
  type Matrix,
  make,
  type Names,
  nothing,
  numbers,
  type Place,
  PlotArea,
  powers,
  registerKind,
  roundTicks,
  type Selection,
  selectionStore,
  sizeCanvas,
  type TooltipLine,
  tooltip,
} from "#app/web/index.ts";
import * as layerEncodings from "./encodings.ts";
import { manyLines } from "./manylines.ts";
import * as layerMarks from "./marks.ts";
import { layers } from "./network.ts";
import * as layerScale from "./scale.ts";
import type { Floats, Frame, Scale } from "./types.ts";
import { rowOf } from "./values.ts";

const HEIGHT = 240;
const PAD = 6;
const NEAR = 12; // pixels from a line that still point at it
const PALE = 0.4; // of the lines that nobody points at
const TICKS = 8;
const WIDE = 1.2; // pixels of a line
// From so many layers and snapshots on their lines are put together as pixels.
const MANY = 40;
const LONG = 20;
const RATIOS = ["ratio", "norms"];
// Training batches against validation images.
const AGAINST = ["activation-shift", "activation-spread"];
const FAR = "far apart: dropout, or statistics of batches that are not those of the validation";

interface Arrays {
  iteration: Iterations;
  value: Matrix<Floats>;
  median: Floats;
  /** Around the value, where that is a mean. */
  deviation?: Matrix<Floats>;
}
interface Meta {
  names: readonly string[];
  lacks: Record<string, string>;
}

/** Return the layer whose line is nearest to a height, within NEAR pixels of it; -1: none is. */
export function nearestLine(heights: ArrayLike<number>, y: number): number {
  let found = -1;
  let least = NEAR;
  for (let layer = 0; layer < heights.length; layer++) {
    const distance = Math.abs(heights[layer] - y);
    if (distance <= least) [found, least] = [layer, distance];
  }
  return found;
}

class Magnitudes implements Handler {
  private readonly chart: Chart<ChartKinds["magnitudes"]>;
  readonly canvas: HTMLCanvasElement;
  private readonly key: HTMLElement;
  readonly area: PlotArea;
  private arrays: Arrays | null = null;
  private meta: Meta | null = null;
  private scale: Scale | null = null;
  /** The layer that is pointed at, here or in the rows. */
  private pointed = -1;

  constructor(chart: Chart<ChartKinds["magnitudes"]>) {
    this.chart = chart;
    this.canvas = make("canvas", "dt-canvas");
    this.key = make("div", "layers-key layers-magnitude-key");
    chart.element.append(this.canvas, this.key);
    this.area = new PlotArea(chart, {
      hover: (_x, y, event, column) => this.hover(y, event, column),
      leave: () => this.point(-1),
      click: (_x, y, _event, column) => this.open(this.lineAt(y, column)),
      row: (step) => this.step(step),
    });
  }

  receive({ arrays, meta }: Answer<Meta, Arrays>): void {
    this.arrays = arrays;
    this.meta = meta;
  }

  selected({ row }: Selection, names: Names): void {
    if (names.has("layers")) this.chart.invalidate();
    if (!names.has("row")) return;
    const node = row && row.chart === this.chart.options.tree ? row.index : -1;
    const layer = layers.network?.layer[node] ?? -1;
    if (layer === this.pointed) return;
    this.pointed = layer;
    this.chart.invalidate();
  }

  draw(width: number): string {
    const { arrays, chart, meta } = this;
    if (!arrays || !meta) return "";
    const place = { ...chart.axis.place(width), top: 0, height: HEIGHT };
    const problem = this.problem();
    this.key.hidden = Boolean(problem);
    this.area.place(problem ? { left: 0, top: 0, width: 0, height: 0 } : place);
    if (problem) return problem;
    const { context } = sizeCanvas(this.canvas, width, HEIGHT);
    context.fillStyle = colours.theme("--dt-panel");
    context.fillRect(place.left, 0, place.width, HEIGHT);
    const frame = layerScale.frameOf(chart, place.width);
    const [from, to] = frame.own ? [0, Infinity] : [frame.first, frame.last];
    const lines = meta.names.map((_, layer) => rowOf(arrays.value, layer));
    const shown = arrays.deviation ? lines.flatMap((_, layer) => this.bandOf(layer)) : lines;
    this.scale = this.scaleOf(layerScale.endsOf(shown, from, to));
    const inner = { ...place, top: PAD, height: HEIGHT - 2 * PAD };
    if (!this.scale) {
      layerMarks.words(context, inner, this.whyNothing());
      return "";
    }
    this.drawGround(context, inner, this.scale);
    this.drawLines(context, frame, lines, inner, this.scale);
    this.explain();
    return "";
  }

  private problem(): string {
    const { magnitude } = selectionStore.get();
    const { lacks, names } = this.meta!;
    if (!this.chart.axis.columns) return nothing("charts");
    if (!names.length) return "This run has no layers.";
    const quantity = RATIOS.includes(magnitude) ? "update" : magnitude.split("-")[0];
    const needed = AGAINST.includes(magnitude) ? [quantity, "training_activation"] : [quantity];
    const missed = needed.flatMap((name) => lacks[name] ?? []);
    return missed.length ? `Not recorded: ${missed.join("; ")}.` : "";
  }

  /** Return why there is no line. */
  private whyNothing(): string {
    const { magnitude } = selectionStore.get();
    if (AGAINST.includes(magnitude) || magnitude.includes("activation"))
      return "not recorded of this run: activations and training_activations of the Recorder keep them";
    return this.arrays!.deviation ? "no number here" : "no number above zero here";
  }

  /** Return one standard deviation below and above the mean of a layer. */
  private bandOf(layer: number): Floats[] {
    const mean = rowOf(this.arrays!.value, layer);
    const deviation = rowOf(this.arrays!.deviation!, layer);
    return [-1, 1].map((side) => mean.map((value, at) => value + side * deviation[at]));
  }

  /** Return the scale of the lines; of a ratio it has room for the healthy band. */
  private scaleOf({
    low: lowest,
    high,
    least,
  }: Record<"low" | "high" | "least", number>): Scale | null {
    if (this.arrays!.deviation) {
      // A logarithm of a mean near zero would say nothing.
      const kind = selectionStore.get().scale === "symlog" ? "symlog" : "linear";
      return layerScale.of(kind, lowest, high, least);
    }
    if (!(high > 0)) return null;
    const [low, top] = this.ofRatio ? layerMarks.HEALTHY : [least, high];
    return layerScale.of("log", Math.min(least, low), Math.max(high, top), least);
  }

  private get ofRatio(): boolean {
    return RATIOS.includes(selectionStore.get().magnitude);
  }

  private drawGround(context: CanvasRenderingContext2D, inner: Place, scale: Scale): void {
    if (this.ofRatio) layerMarks.healthy(context, inner, scale);
    const write = (value: number) => numbers.tick("number", value);
    const { kind, low, high } = scale;
    const linear = kind === "linear" ? roundTicks(low, high, TICKS / 2) : [0];
    const ticks = kind === "log" ? powers(low, high, TICKS) : linear;
    layerMarks.ticks(context, inner, ticks, scale.at, write);
    layerMarks.ends(context, inner, [write(scale.low), write(scale.high)]);
  }

  private drawLines(
    context: CanvasRenderingContext2D,
    frame: Frame,
    lines: Floats[],
    inner: Place,
    scale: Scale,
  ): void {
    const chosen = new Set([...selectionStore.get().layers, this.pointed]);
    const curve = (values: Floats) => layerEncodings.curve(context, frame, values, inner, scale);
    context.lineWidth = WIDE;
    const pale = lines.map((_, layer) => layer).filter((layer) => !chosen.has(layer));
    if (lines.length >= MANY && frame.last - frame.first >= LONG) {
      const look = { colours: pale.map((layer) => depth(layer, lines.length)), alpha: PALE };
      const own = pale.map((layer) => lines[layer]);
      manyLines(context, frame, own, inner, scale, { ...look, width: WIDE });
    } else {
      context.globalAlpha = PALE;
      for (const layer of pale) {
        context.strokeStyle = byDepth(layer, lines.length);
        curve(lines[layer]);
      }
      context.globalAlpha = 1;
    }
    context.strokeStyle = colours.theme("--dt-text-soft");
    context.setLineDash([5, 4]);
    curve(this.arrays!.median);
    context.setLineDash([]);
    context.lineWidth = 2.2;
    for (const layer of chosen) {
      if (!lines[layer]) continue;
      this.drawBand(context, frame, layer, inner, scale);
      context.strokeStyle =
        layer === this.pointed ? colours.theme("--dt-text") : byDepth(layer, lines.length);
      curve(lines[layer]);
    }
  }

  private drawBand(
    context: CanvasRenderingContext2D,
    frame: Frame,
    layer: number,
    inner: Place,
    scale: Scale,
  ): void {
    const { deviation, value } = this.arrays!;
    if (!deviation) return;
    context.fillStyle = colours.theme("--layers-deviation");
    const [mean, around] = [rowOf(value, layer), rowOf(deviation, layer)];
    layerEncodings.around(context, frame, mean, around, inner, scale);
  }

  private explain(): void {
    const { names } = this.meta!;
    const swatch = (background: string): HTMLElement => {
      const made = make("span", "layers-sample");
      made.style.background = background;
      return made;
    };
    const part = (sample: HTMLElement, text: string) =>
      make("span", "layers-key-part", sample, text);
    const across = `linear-gradient(to right, ${byDepth(0, 2)}, ${byDepth(1, 2)})`;
    const parts = [part(swatch(across), `first layer to last: ${names[0]} to ${names.at(-1)}`)];
    const dashed = make("span", "layers-median");
    parts.push(part(dashed, "median of the layers"));
    if (this.ofRatio)
      parts.push(part(swatch("var(--layers-healthy)"), "healthy: one decade around 1e−3"));
    if (this.arrays!.deviation)
      parts.push(
        part(
          swatch("var(--layers-deviation)"),
          "mean ± one standard deviation of the opened layer and of the one pointed at",
        ),
      );
    if (AGAINST.includes(selectionStore.get().magnitude))
      parts.push(make("span", "layers-key-note", FAR));
    this.key.replaceChildren(...parts);
  }

  // Pointing ----------------------------------------------------------------------------------

  private own(column: number): number {
    const own = this.chart.axis.match(this.chart.data!.arrays.iteration!);
    return own ? own[column] : column;
  }

  private valueAt(layer: number, column: number): number {
    return this.arrays ? (rowOf(this.arrays.value, layer)[this.own(column)] ?? NaN) : NaN;
  }

  private lineAt(y: number, column: number): number {
    const { meta, scale } = this;
    if (!meta || !scale) return -1;
    const heights = meta.names.map(
      (_, layer) => PAD + (1 - scale.at(this.valueAt(layer, column))) * (HEIGHT - 2 * PAD),
    );
    return nearestLine(heights, y);
  }

  private hover(y: number, event: PointerEvent, column: number): void {
    const layer = this.lineAt(y, column);
    this.point(layer);
    const { meta } = this;
    if (layer < 0 || !meta) {
      tooltip.hide();
      return;
    }
    const { magnitude } = selectionStore.get();
    const title = `${meta.names[layer]}, iteration ${numbers.integer(this.chart.axis.iterations[column])}`;
    const around = this.arrays!.deviation;
    const deviation = around ? rowOf(around, layer)[this.own(column)] : NaN;
    const more = around ? ` ± ${numbers.number(deviation)}` : "";
    const value = `${numbers.number(this.valueAt(layer, column))}${more}`;
    const lines: TooltipLine[] = [
      [this.chart.options.what[magnitude] ?? "", value],
      ["median of the layers", numbers.number(this.arrays!.median[this.own(column)])],
    ];
    tooltip.show(event.clientX, event.clientY, title, lines);
  }

  /** Let a layer be strong here and in the rows. */
  private point(layer: number): void {
    if (layer === this.pointed) return;
    this.pointed = layer;
    const index = layers.network?.nodeOfLayer.get(layer);
    const { tree } = this.chart.options;
    selectionStore.point({ row: index === undefined ? null : { chart: tree, index } });
    this.chart.invalidate();
  }

  /** Open the filters of a layer, or close them; without one the click pins, as elsewhere. */
  private open(layer: number): boolean {
    if (layer < 0) return false;
    const opens = !selectionStore.get().layers.includes(layer);
    selectionStore.set({ layers: opens ? [layer] : [], filters: [] });
    return true;
  }

  private step(by: number): void {
    const count = this.meta?.names.length ?? 0;
    if (count) this.point(Math.min(Math.max(this.pointed + by, 0), count - 1));
  }
}

/** Return red, green and blue of a layer by its place among all, the first to the last. */
function depth(layer: number, count: number): number[] {
  const share = count > 1 ? layer / (count - 1) : 0;
  const [from, to] = ["--dt-blue", "--dt-orange"].map((name) => colours.packed(name));
  return [0, 8, 16].map((shift) => {
    const [first, last] = [(from >> shift) & 255, (to >> shift) & 255];
    return Math.round(first + (last - first) * share);
  });
}

const byDepth = (layer: number, count: number): string => `rgb(${depth(layer, count).join(", ")})`;

registerKind("magnitudes", (chart) => new Magnitudes(chart));
