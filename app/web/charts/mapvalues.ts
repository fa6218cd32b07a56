// What a pixel map does with its values before it draws them: ratios, order, words.

import { type Fitted, fit } from "../base/colours.ts";
import type { Extreme } from "../base/raster.ts";
import type { Place } from "./plotarea.ts";

// By the array that they are of: the maps of several pages are made of one answer, the errors of classes.
const derived = new WeakMap<object, Map<string, Float32Array<ArrayBuffer>>>();
const known = new WeakMap<object, [missing: boolean, finite: boolean]>();
const fits = new WeakMap<object, Map<boolean, Fitted>>();

/**
 * Return values / divisor of their row, or 1 minus that; NaN where there is nothing to know: 0 / 0,
 * and a count below 0, which nobody counted. `divisors` belong to `source`: they come with it. The
 * same array for all who ask, not to be written to.
 */
export function derive(
  source: ArrayLike<number> & object,
  width: number,
  divisors?: ArrayLike<number> | null,
  complement?: boolean,
): Float32Array<ArrayBuffer> {
  const key = `${width} ${Boolean(divisors)} ${Boolean(complement)}`;
  const made = derived.get(source) ?? new Map<string, Float32Array<ArrayBuffer>>();
  derived.set(source, made);
  let values = made.get(key);
  if (!values) {
    values = ratios(source, width, divisors, complement);
    made.set(key, values);
  }
  return values;
}

function ratios(
  source: ArrayLike<number>,
  width: number,
  divisors?: ArrayLike<number> | null,
  complement = false,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(source.length);
  // Looked at on the way: millions of values need not be gone through once more.
  const seen = { missing: false, finite: false };
  let shares = { of: NaN, values: new Float32Array(0) };
  for (let from = 0, row = 0; from < source.length; from += width, row++) {
    const of = divisors ? divisors[row] : NaN;
    if (of > 0 && of <= width) {
      if (shares.of !== of) shares = { of, values: sharesOf(of, complement) };
      if (lookUp(values, source, from, from + width, shares.values)) {
        seen.finite = true;
        continue;
      }
    }
    divide(values, source, from, from + width, divisors ? of : null, complement, seen);
  }
  known.set(values, [seen.missing, seen.finite]);
  return values;
}

/** Return what counts 0 to `whole` are of it, or 1 minus that. */
const sharesOf = (whole: number, complement: boolean): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: whole + 1 }, (_, count) =>
    complement ? 1 - count / whole : count / whole,
  );

/**
 * Look up the share of each count of a row; false where one is no count of its whole. A third of
 * the time that dividing takes: in a page that has just been opened this code is slow at first.
 */
function lookUp(
  values: Float32Array<ArrayBuffer>,
  source: ArrayLike<number>,
  from: number,
  to: number,
  shares: ArrayLike<number | undefined>,
): boolean {
  for (let at = from; at < to; at++) {
    const share = shares[source[at]];
    if (share === undefined) return false;
    values[at] = share;
  }
  return true;
}

function divide(
  values: Float32Array<ArrayBuffer>,
  source: ArrayLike<number>,
  from: number,
  to: number,
  divisor: number | null,
  complement: boolean,
  seen: { missing: boolean; finite: boolean },
): void {
  for (let at = from; at < to; at++) {
    const ratio = divisor === null ? source[at] : source[at] < 0 ? NaN : source[at] / divisor;
    const value = complement ? 1 - ratio : ratio;
    values[at] = value;
    if (value !== value) seen.missing = true;
    else if (!seen.finite) seen.finite = Number.isFinite(value);
  }
}

/** Return whether any value is NaN, and whether any is finite. */
export function looked(values: ArrayLike<number> & object): [missing: boolean, finite: boolean] {
  let found = known.get(values);
  if (!found) {
    found = look(values);
    known.set(values, found);
  }
  return found;
}

function look(values: ArrayLike<number>): [missing: boolean, finite: boolean] {
  let missing = false;
  let finite = false;
  for (let at = 0; at < values.length && !(missing && finite); at++) {
    if (values[at] !== values[at]) missing = true;
    else if (Number.isFinite(values[at])) finite = true;
  }
  return [missing, finite];
}

/** Return what the colours of values range over, on a linear or a logarithmic scale. */
export function fitted(values: ArrayLike<number> & object, log: boolean): Fitted {
  const found = fits.get(values) ?? new Map<boolean, Fitted>();
  fits.set(values, found);
  let range = found.get(log);
  if (!range) {
    range = fit(values, { log });
    found.set(log, range);
  }
  return range;
}

/** Return the rows in the order "recorded", or "last": the lowest last value first, NaN last. */
export function order(
  values: ArrayLike<number>,
  rows: number,
  width: number,
  wanted: string,
): Int32Array<ArrayBuffer> {
  const found = Int32Array.from({ length: rows }, (_, row) => row);
  if (wanted !== "last") return found;
  const key = (row: number) => {
    const value = values[(row + 1) * width - 1];
    return Number.isNaN(value) ? Infinity : value;
  };
  return found.sort((a, b) => (key(a) === key(b) ? a - b : key(a) < key(b) ? -1 : 1));
}

/** Return in words what one pixel shows where it stands for several cells, else "". */
export function pooled({
  rows,
  columns: [from, to],
  place,
  extreme = "max",
}: {
  rows: number;
  columns: readonly [number, number];
  place: Pick<Place, "width" | "height">;
  extreme?: Extreme;
}): string {
  const ratio = window.devicePixelRatio || 1;
  const cells = [rows / (place.height * ratio), (to - from) / (place.width * ratio)];
  if (cells.every((count) => count <= 1)) return "";
  const shown = { min: "lowest", max: "highest", absolute: "largest" }[extreme];
  const sides = cells.map((count) => Math.max(1, Math.ceil(count - 1e-9)));
  return `up to ${sides.join(" × ")} cells a pixel: ${shown} shown`;
}
