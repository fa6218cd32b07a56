// @ts-nocheck
// What the charts of the compare page share: how a run looks, ticks as text, the page's address.
//
// A run is told by its letter, its colour (--compare-0 .. 9, told apart also by the colour-blind)
// and its pattern. Ticks are places on the common axis; their unit depends on the alignment.

import {
  colours,
  numbers,
  registerKind,
  selectionAddress,
  selectionStore,
  sizeCanvas,
} from "#app/web/index.ts";
import { follow, stretches } from "./paths.ts";
import { duration } from "./times.ts";

const LETTERS = "ABCDEFGHIJ";
const PATTERNS = [
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
const UNITS = { iteration: 1, epoch: 1000, clock: 100 };

const { integer, number } = numbers;

export const compare = {
  UNITS,
  letter: (at) => LETTERS[at],
  colour: (at) => `--compare-${at}`,
  pattern: (at) => PATTERNS[at],
  align: () => selectionStore.get().align,

  /** Write a tick as text, with its unit in words. */
  tickWords(tick, align = compare.align()) {
    if (align === "epoch") return `epoch ${number(tick / UNITS.epoch)}`;
    if (align === "clock") return `${duration(tick / UNITS.clock)} after the start`;
    return `iteration ${integer(tick)}`;
  },

  /** Write a tick as short as an axis wants it. */
  tickShort(tick, align = compare.align()) {
    if (align === "epoch") return number(tick / UNITS.epoch);
    if (align === "clock") return duration(tick / UNITS.clock);
    return numbers.short(tick);
  },

  /** Draw the line of a run by `path(context)`. */
  stroke(context, at, path, { width = 1.75, alpha = 1 } = {}) {
    context.save();
    context.strokeStyle = colours.theme(compare.colour(at));
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.setLineDash(PATTERNS[at]);
    context.beginPath();
    path(context);
    context.stroke();
    context.restore();
  },

  follow,

  /** Fill the band mean - deviation .. mean + deviation of a group. */
  band(context, at, { mean, deviation }, from, columns, x, y) {
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
  groupName: (members, runs) =>
    members.length > 1
      ? members.map(compare.letter).join(" ")
      : `${compare.letter(members[0])} ${runs[members[0]].name}`,

  element(kind, name, text = "") {
    const made = document.createElement(kind);
    if (name) made.className = name;
    if (text) made.textContent = text;
    return made;
  },

  /** Return a canvas with the line of a run. */
  swatch(at) {
    const canvas = compare.element("canvas", "compare-swatch");
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
class State {
  constructor(chart) {
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

  idsNow() {
    return this.chart.options.runs.map(({ id }) => id);
  }

  draw() {
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
  move(ids) {
    const now = selectionStore.get();
    const members = ids.map((id) => now.members[this.ids.indexOf(id)] || 0);
    const place = (before) => {
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
  settle() {
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

  selected(selection, names) {
    if (names.has("align") && selection.align !== this.align) {
      this.align = selection.align;
      // These are places of the other axis.
      selectionStore.set({ cursor: null, pins: null, range: null, zoom: null });
    }
    if (names.has("firstrun") || names.has("secondrun")) this.settle();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.write(), REST_MS);
  }

  write() {
    clearTimeout(this.rest);
    if (!/\/compare\/?$/.test(location.pathname)) return;
    const fields = selectionStore.fields();
    const now = selectionStore.get();
    const chosen = {};
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

  destroy() {
    clearTimeout(this.rest);
  }
}

registerKind("comparestate", (chart) => new State(chart));
