// How numbers and texts are written for people, the same everywhere.

/** A number, or what stands where there is none. */
export type Maybe = number | null | undefined;
/** How values of a quantity are written. */
export type Format = "percent" | "integer" | "number";

// Made once: making one takes longer than writing a hundred numbers.
const exact = new Intl.NumberFormat("en-US", { maximumFractionDigits: 10 });
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Write an integer with thousands separators. */
const integer = (value: Maybe): string => (finite(value) ? whole.format(value) : special(value));

const finite = (value: Maybe): value is number => Number.isFinite(value);

function special(value: Maybe): string {
  if (value === null || value === undefined) return "none";
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "−Inf";
}

/** Write a number with `digits` significant digits; very large and small ones as 1.2e−5. */
function number(value: Maybe, digits = 4): string {
  if (!finite(value)) return special(value);
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e6)) {
    return value
      .toExponential(Math.max(0, digits - 2))
      .replace(/\.?0+e/, "e")
      .replace("e+", "e")
      .replaceAll("-", "−");
  }
  return exact.format(Number(value.toPrecision(digits))).replace("-", "−");
}

/** Write a share 0..1 as a percentage. */
const percent = (value: Maybe): string =>
  finite(value) ? `${(value * 100).toFixed(1).replace("-", "−")} %` : special(value);

const EXACT: Record<Format, (value: Maybe) => string> = {
  percent,
  integer,
  number: (value) => number(value, 5),
};
/** Write a value for a scale: short, 100 % and not 100.0 %. */
const tick = (format: Format | undefined, value: Maybe): string =>
  format === "percent"
    ? percent(value).replace(".0 %", " %")
    : format === "integer"
      ? integer(value)
      : number(value, 3);

// What a tick may be written off its place, as a share of the least distance of two.
const CLOSE = 0.05;
// What tells any two numbers of float32 apart.
const MOST_DIGITS = 9;

export const numbers = {
  integer,
  number,
  percent,
  /** Write a value in one of the formats "percent", "integer", "number". */
  as: (format: Format | undefined, value: Maybe): string =>
    (EXACT[format ?? "number"] || EXACT.number)(value),
  tick,
  /** Write the values of a scale, alike and rising: as short as their distances can be read. */
  ticks(format: Format | undefined, values: readonly number[]): string[] {
    if ((format ?? "number") !== "number") return values.map((value) => tick(format, value));
    const gaps = values.slice(1).map((value, at) => Math.abs(value - values[at]));
    const within = Math.min(...gaps.filter(Boolean)) * CLOSE;
    const digits = [3, 4, 5, 6, 7, 8].find((some) =>
      values.every((value) => Math.abs(Number(value.toPrecision(some)) - value) <= within),
    );
    return values.map((value) => number(value, digits ?? MOST_DIGITS));
  },
  /** Short form of an iteration for ticks: 1,200 · 120k · 1.2M. */
  short(value: number): string {
    if (Math.abs(value) >= 1e6) return `${+(value / 1e6).toPrecision(4)}M`;
    if (Math.abs(value) >= 1e4) return `${+(value / 1e3).toPrecision(4)}k`;
    return whole.format(value);
  },
  plural: (count: number, one: string, many: string): string =>
    `${integer(count)} ${count === 1 ? one : many}`,
};
