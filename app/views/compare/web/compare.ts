// What the charts of the compare page share: how a run looks, ticks as text, the page's address.
//
// A run is told by its letter, its colour (--compare-0 .. 9, told apart also by the colour-blind)
// and its pattern. Ticks are places on the common axis; their unit depends on the alignment.

import {
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  duration,
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
import { follow, type Spread, stretches } from "./paths.ts";

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

const LETTERS = "ABCDEFGHIJ";
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

const { integer, number } = numbers;

export const compare = {
  UNITS,
  letter: (at: number): string => LETTERS[at],
  colour: (at: number): string => `--compare-${at}`,
  pattern: (at: number): readonly number[] => PATTERNS[at],
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
    context.setLineDash(PATTERNS[at] as number[]);
    context.beginPath();
    path(context);
    context.stroke();
    context.restore();
  },

  follow,

  /** Fill the band mean - deviation .. mean + deviation of a group. */
  band(
    context: DrawingContext,
    at: number,
    { mean, deviation }: Spread,
    from: number,
    columns: number,
    x: Along,
    y: Along,
  ): void {
    context.save();
    context.fillStyle = colours.theme(compare.colour(at));
    context.globalAlpha = 0.2;
    for (const [start, end] of stretches({ mean, deviation }, from, columns)) {
      context.beginPath();
      for (let column = start; column < end; column++) {
        context.lineTo(x(column + 0.5), y(mean[from + column] + deviation[from + column]));
      }
      for (let column = end - 1; column >= start; column--) {
        context.lineTo(x(column + 0.5), y(mean[from + column] - deviation[from + column]));
      }
      context.fill();
    }
    context.restore();
  },

  /** Return what a line is called: a run by letter and name, a group by the letters of its runs. */
  groupName: (members: readonly number[], runs: readonly Run[]): string =>
    members.length > 1
      ? members.map(compare.letter).join(" ")
      : `${compare.letter(members[0])} ${runs[members[0]].name}`,

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
    if (String(ids) !== String(this.ids)) this.move(ids);
    this.write();
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
    const good = after.every((at) => /^\d$/.test(at) && Number(at) < this.ids.length);
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
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.write(), REST_MS);
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
