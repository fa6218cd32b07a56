// What the charts of the compare page share: how a run looks, ticks as text, the page's address.
//
// A run is told by its letter, its colour (palette.css) and, among at most ten, its pattern. Ticks
// are places on the common axis; their unit depends on the alignment.

import {
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  type Handler,
  make,
  type Names,
  numbers,
  registerKind,
  type Selection,
  selectionAddress,
  selectionStore,
  sizeCanvas,
} from "#app/web/index.ts";
import { explore } from "./explore.ts";
import { follow, type Spread, spread, stretches } from "./paths.ts";
import { duration } from "./times.ts";

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
const REST_MS = 250;
const UNITS: Record<Align, number> = { iteration: 1, epoch: 1000, clock: 100 };

const SOLID: readonly number[] = [];

const { integer, number } = numbers;
type Lifted = (at: number | null) => void;
let lifted: number | null = null;
const lifts = new Set<Lifted>();
let many = false; // more runs than there are patterns

export const compare = {
  UNITS,
  /** A to Z, then AA, AB (app/views/compare/words.py). */
  letter: (at: number): string =>
    (at < ALPHABET.length ? "" : ALPHABET[Math.floor(at / ALPHABET.length) - 1]) +
    ALPHABET[at % ALPHABET.length],
  colour: (at: number): string => `--compare-${at}`,
  pattern: (at: number): readonly number[] => (many ? SOLID : PATTERNS[at]),
  isMany: (): boolean => many,
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

  /** Draw the line of a run by `path(context)`. */
  stroke(
    context: DrawingContext,
    at: number,
    path: (context: DrawingContext) => void,
    { width = 1.75, alpha = 1 } = {},
  ): void {
    context.save();
    context.strokeStyle = colours.theme(compare.colour(at));
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.setLineDash(compare.pattern(at) as number[]);
    context.beginPath();
    path(context);
    context.stroke();
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
  swatch(at: number): HTMLCanvasElement {
    const canvas = make("canvas", "compare-swatch");
    const { context } = sizeCanvas(canvas, 36, 10);
    compare.stroke(
      context,
      at,
      (line) => {
        line.moveTo(0, 5);
        line.lineTo(36, 5);
      },
      { width: 3 },
    );
    canvas.setAttribute("aria-hidden", "true");
    return canvas;
  },
};

/** Keep the page's choice in its address, and take it over from there. Options: runs. */
class State implements Handler {
  declare readonly chart: Chart<RunsOptions>;
  declare private rest: ReturnType<typeof setTimeout> | 0;
  declare private align: string;
  /** The runs on the page. */
  declare private ids: number[];
  /** The places of the two in detail, as the selection says them. */
  declare private pair: string[];
  /** The options of the last drawing. */
  declare private key?: string;

  constructor(chart: Chart<RunsOptions>) {
    this.chart = chart;
    many = chart.options.runs.length > PATTERNS.length;
    this.rest = 0;
    chart.element.hidden = true;
    selectionStore.adopt(selectionAddress.read(selectionStore.fields(), location.search));
    this.align = selectionStore.get().align;
    // What the address says of runs by their place, it says of the runs that it names.
    const named = new URLSearchParams(location.search).get("runs") || "";
    this.ids = named.split(",").map(Number).filter(Boolean);
    this.pair = ["0", "1"];
    if (!this.ids.length) this.ids = this.idsNow();
    else if (String(this.ids) !== String(this.idsNow())) this.move(this.idsNow());
    this.settle();
    this.write();
  }

  idsNow(): number[] {
    return this.chart.options.runs.map(({ id }) => id);
  }

  draw(): string {
    const ids = this.idsNow();
    many = ids.length > PATTERNS.length;
    if (String(ids) !== String(this.ids)) this.move(ids);
    this.write();
    this.ask();
    explore.draw(this.chart.options.runs);
    // With other runs, or other versions of them, the controls come anew, as the server sends them.
    const key = JSON.stringify(this.chart.options);
    if (this.key !== key) selectionStore.show();
    this.key = key;
    return "";
  }

  /** Keep what is said of runs by their place with the same runs, where they have moved. */
  move(ids: number[]): void {
    const now = selectionStore.get();
    const members = ids.map((id) => now.members[this.ids.indexOf(id)] || 0);
    const place = (before: string) => {
      const at = ids.indexOf(this.ids[Number(before)]);
      return at < 0 ? null : String(at);
    };
    const pair = [place(now.firstrun), place(now.secondrun)];
    this.ids = ids;
    this.pair = ["0", "1"];
    const whole = !pair.includes(null);
    selectionStore.set({
      members: members.some(Boolean) ? members : null,
      firstrun: whole ? pair[0] : null,
      secondrun: whole ? pair[1] : null,
    });
  }

  /** See to it that the two runs in detail are two of those there: who takes one, gives his. */
  settle(): void {
    const { firstrun, secondrun } = selectionStore.get();
    const [before, after] = [this.pair, [firstrun, secondrun]];
    const good = after.every((at) => /^\d{1,2}$/.test(at) && Number(at) < this.ids.length);
    if (good && firstrun !== secondrun) this.pair = after;
    else if (!good) this.pair = ["0", "1"];
    else this.pair = firstrun !== before[0] ? [firstrun, before[0]] : [before[1], secondrun];
    if (String(this.pair) === String(after)) return;
    selectionStore.set({ firstrun: this.pair[0], secondrun: this.pair[1] });
    selectionStore.show();
  }

  selected(selection: Selection, names: Names): void {
    if (names.has("align") && selection.align !== this.align) {
      this.align = selection.align;
      // These are places of the other axis.
      selectionStore.set({ cursor: null, pins: null, range: null, zoom: null });
    }
    if (names.has("firstrun") || names.has("secondrun")) this.settle();
    if (names.has("grouping") || names.has("explore")) this.ask();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.write(), REST_MS);
  }

  /** Show what is asked of groups only where there are some. */
  ask(): void {
    const { grouping } = selectionStore.get();
    const hide = (of: string, hidden: boolean) => {
      const found = document.querySelector<HTMLElement>(of);
      if (found) found.hidden = hidden;
    };
    hide(".compare-group-by", grouping !== "setting");
    hide(".compare-band", grouping === "runs");
    hide(".compare-grouping", grouping === "runs");
    explore.ask(selectionStore.get());
  }

  write(): void {
    clearTimeout(this.rest);
    if (!/\/compare\/?$/.test(location.pathname)) return;
    const fields = selectionStore.fields();
    const now: Record<string, unknown> = { ...selectionStore.get() };
    const chosen: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      if (JSON.stringify(now[name]) !== JSON.stringify(field.default)) chosen[name] = now[name];
    }
    const { runs } = this.chart.options;
    const named = runs.length
      ? [`runs=${runs.map(({ id }) => id)}`, `of=${runs.map(({ of }) => of)}`]
      : ["", ""];
    const parts = [named[0], selectionAddress.write(fields, chosen), named[1]].filter(Boolean);
    const search = parts.length ? `?${parts.join("&")}` : "";
    if (search !== location.search)
      history.replaceState(history.state, "", location.pathname + search);
  }

  destroy(): void {
    clearTimeout(this.rest);
  }
}

registerKind("comparestate", (chart) => new State(chart));
