// Picked nodes of the network over each other in one chart, as they are or each on its own scale.
//
// Options: url (layer-tree), base ("/data/run/3"), group.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  colours,
  type Handler,
  type Matrix,
  numbers,
  type Place,
  PlotArea,
  registerKind,
  type Selection,
  selectionStore,
  sizeCanvas,
  tooltip,
} from "#app/web/index.ts";
import * as layerEncodings from "./encodings.ts";
import * as layerMarks from "./marks.ts";
import { Network } from "./network.ts";
import * as layerScale from "./scale.ts";
import type { Floats, TreeMeta } from "./types.ts";
import { LayerValues, layerQueries, rowOf } from "./values.ts";
import * as layerWords from "./words.ts";

const HEIGHT = 190;
const PAD = 6;
const FIELDS = ["nodes", "measure", "statistic", "scale", "normalised"];
const COLOURS = 8;
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
const MOST = 24;

type Options = ChartKinds["layercompare"];
/** A picked node, which of them it is, and its values where they have come. */
interface Line {
  node: number;
  at: number;
  value: Floats | null;
}

class Compare implements Handler {
  declare private readonly chart: Chart<Options>;
  declare readonly canvas: HTMLCanvasElement;
  declare private readonly names: HTMLElement;
  declare readonly area: PlotArea;
  declare private readonly source: LayerValues;
  declare private network: Network;
  declare private lines: Line[];
  /** What the names were made for. */
  declare private named?: string;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.names = document.createElement("div");
    this.names.className = "layers-compared";
    chart.element.append(this.names);
    this.area = new PlotArea(chart, {
      hover: (_x: number, y: number, event: PointerEvent, column: number) =>
        this.hover(y, event, column),
    });
    this.source = new LayerValues(chart.options.base, chart.options.piece, (error) =>
      error ? chart.failed(error) : chart.invalidate(),
    );
  }

  receive({ meta }: Answer<TreeMeta>): void {
    this.network = new Network(meta.nodes);
    this.source.tidy();
    this.source.setOrder(meta);
  }

  selected(_selection: Selection, names: Set<string>): void {
    if (FIELDS.some((name) => names.has(name))) this.chart.invalidate();
  }

  private valueOf(selection: Selection, node: number): Floats | null {
    const quartile = layerQueries.isQuartile(selection);
    const found = quartile
      ? this.source.of("layer-shapes", layerQueries.shapes(selection), node)
      : this.source.of("layer-rows", layerQueries.rows(selection), node);
    return (
      found &&
      rowOf(
        (found.arrays as Record<string, Matrix<Floats>>)[quartile ? selection.statistic : "value"],
        found.at,
      )
    );
  }

  draw(width: number): string {
    const selection = selectionStore.get();
    const nodes = selection.nodes.filter((node) => node < this.network.count).slice(0, MOST);
    const { axis } = this.chart;
    if (!nodes.length || !axis.columns) {
      this.names.hidden = true;
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      return "Tick the boxes beside layers, blocks or stages to overlay them here.";
    }
    const place = { ...axis.place(width), top: 0, height: HEIGHT };
    const { context } = sizeCanvas(this.canvas, width, HEIGHT);
    this.area.place(place);
    this.lines = nodes.map((node, at) => ({ node, at, value: this.valueOf(selection, node) }));
    this.drawLines(context, selection, place);
    this.drawNames(selection);
    return "";
  }

  private drawLines(context: CanvasRenderingContext2D, selection: Selection, place: Place): void {
    const { theme } = colours;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(place.left, 0, place.width, HEIGHT);
    const frame = layerScale.frameOf(this.chart, place.width);
    const inner = { ...place, top: PAD, height: HEIGHT - 2 * PAD };
    const known = this.lines.filter(({ value }) => value) as (Line & { value: Floats })[];
    const ends = (arrays: Floats[]) => {
      const { low, high, least } = layerScale.endsOf(
        arrays,
        frame.own ? 0 : frame.first,
        frame.own ? Infinity : frame.last,
      );
      return layerScale.of(selection.scale, low, high, least);
    };
    const whole = ends(known.map(({ value }) => value));
    if (!selection.normalised && whole) {
      if (selection.measure === "ratio") layerMarks.healthy(context, inner, whole);
      const format = layerWords.format(selection);
      layerMarks.ends(context, inner, numbers.ticks(format, [whole.low, whole.high]));
    } else layerMarks.ends(context, inner, ["lowest", "highest"]);
    for (const line of known) {
      const scale = selection.normalised ? ends([line.value]) : whole;
      if (!scale) continue;
      context.strokeStyle = theme(`--layers-line-${line.at % COLOURS}`);
      context.setLineDash(DASHES[Math.floor(line.at / COLOURS) % DASHES.length]);
      context.lineWidth = 1.6;
      layerEncodings.curve(context, frame, line.value, inner, scale);
    }
    context.setLineDash([]);
  }

  private drawNames(selection: Selection): void;
  private drawNames(): void {
    this.names.hidden = false;
    const key = `${this.lines.map(({ node }) => node)} ${colours.isDark()}`;
    if (this.named === key) return;
    this.named = key;
    this.names.replaceChildren(
      ...this.lines.map(({ node, at }) => {
        const row = document.createElement("button");
        row.type = "button";
        row.className = "layers-compared-name";
        row.title = "Remove it from the comparison";
        const line = document.createElement("span");
        line.style.borderTop = `2px ${["solid", "dashed", "dotted", "dashed"][Math.floor(at / COLOURS) % 4]} var(--layers-line-${at % COLOURS})`;
        row.append(line, this.network.name[node] || "the whole network");
        row.addEventListener("click", () => selectionStore.toggle("nodes", node));
        return row;
      }),
    );
  }

  private hover(_y: number, event: PointerEvent, column: number): void {
    const selection = selectionStore.get();
    const { as, integer } = numbers;
    const own = this.chart.axis.match(this.chart.data!.arrays.iteration!);
    const format = layerWords.format(selection);
    const lines = this.lines.map(({ node, value }): [string, string] => [
      this.network.name[node] || "the whole network",
      as(format, value?.[own ? own[column] : column] ?? NaN),
    ]);
    const title = `${layerWords.subject(selection)} at iteration ${integer(this.chart.axis.iterations[column])}`;
    tooltip.show(event.clientX, event.clientY, title, lines);
  }
}

registerKind("layercompare", (chart) => new Compare(chart));
