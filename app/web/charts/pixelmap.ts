// A matrix as coloured cells on the shared time axis: rows are classes, layers, filters or images.
//
// Options: url, array (its name in the answer), divide (array of a divisor for each row),
// complement (colour by 1 - value), labels and groups (names in `meta`), palette ("accuracy", "safe", "magnitude", "diverging"), signedPalette (taken
// where values have both signs), domain [low, high] (else fitted), scaling ("linear", "log", "row":
// each row its own), order ("recorded", "last": lowest at the end first), extreme ("max", "min",
// "absolute": which value stands for several in one pixel), maxHeight and rowHeight (CSS pixels),
// format ("percent", "integer", "number"; meta.format goes before), what ("class"), value (its
// name), legend (id of an element), label (aria), say {noColumns, noRows, noValues}, redraw
// (fields of the selection that need a new drawing), ends [low, high] (words before the numbers).
// palette, scaling and order may be "{field}": then the selection says.

import { type DrawingContext, sizeCanvas } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import type { Answer, Matrices, Matrix } from "../base/fetch.ts";
import { type Format, numbers } from "../base/numbers.ts";
import * as raster from "../base/raster.ts";
import { type TooltipLine, tooltip } from "../base/tooltip.ts";
import { nothing } from "../core/catalogue.ts";
import { type Chart, chosenBy, registerBeforehand, registerKind } from "../core/chart.ts";
import type { MapOptions } from "../core/chartoptions.ts";
import type { Names, Pointed, Selection } from "../core/fields.ts";
import type { Handler, PlacedRow, Rows, Thing } from "../core/protocol.ts";
import { selectionStore } from "../core/selection.ts";
import type { Iterations } from "../core/timeaxis.ts";
import * as gutter from "./gutter.ts";
import * as mapvalues from "./mapvalues.ts";
import { type Place, PlotArea } from "./plotarea.ts";

const GAP_FROM = 7; // rows at least this high are kept apart by a line

/** The options that may be "{field}". */
type Chosen = "palette" | "scaling" | "order";
/** The scale of all values, and what is painted by: that, or one for each row. */
export interface MapScale {
  whole: colours.Scale;
  paint: raster.PaintOptions["scale"];
  perRow: boolean;
}
/** Values in C order. */
export type MapValues = Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
/** What the option `url` gives: iterations, and what the options name. */
export type MapArrays = Matrices & { iteration: Matrix<Iterations>; column?: Matrix<Iterations> };
/** `format` goes before the option; `sizes` are numbers of images by class. */
export interface MapMeta {
  format?: Format;
  sizes?: readonly number[];
  /** Where snapshots share columns: at most so many. */
  pooled?: number;
  [name: string]: unknown;
}
/** The row that is pointed at, if any. */
export type PointedRow = Pointed["row"] | undefined;

/** Return a value of a map in words; where its colours are of the complement, the value itself. */
export function said(
  { format, complement }: Pick<Rows, "format" | "complement">,
  value: number,
): string {
  return numbers.as(format, complement ? 1 - value : value);
}

/** Return what a map shows: an array of the answer, or what is derived of it. */
function valuesOf(options: MapOptions, arrays: MapArrays): MapValues {
  const source = arrays[options.array] as Matrix<MapValues>;
  const divisors = options.divide ? arrays[options.divide] : null;
  if (!divisors && !options.complement) return source;
  return mapvalues.derive(source, source.shape[1], divisors, options.complement);
}

/** What takes longest of the first drawing: millions of values are gone through. */
function beforehand(options: MapOptions, answer: Answer<MapMeta, MapArrays>, chosen: Selection) {
  const values = valuesOf(options, answer.arrays);
  mapvalues.looked(values);
  if (!options.domain) mapvalues.fitted(values, chosenBy(options.scaling, chosen) === "log");
}

export class PixelMap<Options extends MapOptions = MapOptions> implements Handler {
  declare readonly chart: Chart<Options>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  /** What lies over the row that is pointed at, and its name beside the plot. */
  declare protected readonly mark: HTMLElement;
  declare protected readonly name: HTMLElement;
  /** By scaling, palette and theme. */
  declare private readonly scales: Map<string, MapScale>;

  // Of the answer: there once it has come, which draw and what follows it wait for.
  declare rows: number;
  declare width: number;
  declare values: MapValues;
  declare complement: boolean | undefined;
  declare protected iterations: Iterations;
  /** The column of each iteration where several share one. */
  declare protected column: Iterations | undefined;
  declare labels: readonly string[];
  declare protected groups: gutter.Groups | null;
  declare protected meta: MapMeta;
  declare format: Format | undefined;
  /** Whether any value is NaN, and whether any is finite. */
  declare protected missing: boolean;
  declare finite: boolean;
  /** The rows, those on top first; null until they are drawn. */
  declare protected order: Int32Array | null;
  declare protected orderedBy: string;
  /** Of the plot; none before it is drawn. */
  declare protected place?: Place;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.area = new PlotArea(chart, {
      hover: (_x, y, event, column) => this.hover(y, event, column),
      leave: () => this.point(null),
      row: (step) => this.step(step),
    });
    this.mark = document.createElement("div");
    this.mark.className = "dt-rowmark";
    this.mark.hidden = true;
    this.area.element.append(this.mark);
    this.name = document.createElement("div");
    this.name.className = "dt-rowname";
    this.name.hidden = true;
    chart.element.append(this.name);
    this.scales = new Map();
  }

  receive({ arrays, meta }: Answer<MapMeta, MapArrays>): void {
    const { options } = this.chart;
    [this.rows, this.width] = arrays[options.array].shape;
    this.values = valuesOf(options, arrays);
    this.complement = options.complement;
    this.iterations = arrays.iteration;
    this.column = arrays.column;
    this.labels = (meta[options.labels] as string[] | undefined) || [];
    this.groups = options.groups ? (meta[options.groups] as gutter.Groups) : null;
    this.meta = meta;
    this.format = meta.format || this.chart.options.format;
    this.scales.clear();
    [this.missing, this.finite] = mapvalues.looked(this.values);
    this.order = null;
  }

  option(name: Chosen, selection: Selection): string | undefined {
    return chosenBy(this.chart.options[name], selection);
  }

  orderOf(selection: Selection): Int32Array {
    const wanted = this.option("order", selection) || "recorded";
    if (this.order && this.orderedBy === wanted) return this.order;
    this.orderedBy = wanted;
    this.order = mapvalues.order(this.values, this.rows, this.width, wanted);
    return this.order;
  }

  scaleOf(selection: Selection): MapScale {
    const { options } = this.chart;
    const scaling = this.option("scaling", selection);
    const log = scaling === "log";
    const perRow = scaling === "row";
    const palette = this.option("palette", selection);
    const key = [scaling, palette, colours.isDark()].join();
    if (this.scales.has(key)) return this.scales.get(key)!;
    const whole = this.scaleFor(this.values, log, selection);
    const rows = new Map<number, colours.Scale>();
    const rowScale = (row: number): colours.Scale => {
      if (!rows.has(row)) {
        const values = this.values.subarray(row * this.width, (row + 1) * this.width);
        rows.set(row, this.scaleFor(values, log, selection));
      }
      return rows.get(row)!;
    };
    const scale = { whole, paint: perRow && !options.domain ? rowScale : whole, perRow };
    this.scales.set(key, scale);
    return scale;
  }

  scaleFor(values: MapValues, log: boolean, selection: Selection): colours.Scale {
    const { options } = this.chart;
    const fitted = options.domain
      ? { low: options.domain[0], high: options.domain[1], log: false, signed: false }
      : mapvalues.fitted(values, log);
    const palette =
      fitted.signed && options.signedPalette
        ? options.signedPalette
        : this.option("palette", selection) || "magnitude";
    return colours.scale({ ...fitted, palette });
  }

  /** What rows are, as far as annotations can be about them. */
  protected get kind(): Thing["kind"] | null {
    const { what } = this.chart.options;
    return what === "class" || what === "layer" ? what : null;
  }

  readable(): Rows | null {
    return this.rows && this.finite ? this : null;
  }

  annotationThing(event: MouseEvent | null): Thing | null {
    const row = this.rowMeant(event);
    return row === null || !this.kind ? null : { kind: this.kind, id: row, name: this.labels[row] };
  }

  annotationName(kind: Thing["kind"], id: number): string | undefined {
    return kind === this.kind ? this.labels?.[id] : undefined;
  }

  annotationRows(kind: Thing["kind"]): PlacedRow[] {
    return kind === this.kind ? this.placed(String) : [];
  }

  /** Return the row at an event, or (null) that of the keyboard. */
  protected rowMeant(event: MouseEvent | null): number | null {
    if (!this.place || !this.order) return null;
    const { element } = this.chart;
    if (event) return this.rowAt(event.clientY - element.getBoundingClientRect().top);
    const { row } = selectionStore.get();
    return row?.chart === element.id ? row.index : null;
  }

  /** Return where all rows lie, each by what `idOf` calls it. */
  protected placed(idOf: (row: number) => string): PlacedRow[] {
    if (!this.place || !this.order) return [];
    const { top } = this.place;
    const height = this.place.height / this.rows;
    return Array.from(this.order, (row, at) => [idOf(row), { top: top + at * height, height }]);
  }

  protected problem(): string {
    const say = this.chart.options.say || {};
    if (!this.width) return say.noColumns || nothing("snapshots");
    if (!this.rows) return say.noRows || nothing("rows");
    return this.finite ? "" : say.noValues || nothing("values");
  }

  private heightFor(rows: number): number {
    const { maxHeight = 360, rowHeight = 18 } = this.chart.options;
    if (rows >= maxHeight) return maxHeight;
    return rows * Math.min(rowHeight, Math.max(1, Math.floor(maxHeight / rows)));
  }

  draw(chartWidth: number): string {
    const problem = this.problem();
    if (problem) {
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      this.legend(null);
      return problem;
    }
    const selection = selectionStore.get();
    const order = this.orderOf(selection);
    const scale = this.scaleOf(selection);
    const { left, width } = this.chart.axis.place(chartWidth);
    const height = this.heightFor(this.rows);
    this.place = { left, top: 0, width, height };
    const { context, ratio } = sizeCanvas(this.canvas, chartWidth, height);
    this.paint(context, ratio, order, scale.paint);
    const { labels, groups } = this;
    gutter.draw(context, this.place, { order, labels, groups });
    this.lines(context, order);
    this.area.place(this.place);
    this.legend(scale);
    this.showRow(selection.row);
    return "";
  }

  paint(context: DrawingContext, ratio: number, order: Int32Array, scale: MapScale["paint"]): void {
    const { left, top, width, height } = this.place!;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    const image = context.createImageData(wide, high);
    const colour = (name: string) => colours.packed(name);
    raster.paint(new Uint32Array(image.data.buffer), wide, high, {
      matrix: {
        data: this.values,
        width: this.width,
        columnOf: this.columnOf(),
      },
      order,
      view: this.chart.axis.view(),
      columns: this.chart.axis.columns,
      extreme: this.chart.options.extreme,
      scale,
      empty: colour("--dt-empty"),
      missing: [colour("--dt-missing-line"), colour("--dt-missing")],
    });
    context.putImageData(image, Math.round(left * ratio), Math.round(top * ratio));
  }

  /** Part high rows by a hairline, and groups by a stronger one. */
  private lines(context: DrawingContext, order: Int32Array): void {
    const { left, top, width, height } = this.place!;
    const rowHeight = height / order.length;
    context.fillStyle = colours.theme("--dt-ground");
    if (rowHeight >= GAP_FROM) {
      for (let at = 1; at < order.length; at++)
        context.fillRect(left, top + at * rowHeight - 0.5, width, 1);
    }
    if (!this.groups?.some(Boolean)) return;
    for (const { from } of gutter.runsOf(this.groups, order)) {
      if (from) context.fillRect(left, top + from * rowHeight - 1, width, 2);
    }
  }

  legend(scale: MapScale | null): void {
    const holder = document.getElementById(this.chart.options.legend || "");
    if (!holder) return;
    if (!scale) {
      holder.replaceChildren();
      return;
    }
    const { ends } = this.chart.options;
    const pooled = mapvalues.pooled({
      rows: this.rows,
      columns: this.chart.axis.view(),
      place: this.place!,
      extreme: this.complement ? "max" : this.chart.options.extreme,
    });
    const { format } = this;
    if (scale.perRow) {
      colours.legend(holder, scale.whole, {
        missing: this.missing,
        words: ["lowest of its row", "highest of its row"],
        pooled,
      });
    } else {
      colours.legend(holder, scale.whole, {
        format,
        missing: this.missing,
        notes: ends,
        words:
          this.complement && [scale.whole.low, scale.whole.high].map((value) => said(this, value)),
        pooled,
      });
    }
  }

  /** Return the matrix's column for each of the axis; null: they are the same. */
  protected columnOf(): Int32Array | null {
    return this.chart.axis.columnsOf({ iteration: this.iterations, column: this.column });
  }

  rowAt(y: number): number {
    const at = Math.floor((y / this.place!.height) * this.rows);
    return this.order![Math.min(Math.max(at, 0), this.rows - 1)];
  }

  /** Return the value of a row at a column of the axis; NaN where the matrix has none. */
  valueAt(row: number, column: number): number {
    const matched = this.columnOf();
    const own = matched ? matched[column] : column;
    return own >= 0 && own < this.width ? this.values[row * this.width + own] : NaN;
  }

  point(row: number | null): void {
    selectionStore.point({
      row: row === null ? null : { chart: this.chart.element.id, index: row },
    });
  }

  hover(y: number, event: PointerEvent, column: number): void {
    const row = this.rowAt(y);
    this.point(row);
    const { what } = this.chart.options;
    const { integer } = numbers;
    const lines: TooltipLine[] = [
      [`iteration ${integer(this.chart.axis.iterations[column])}`],
      [this.chart.options.value || "value", said(this, this.valueAt(row, column))],
    ];
    if ((this.meta.pooled ?? 1) > 1) {
      lines.push([
        `${this.complement ? "highest" : "largest"} of up to ${integer(this.meta.pooled!)} snapshots; zoom in for each`,
      ]);
    } else if (column > 0) {
      lines.push(["one snapshot before", said(this, this.valueAt(row, column - 1))]);
    }
    if (this.meta.sizes) lines.push(["images", integer(this.meta.sizes[row])]);
    if (this.groups?.[row]) lines.push(["stage", this.groups[row]]);
    const title = this.labels[row] || `${what || "row"} ${row}`;
    tooltip.show(event.clientX, event.clientY, title, lines);
  }

  /** Move the pointed row by the keyboard. */
  step(step: number): void {
    if (!this.order) return;
    const row = selectionStore.get().row;
    const own = row && row.chart === this.chart.element.id;
    const at = own ? this.order.indexOf(row.index) + step : 0;
    this.point(this.order[Math.min(Math.max(at, 0), this.rows - 1)]);
  }

  selected(selection: Selection, names: Names): void {
    if (names.has("row") && this.place) this.showRow(selection.row);
  }

  showRow(row: PointedRow): void {
    const own = Boolean(row && row.chart === this.chart.element.id && row.index < this.rows);
    this.mark.hidden = this.name.hidden = !own;
    if (!own) return;
    const rowHeight = this.place!.height / this.rows;
    const top = this.order!.indexOf(row!.index) * rowHeight;
    this.mark.style.height = `${Math.max(1, rowHeight)}px`;
    this.mark.style.transform = `translateY(${top}px)`;
    this.name.textContent = this.labels[row!.index] || "";
    this.name.style.maxWidth = `${this.place!.left - 4}px`;
    this.name.style.right = `${this.chart.width - this.place!.left + 4}px`;
    this.name.style.top = `${this.place!.top + top + rowHeight / 2}px`;
  }
}

registerKind("pixelmap", (chart) => new PixelMap(chart));
registerBeforehand("pixelmap", beforehand);
