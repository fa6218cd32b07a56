// Colour scales: which colour stands for a value, in light and dark, and the bar that explains it.

import { type Format, numbers } from "./numbers.ts";
import { PALETTES, type Palette } from "./palettes.ts";

const STEPS = 256;

/** Which colour stands for a value: `index` gives 0..255, -1 for NaN, of the `colours` (u4). */
export interface Scale {
  palette?: string;
  low: number;
  high: number;
  log: boolean;
  /** The value of all, where they are all the same. */
  constant: number | null;
  colours: Uint32Array;
  index: (value: number) => number;
  /** What the bar of a legend shows, where that is not all colours. */
  bar?: Uint32Array;
}
/** The ends of a scale that fits some values. */
export interface Fitted {
  low: number;
  high: number;
  log: boolean;
  signed: boolean;
  constant?: number | null;
}

const tables = new Map<string, Uint32Array>();
const themes = new Map<string, string>(); // asked of the style once

export const isDark = () =>
  document.documentElement.getAttribute("data-mantine-color-scheme") === "dark";

const channels = (hex: string): number[] =>
  [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
const pack = ([red, green, blue]: number[]): number =>
  ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/** Return 256 colours of a palette as u4 for the pixels of a canvas (little-endian RGBA). */
export function table(name: string): Uint32Array {
  const key = `${name} ${isDark()}`;
  let colours = tables.get(key);
  if (!colours) {
    // Of an address that somebody wrote: there may be no such palette.
    const known = PALETTES[name as Palette] ?? PALETTES.accuracy;
    const stops = known[isDark() ? "dark" : "light"].map(channels);
    colours = new Uint32Array(STEPS);
    for (let step = 0; step < STEPS; step++) {
      const at = (step / (STEPS - 1)) * (stops.length - 1);
      const low = Math.min(Math.floor(at), stops.length - 2);
      colours[step] = pack(
        [0, 1, 2].map((channel) =>
          Math.round(
            stops[low][channel] + (stops[low + 1][channel] - stops[low][channel]) * (at - low),
          ),
        ),
      );
    }
    tables.set(key, colours);
  }
  return colours;
}

export const css = (colour: number): string =>
  `rgb(${colour & 255}, ${(colour >> 8) & 255}, ${(colour >> 16) & 255})`;

/** The variables that our stylesheet gives to the whole page; none where it has not come yet. */
let variables: string[] = [];

function findVariables(): string[] {
  const ours = [...document.styleSheets].filter(({ href }) => href?.includes("/assets/built/"));
  return ours
    .flatMap(({ cssRules }) => [...cssRules])
    .filter((rule) => rule instanceof CSSStyleRule && rule.selectorText === ":root")
    .flatMap((rule) => [...(rule as CSSStyleRule).style])
    .filter((name) => name.startsWith("--"));
}

/** Ask the style for colours of the theme, and keep what it says. */
function ask(names: readonly string[]): void {
  const style = getComputedStyle(document.documentElement);
  for (const name of names)
    themes.set(`${name} ${isDark()}`, style.getPropertyValue(name).trim() || "#888");
}

/** Return a colour of the theme as written in charts.css, for instance theme("--dt-text"). */
export function theme(name: string): string {
  const key = `${name} ${isDark()}`;
  if (!themes.has(key)) {
    if (!variables.length) variables = findVariables();
    // All at once: in the middle of later drawings each question would lay the page out.
    ask([name, ...variables]);
  }
  return themes.get(key)!;
}

let probe: OffscreenCanvasRenderingContext2D | null = null;
const packedThemes = new Map<string, number>();

/** Return a colour of the theme as u4 for the pixels of a canvas. */
export function packed(name: string): number {
  const text = theme(name);
  let found = packedThemes.get(text);
  if (found === undefined) {
    probe ??= new OffscreenCanvas(1, 1).getContext("2d", {
      willReadFrequently: true,
    }) as OffscreenCanvasRenderingContext2D;
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = text;
    probe.fillRect(0, 0, 1, 1);
    found = new Uint32Array(probe.getImageData(0, 0, 1, 1).data.buffer)[0];
    packedThemes.set(text, found);
  }
  return found;
}

/**
 * Return a scale: {palette, low, high, log, colours, index(value)}. `index` gives 0..255 for a
 * finite value (values beyond the ends take the end's colour) and -1 for NaN.
 */
export function scale({
  palette,
  low,
  high,
  log = false,
  constant = null,
}: {
  palette: string;
  low: number;
  high: number;
  log?: boolean;
  constant?: number | null;
}): Scale {
  const colours = table(palette);
  const from = log ? Math.log10(low) : low;
  const span = (log ? Math.log10(high) : high) - from || 1;
  const factor = (STEPS - 1) / span;
  const index = (value: number) => {
    if (value !== value) return -1;
    const at = ((log ? Math.log10(value) : value) - from) * factor;
    return at > 0 ? (at < STEPS - 1 ? (at + 0.5) | 0 : STEPS - 1) : 0;
  };
  return { palette, low, high, log, constant, colours, index };
}

/** Return the ends for values that are all the same: it stands at the low end, or the high one. */
function constant(value: number): Fitted {
  const ends = value > 0 ? { low: 0, high: value } : { low: value, high: value + 1 };
  return { ...ends, log: false, signed: false, constant: value };
}

/**
 * Return {low, high, log, signed} that fit the finite values: the 0.5 % at each end may be cut
 * off, zero is the middle of signed values, and a log scale starts at the smallest positive one.
 */
export function fit(values: ArrayLike<number>, { log = false } = {}): Fitted {
  const stride = Math.max(1, Math.floor(values.length / 20_000));
  const sample: number[] = [];
  for (let at = 0; at < values.length; at += stride) {
    if (Number.isFinite(values[at])) sample.push(values[at]);
  }
  if (!sample.length) return { low: 0, high: 1, log: false, signed: false };
  const sorted = Float64Array.from(sample).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  const signed = sorted[0] < 0;
  if (sorted[0] === sorted[sorted.length - 1]) return constant(sorted[0]);
  if (signed) {
    const end = Math.max(-at(0.005), at(0.995)) || 1;
    return { low: -end, high: end, log: false, signed };
  }
  const positive = log ? sorted.filter((value) => value > 0) : sorted;
  if (log && positive.length) {
    const low = positive[Math.round(0.005 * (positive.length - 1))];
    const high = at(0.998) > low ? at(0.998) : low * 10;
    return { low: Math.max(low, high * 1e-9), high, log: true, signed };
  }
  return { low: sorted[0] === at(0.995) ? 0 : at(0.005), high: at(0.995) || 1, log: false, signed };
}

/**
 * Fill `holder` with the bar of a scale: its ends, its kind, and the swatch of missing values.
 * `pooled` says what one pixel stands for;
 * notes stand before the ends' numbers; words stand instead of them; marked says what is drawn as
 * the lowest value, but hatched.
 */
export function legend(
  holder: Element,
  shown: Scale,
  {
    format = "number",
    missing = false,
    notes = ["", ""],
    words = null,
    pooled = "",
    marked = "",
  }: {
    format?: Format;
    missing?: boolean;
    notes?: readonly string[];
    words?: readonly string[] | null | false;
    pooled?: string;
    marked?: string;
  } = {},
): void {
  const { tick } = numbers;
  const bar = document.createElement("canvas");
  bar.className = "dt-legend-bar";
  bar.width = STEPS;
  bar.height = 1;
  const image = new ImageData(STEPS, 1);
  new Uint32Array(image.data.buffer).set(shown.colours);
  bar.getContext("2d")?.putImageData(image, 0, 0);
  bar.setAttribute("aria-hidden", "true");
  const text = (content: string, name: string) => {
    const span = document.createElement("span");
    span.className = name;
    span.textContent = content;
    return span;
  };
  const end = (value: number, note: string) =>
    [note, tick(format, value)].filter(Boolean).join(" ");
  // The bar stays between its ends where the legend has several lines.
  const scaleOf = (low: string, bar: Element, high: string) => {
    const whole = text("", "dt-legend-scale");
    whole.append(text(low, "dt-legend-end"), bar, text(high, "dt-legend-end"));
    return whole;
  };
  const [low, high] = words || [end(shown.low, notes[0]), end(shown.high, notes[1])];
  const same = shown.constant === null ? null : `every value is ${tick(format, shown.constant)}`;
  const parts = [same && !words ? text(same, "dt-legend-end") : scaleOf(low, bar, high)];
  if (pooled) parts.unshift(text(pooled, "dt-legend-pooled"));
  if (shown.log) parts.push(text("log", "dt-legend-kind"));
  if (missing) parts.push(text("", "dt-legend-missing"), text("no value (NaN)", "dt-legend-end"));
  if (marked) {
    const swatch = text("", "dt-legend-missing dt-legend-marked");
    swatch.style.setProperty("--dt-marked", css(shown.colours[0]));
    parts.push(swatch, text(marked, "dt-legend-end"));
  }
  holder.replaceChildren(...parts);
}

export const names = Object.keys(PALETTES);
