// What the charts of the compare page share: how a run looks, ticks as text, the page's address.
//
// A run is told by its letter, its colour (palette.css) and, among at most ten, its pattern. Ticks
// are places on the common axis; their unit depends on the alignment.

import {
  type ChartKinds,
  colours,
  type DrawingContext,
  duration,
  follow,
  make,
  numbers,
  type Spread,
  selectionStore,
  sizeCanvas,
  spread,
  stretches,
  strokeMany,
} from "#app/web/index.ts";

export type Run = RunsOptions["runs"][number];
export type RunsOptions = ChartKinds["comparestate"];

/** Groups of runs, by their places; null where each run stands for itself. */
export type Members = readonly (readonly number[])[] | null;
/** What every answer about aligned runs says (app/data/aligned.py). */
export interface Aligned {
  ticks: number;
  all_ticks: number;
  unaligned: readonly number[];
}
/** What the runs are aligned by. */
export type Align = "iteration" | "epoch" | "clock";
type Along = (value: number) => number;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const PATTERNS: readonly (readonly number[])[] = [
  [],
  [7, 3],
  [2, 2.5],
  [9, 3, 2, 3],
  [14, 4],
  [5, 2, 1, 2, 1, 2],
  [3, 6],
  [12, 3, 5, 3],
  [1, 4],
  [6, 6],
];
const UNITS: Record<Align, number> = { iteration: 1, epoch: 1000, clock: 100 };

const SOLID: readonly number[] = [];

const { integer, number } = numbers;
type Lifted = (at: number | null) => void;
let lifted: number | null = null;
const lifts = new Set<Lifted>();
let many = false; // more runs than there are patterns
let places: readonly number[] = []; // of the runs' colours

export const compare = {
  UNITS,
  /** A to Z, then AA, AB (app/views/compare/words.py). */
  letter: (at: number): string =>
    (at < ALPHABET.length ? "" : ALPHABET[Math.floor(at / ALPHABET.length) - 1]) +
    ALPHABET[at % ALPHABET.length],
  colour: (at: number): string => `--compare-${places[at] ?? at}`,
  pattern: (at: number): readonly number[] => (many ? SOLID : PATTERNS[at]),
  isMany: (): boolean => many,
  /** Know how many runs there are, and the colour of each. */
  count(runs: readonly Run[]): void {
    many = runs.length > PATTERNS.length;
    places = runs.map(({ colour }, at) => colour ?? at);
  },
  isHidden: (run: Run): boolean => selectionStore.get().hidden.includes(run.id),

  /** Return the place of the run that others are compared with: the first unless one is chosen. */
  base(runs: readonly Run[]): number {
    const { baseline } = selectionStore.get();
    return Math.max(
      0,
      runs.findIndex(({ id }) => String(id) === baseline),
    );
  },

  /** Draw the line of a run above all others, in every chart; null: of none. */
  lift(at: number | null): void {
    if (at === lifted) return;
    lifted = at;
    for (const told of lifts) told(at);
  },

  /** Call `told` with the run that is lifted, whenever that changes; returns the way out. */
  onLift(told: Lifted): () => void {
    lifts.add(told);
    return () => lifts.delete(told);
  },

  align: (): Align => selectionStore.get().align as Align,

  /** Write a tick as text, with its unit in words. */
  tickWords(tick: number, align: Align = compare.align()): string {
    if (align === "epoch") return `epoch ${number(tick / UNITS.epoch)}`;
    if (align === "clock") return `${duration(tick / UNITS.clock)} after the start`;
    return `iteration ${integer(tick)}`;
  },

  /** Write a tick as short as an axis wants it. */
  tickShort(tick: number, align: Align = compare.align()): string {
    if (align === "epoch") return number(tick / UNITS.epoch);
    if (align === "clock") return duration(tick / UNITS.clock);
    return numbers.short(tick);
  },

  /** Draw the line of a run by `trace(path)`. */
  stroke(
    context: DrawingContext,
    at: number,
    trace: (path: CanvasPath) => void,
    { width = 1.75, alpha = 1 } = {},
  ): void {
    context.save();
    context.strokeStyle = colours.theme(compare.colour(at));
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.setLineDash(compare.pattern(at) as number[]);
    strokeMany(context, Number.POSITIVE_INFINITY, trace);
    context.restore();
  },

  follow,
  spread,

  /** Fill the band low .. high of a group. */
  band(
    context: DrawingContext,
    at: number,
    { low, high }: Spread,
    from: number,
    columns: number,
    x: Along,
    y: Along,
  ): void {
    context.save();
    context.fillStyle = colours.theme(compare.colour(at));
    context.globalAlpha = 0.2;
    for (const [start, end] of stretches({ low, high }, from, columns)) {
      context.beginPath();
      for (let column = start; column < end; column++) {
        context.lineTo(x(column + 0.5), y(high[from + column]));
      }
      for (let column = end - 1; column >= start; column--) {
        context.lineTo(x(column + 0.5), y(low[from + column]));
      }
      context.fill();
    }
    context.restore();
  },

  /**
   * Return what a line is called: a run by letter and name, a group by what makes it and how many
   * runs it has, else by the letters of its runs.
   */
  groupName: (members: readonly number[], runs: readonly Run[], label = ""): string => {
    if (label) return `${label} (${numbers.plural(members.length, "run", "runs")})`;
    return members.length > 1
      ? members.map(compare.letter).join(" ")
      : `${compare.letter(members[0])} ${runs[members[0]].name}`;
  },

  /** Say which of the runs a part shows that cannot show all. */
  someOf: (detailed: readonly number[], runs: readonly Run[]): string =>
    `of ${runs.length} runs these ${detailed.length}: ${detailed.map(compare.letter).join(", ")}; ` +
    "choose others by ▤ in the key",

  /** Return a canvas with the line of a run. */
  swatch: (at: number): HTMLCanvasElement =>
    compare.swatchOf(compare.colour(at), compare.pattern(at)),

  /** Return a canvas with a line of a colour (a variable of the CSS) and a pattern. */
  swatchOf(colour: string, pattern: readonly number[]): HTMLCanvasElement {
    const canvas = make("canvas", "compare-swatch");
    const { context } = sizeCanvas(canvas, 36, 10);
    context.strokeStyle = colours.theme(colour);
    context.lineWidth = 3;
    context.setLineDash(pattern as number[]);
    context.beginPath();
    context.moveTo(0, 5);
    context.lineTo(36, 5);
    context.stroke();
    canvas.setAttribute("aria-hidden", "true");
    return canvas;
  },
};
