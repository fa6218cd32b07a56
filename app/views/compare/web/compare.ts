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
const LONE = 5; // px of a line that is of one value only
const UNITS = { iteration: 1, epoch: 1000, clock: 100 };

/** Write a time in seconds as 1:02:03, or with a decimal below a minute. */
function duration(seconds) {
  if (seconds < 60) return `${+seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours
    ? `${hours}:${two(minutes)}:${two(whole % 60)} h`
    : `${minutes}:${two(whole % 60)} min`;
}

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

  /** Follow finite values [from, to) of an array over the columns of the axis; maybe in steps. */
  follow(context, values, from, columns, x, y, step = false) {
    let open = false;
    let single = null;
    let last = 0;
    for (let column = 0; column < columns; column++) {
      const value = values[from + column];
      if (!Number.isFinite(value)) {
        if (single) context.lineTo(single[0] + LONE, single[1]);
        open = false;
        single = null;
        continue;
      }
      const point = [x(column + 0.5), y(value)];
      if (open && step) context.lineTo(point[0], last);
      if (open) context.lineTo(...point);
      else context.moveTo(...point);
      single = open ? null : point;
      open = true;
      last = point[1];
    }
    if (single) context.lineTo(single[0] + LONE, single[1]);
  },

  /** Fill the band mean - deviation .. mean + deviation of a group. */
  band(context, at, { mean, deviation }, from, columns, x, y) {
    context.save();
    context.fillStyle = colours.theme(compare.colour(at));
    context.globalAlpha = 0.2;
    let start = 0;
    for (let column = 0; column <= columns; column++) {
      const known =
        column < columns &&
        Number.isFinite(mean[from + column]) &&
        Number.isFinite(deviation[from + column]);
      if (known) continue;
      if (column - start > 1) {
        context.beginPath();
        for (let at2 = start; at2 < column; at2++) {
          context.lineTo(x(at2 + 0.5), y(mean[from + at2] + deviation[from + at2]));
        }
        for (let at2 = column - 1; at2 >= start; at2--) {
          context.lineTo(x(at2 + 0.5), y(mean[from + at2] - deviation[from + at2]));
        }
        context.fill();
      }
      start = column + 1;
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
