// Class errors of two runs as maps of the same rows, and their difference: a pixel map each.
//
// Options beside those of web/charts/pixelmap.ts: side ("first", "second", "difference"), title (id of the
// element with its title), runs. The answer is that of app/data/compare_classes.py.

import {
  type Answer,
  type ChartKinds,
  colours,
  type MapArrays,
  type MapMeta,
  type Matrix,
  numbers,
  PixelMap,
  type PointedRow,
  registerKind,
  type Scale,
  type Selection,
  selectionStore,
  type TooltipLine,
  tooltip,
} from "#app/web/index.ts";
import { type Aligned, compare } from "./compare.ts";

const GROUP = "compare-maps"; // a row is pointed at on all maps at once
const MOST_NAMES = 6;

// What the three maps make of the answer that they share, by that answer.
const ends = new WeakMap<object, number>();
const orders = new WeakMap<object, Map<string, Int32Array>>();

/** Return the largest size of the finite values; 0 without any. */
function largest(values: ArrayLike<number> & object): number {
  const known = ends.get(values);
  if (known !== undefined) return known;
  let found = 0;
  for (let at = 0; at < values.length; at++) {
    const size = Math.abs(values[at]);
    if (size > found && size < Infinity) found = size;
  }
  ends.set(values, found);
  return found;
}

type Side = "first" | "second" | "difference";
type CompareOptions = ChartKinds["comparemap"];
type Ticks = Matrix<Int32Array<ArrayBuffer>>;
/** The answer of app/data/compare_classes.py: classes by ticks of each side, or by what these share. */
type Arrays = Record<Side, Matrix<Float32Array<ArrayBuffer>>> &
  Record<`ticks.${Side}` | "iteration", Ticks> &
  Partial<Record<`column.${Side}` | "column", Ticks>> & {
    mean?: Matrix<Float32Array<ArrayBuffer>>;
  };
interface Meta extends Aligned, MapMeta {
  pair: readonly [number, number];
  names: readonly string[];
  class_sizes: readonly [readonly number[], readonly number[]];
  /** Classes of one run only. */
  lone: readonly (readonly string[])[];
  /** Where ticks share columns: the highest error and the size of the largest difference of all. */
  ends?: readonly [error: number, difference: number];
}

class CompareMap extends PixelMap<CompareOptions> {
  declare private arrays: Arrays;
  declare protected meta: Meta;
  /** The largest value of the scale; 0 where there is none. */
  declare private end: number;
  declare private told: string;

  /** Its rows are of two runs: no annotation is about them. */
  protected override get kind(): null {
    return null;
  }

  override receive({ arrays, meta }: Answer<Meta, Arrays>): void {
    const { side } = this.chart.options;
    this.arrays = arrays;
    const [iteration, column] = [arrays[`ticks.${side}`], arrays[`column.${side}`]];
    super.receive({ arrays: { ...arrays, iteration, column } as MapArrays, meta });
    const differs = side === "difference";
    // Of all ticks also where a range is shown: colours mean the same there.
    if (meta.ends) this.end = meta.ends[Number(differs)];
    else if (differs) this.end = largest(arrays.difference);
    else this.end = Math.max(largest(arrays.first), largest(arrays.second));
    this.told = "";
  }

  runName(place: number): string {
    const at = this.meta.pair[place];
    return `${compare.letter(at)} ${this.chart.options.runs[at]?.name ?? ""}`;
  }

  letter(place: number): string {
    return compare.letter(this.meta.pair[place]);
  }

  override draw(width: number): string {
    const { side, title } = this.chart.options;
    const head = document.getElementById(title || "");
    const [a, b] = [this.letter(0), this.letter(1)];
    const text =
      side === "difference"
        ? `Difference: error of ${b} minus error of ${a}`
        : `Error of the classes of ${this.runName(side === "first" ? 0 : 1)}`;
    if (head && head.textContent !== text) head.textContent = text;
    if (side === "difference") this.tell();
    if (side === "difference") this.chart.options.ends = [`${b} better`, `${b} worse`];
    return super.draw(width);
  }

  override scaleFor(_values: unknown, _log: boolean, selection: Selection): Scale {
    const high = this.end || 0.01;
    const low = this.chart.options.side === "difference" ? -high : 0;
    return colours.scale({
      palette: this.option("palette", selection)!,
      low,
      high,
      constant: this.end ? null : 0,
    });
  }

  /** The same order on all three maps: they have the same answer. */
  override orderOf(selection: Selection): Int32Array {
    const wanted = selection.compareorder;
    if (this.order && this.orderedBy === wanted) return this.order;
    this.orderedBy = wanted;
    const known = orders.get(this.arrays) ?? new Map<string, Int32Array>();
    orders.set(this.arrays, known);
    this.order = known.get(wanted) ?? this.sorted(wanted);
    known.set(wanted, this.order);
    return this.order;
  }

  private sorted(wanted: string): Int32Array {
    const rows = Int32Array.from({ length: this.rows }, (_, row) => row);
    if (wanted === "name") {
      const collator = new Intl.Collator("en", { numeric: true });
      rows.sort((a, b) => collator.compare(this.labels[a], this.labels[b]) || a - b);
    } else if (wanted === "difference") {
      const mean = this.means();
      rows.sort((a, b) => mean[b] - mean[a] || a - b);
    }
    return rows;
  }

  /** Return the mean difference of every class over time; NaN counts as none. */
  means(): ArrayLike<number> {
    if (this.arrays.mean) return this.arrays.mean;
    const values = this.arrays.difference;
    const width = values.shape[1];
    return Float64Array.from({ length: this.rows }, (_, row) => {
      let sum = 0;
      for (let at = row * width; at < (row + 1) * width; at++) sum += values[at] || 0;
      return width ? sum / width : 0;
    });
  }

  /** Say which classes match and which do not. */
  tell(): void {
    const holder = document.getElementById("compare-matching");
    if (!holder) return;
    const { plural } = numbers;
    const { meta } = this;
    const said = [`${plural(meta.names.length, "class", "classes")} matched by name.`];
    meta.lone.forEach((names, place) => {
      if (!names.length) return;
      const shown = names.slice(0, MOST_NAMES).join(", ");
      const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
      said.push(`Only in ${this.letter(place)}: ${shown}${more}.`);
    });
    const other = meta.class_sizes[0].filter((size, at) => size !== meta.class_sizes[1][at]).length;
    if (other)
      said.push(
        `${plural(other, "of them has", "of them have")} another number of images in the other run.`,
      );
    const text = said.join(" ");
    if (holder.textContent !== text) holder.textContent = text;
  }

  override point(row: number | null): void {
    selectionStore.point({ row: row === null ? null : { chart: GROUP, index: row } });
  }

  override showRow(row: PointedRow): void {
    const { id } = this.chart.element;
    super.showRow(row?.chart === GROUP ? { chart: id, index: row.index } : null);
  }

  override step(step: number): void {
    if (!this.order) return;
    const { row } = selectionStore.get();
    const at = row?.chart === GROUP ? this.order.indexOf(row.index) + step : 0;
    this.point(this.order[Math.min(Math.max(at, 0), this.rows - 1)]);
  }

  /** Return the value of one of the three matrices at a column of the axis. */
  of(side: Side, row: number, column: number): number {
    const values = this.arrays[side];
    const width = values.shape[1];
    const matched = this.chart.axis.columnsOf({
      iteration: this.arrays[`ticks.${side}`],
      column: this.arrays[`column.${side}`],
    });
    const own = matched ? matched[column] : column;
    return own >= 0 && own < width ? values[row * width + own] : NaN;
  }

  override hover(y: number, event: PointerEvent, column: number): void {
    const row = this.rowAt(y);
    this.point(row);
    const { percent } = numbers;
    const as = (value: number) => (Number.isNaN(value) ? "none" : percent(value));
    const gap = this.of("difference", row, column);
    const pooled = this.meta.pooled ?? 1;
    const shared: TooltipLine[] =
      pooled > 1
        ? [
            [
              `highest errors of up to ${numbers.integer(pooled)} snapshots, and their difference furthest from 0; zoom in for each`,
            ],
          ]
        : [];
    tooltip.show(event.clientX, event.clientY, this.labels[row], [
      [compare.tickWords(this.chart.axis.iterations[column])],
      [`error of ${this.runName(0)}`, as(this.of("first", row, column))],
      [`error of ${this.runName(1)}`, as(this.of("second", row, column))],
      ["difference", Number.isNaN(gap) ? "none" : `${gap > 0 ? "+" : ""}${percent(gap)}`],
      ...shared,
    ]);
  }
}

registerKind("comparemap", (chart) => new CompareMap(chart));
