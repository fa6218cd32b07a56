// From a matrix to pixels: nearest value where cells are large, the most extreme where they are
// small, so that no row and no column is ever dropped.

import type { Scale } from "./colours.ts";

/** For each pixel the cells [from, to) that it shows. */
export interface Bins {
  from: Int32Array;
  to: Int32Array;
}
/** A matrix to be painted: its values in C order, its columns, and where they are on the axis. */
export interface Painted {
  data: ArrayLike<number>;
  width: number;
  columnOf?: Int32Array | null;
}
export type Extreme = "max" | "min" | "absolute";
type Colours = Pick<Scale, "colours" | "index">;
export interface PaintOptions {
  matrix: Painted;
  order: ArrayLike<number>;
  view: readonly number[];
  columns: number;
  rows?: readonly number[];
  extreme?: Extreme;
  scale: Colours | ((row: number) => Colours);
  empty: number;
  missing: readonly number[];
  /** [line, ground] of values that the scale's index says -2 of: hatched the other way. */
  marked?: readonly number[];
}

const HATCH = 8; // device pixels from one line of the hatching to the next

/**
 * Return for each pixel the cells [from[p], to[p]) that it shows, when `pixels` pixels show the
 * coordinates start..end of `count` cells. A pixel past the cells has from = to.
 */
export function bins(pixels: number, start: number, end: number, count: number): Bins {
  const from = new Int32Array(pixels);
  const to = new Int32Array(pixels);
  const step = (end - start) / pixels;
  for (let pixel = 0; pixel < pixels; pixel++) {
    // Where cells are larger than pixels, the one under the pixel's middle.
    const first =
      step > 1 ? Math.floor(start + pixel * step + 1e-6) : Math.floor(start + (pixel + 0.5) * step);
    const after = step > 1 ? Math.floor(start + (pixel + 1) * step + 1e-6) : first + 1;
    from[pixel] = Math.min(Math.max(first, 0), count);
    to[pixel] = Math.min(Math.max(after, from[pixel]), count);
  }
  return { from, to };
}

/** For each pixel the columns of the matrix that it shows: at[first[p]] to at[first[p + 1]] - 1. */
interface Own {
  first: Int32Array;
  at: Int32Array;
  /** 1 where a pixel shows what the one before it does. */
  same: Uint8Array;
}

/**
 * Return the columns of the matrix that pixels show, each once: where snapshots share columns, a
 * pixel of some snapshots would be looked up in the same place again and again.
 */
function ownColumns(across: Bins, { width, columnOf }: Painted): Own {
  const pixels = across.from.length;
  const first = new Int32Array(pixels + 1);
  const same = new Uint8Array(pixels);
  const at: number[] = [];
  for (let pixel = 0; pixel < pixels; pixel++) {
    first[pixel] = at.length;
    for (let column = across.from[pixel]; column < across.to[pixel]; column++) {
      const own = columnOf ? columnOf[column] : column;
      if (own < 0 || own >= width) continue;
      if (at.length === first[pixel] || at[at.length - 1] !== own) at.push(own);
    }
    const one = at.length - first[pixel] === 1 && pixel > 0;
    if (one && first[pixel] - first[pixel - 1] === 1)
      same[pixel] = Number(at[at.length - 1] === at[first[pixel] - 1]);
  }
  first[pixels] = at.length;
  return { first, at: Int32Array.from(at), same };
}

/** Show nothing where the matrix has none of a pixel's columns (it is not loaded that far). */
function leaveOut(across: Bins, columnOf: Int32Array): void {
  across.from.forEach((from, pixel) => {
    const own = columnOf.subarray(from, across.to[pixel]);
    if (own.every((column) => column < 0)) across.to[pixel] = from;
  });
}

/** Pool the matrix rows order[from..to) over the pixel columns into `pooled`; NaN where none. */
function poolRow(
  pooled: Float64Array,
  { data, width }: Painted,
  rows: { order: ArrayLike<number>; from: number; to: number },
  { first, at, same }: Own,
  extreme: Extreme,
): void {
  const starts = Int32Array.from({ length: rows.to - rows.from }, (_, row) => {
    return rows.order[rows.from + row] * width;
  });
  // Compared in place, a million times a picture: a function for each kind of pooling is not.
  const sign = extreme === "min" ? -1 : 1;
  const absolute = extreme === "absolute";
  for (let pixel = 0; pixel < pooled.length; pixel++) {
    if (same[pixel]) {
      pooled[pixel] = pooled[pixel - 1];
      continue;
    }
    let best = NaN;
    let most = NaN; // how extreme that is; nothing is at most NaN, so that the first value is taken
    for (let place = first[pixel]; place < first[pixel + 1]; place++) {
      const column = at[place];
      for (let row = 0; row < starts.length; row++) {
        const value = data[starts[row] + column];
        const size = absolute ? Math.abs(value) : sign * value;
        if (size <= most || value !== value) continue;
        best = value;
        most = size;
      }
    }
    pooled[pixel] = best;
  }
}

/**
 * Paint rows of a matrix into `pixels` (u4 of an ImageData, `width` x `height` of them).
 *
 * matrix: {data, width (its columns), columnOf (axis column -> its column, or null)};
 * order: the matrix rows to show, top first; view: [from, to] axis coordinates; columns: columns
 * of the axis; rows: [from, to] of `order` (fractions allowed), all by default; extreme: "max",
 * "min" or "absolute"; scale: of web/base/colours.ts, or a function row -> scale for scales of their own;
 * empty: colour of places without a snapshot; missing: [line, ground] colours of NaN; marked: those
 * of values whose index is -2.
 */
export function paint(
  pixels: Uint32Array,
  width: number,
  height: number,
  options: PaintOptions,
): void {
  const { matrix, order, view, columns, scale, empty, missing, marked = missing } = options;
  const [top, bottom] = options.rows || [0, order.length];
  const { extreme = "max" } = options;
  const across = bins(width, view[0], view[1], columns);
  if (matrix.columnOf) leaveOut(across, matrix.columnOf);
  const own = ownColumns(across, matrix);
  const down = bins(height, top, bottom, order.length);
  const pooled = new Float64Array(width);
  const line = new Uint32Array(width);
  const scaleOf = typeof scale === "function" ? scale : () => scale;
  let holes: number[] = [];
  for (let y = 0; y < height; y++) {
    const from = down.from[y];
    const to = down.to[y];
    const start = y * width;
    if (from >= to) {
      pixels.fill(empty, start, start + width);
      continue;
    }
    if (!y || from !== down.from[y - 1] || to !== down.to[y - 1]) {
      poolRow(pooled, matrix, { order, from, to }, own, extreme);
      holes = colourRow(line, pooled, across, scaleOf(order[from]), empty);
    }
    pixels.set(line, start);
    for (const hole of holes) {
      const x = hole < 0 ? ~hole : hole;
      const [line, ground] = hole < 0 ? marked : missing;
      const across = hole < 0 ? x - y + height * HATCH : x + y;
      pixels[start + x] = across % HATCH < 2 ? line : ground;
    }
  }
}

/**
 * Turn pooled values into colours; return the pixels that have a snapshot but no value, and those
 * that are marked, these as ~x.
 */
function colourRow(
  line: Uint32Array,
  pooled: Float64Array,
  across: Bins,
  scale: Colours,
  empty: number,
): number[] {
  const holes: number[] = [];
  const { colours, index } = scale;
  for (let x = 0; x < pooled.length; x++) {
    if (across.from[x] >= across.to[x]) {
      line[x] = empty;
      continue;
    }
    const at = index(pooled[x]);
    if (at < 0) holes.push(at === -1 ? x : ~x);
    else line[x] = colours[at];
  }
  return holes;
}
