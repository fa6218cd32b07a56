// Anomalies and annotations of several runs on one axis: a row for each run, and a list of links.
//
// Options: url, runs. The answer is that of app/data/compare_series.py events; annotations come
// from the runs' own route, since they change without the run.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  fetchJson,
  gutter,
  type Handler,
  type Iterations,
  make,
  type Mark as Named,
  nothing,
  numbers,
  type Place,
  PlotArea,
  registerKind,
  SIGNS,
  said,
  sizeCanvas,
  tooltip,
} from "#app/web/index.ts";
import { type Aligned, compare, type Run } from "./compare.ts";

const ROW = 46;
const FONT = "11px system-ui, sans-serif";
const NEAR = 8;
const MOST_LISTED = 40; // of each run
const AGAIN_MS = 15_000;

/** By the place of the run: of its anomalies, and (place, own) of its snapshots. */
type Arrays = Record<
  | `tick.${number}`
  | `at.${number}`
  | `classes.${number}`
  | `images.${number}`
  | `place.${number}`
  | `own.${number}`,
  Iterations
> &
  Record<`right.${number}`, Uint8Array<ArrayBuffer>>;
interface Meta extends Aligned {
  /** The places of the runs that have a row: where there are many, not all. */
  detailed: readonly number[];
  /** The window and threshold of each run; null where it has no anomalies. */
  windows: readonly ({ k: number; m: number } | null)[];
  /** What each run has marked on its axis; the iterations are its own. */
  marks?: readonly (readonly Named[])[];
}
/** What is asked of an annotation with iterations (app/annotations/answers.py). */
interface Note {
  target: { first: number; last: number };
  author: string;
  body: string;
  about: string;
  link: string;
  resolved_at: string | null;
}
/** What is drawn of a run `at`; x and y count from the chart's corner. */
type Mark = { at: number; x: number; y: number } & (
  | { kind: "anomaly"; row: number; note?: undefined }
  | { kind: "note"; note: Note; row?: undefined }
  | { kind: "named"; named: Named; note?: undefined; row?: undefined }
);
type Across = (tick: number) => number;

class Events implements Handler {
  declare readonly chart: Chart<ChartKinds["compareevents"]>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly area: PlotArea;
  /** By the id of the run: its annotations with iterations. */
  declare private readonly annotations: Map<number, Note[]>;
  /** Which of the runs are shown. */
  declare private readonly said: HTMLElement;
  declare private readonly list: HTMLElement;
  declare private readonly timer: ReturnType<typeof setInterval>;
  declare private arrays: Arrays;
  declare private meta: Meta;
  declare private marks: Mark[];
  declare private left: number;
  /** What the list was made of. */
  declare private listed: string | null;

  constructor(chart: Chart<ChartKinds["compareevents"]>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.area = new PlotArea(chart, {
      hover: (x, y, event) => this.hover(x, y, event),
      click: (x, y) => this.click(x, y),
    });
    this.annotations = new Map();
    this.said = make("div", "compare-note");
    this.said.hidden = true;
    this.list = make("details", "compare-list");
    this.list.hidden = true;
    chart.element.append(this.said, this.list);
    this.timer = setInterval(() => document.hidden || this.ask(), AGAIN_MS);
  }

  destroy(): void {
    clearInterval(this.timer);
  }

  receive({ arrays, meta }: Answer<Meta, Arrays>): void {
    this.arrays = arrays;
    this.meta = meta;
    this.listed = null;
    this.ask();
  }

  async ask(): Promise<void> {
    const base = this.chart.options.url!.replace(/\/data\/compare.*/, "");
    await Promise.all(
      this.detailed().map(async ([{ id }]) => {
        try {
          const found = await fetchJson<{ annotations?: Note[] }>(
            `${base}/data/run/${id}/annotations`,
          );
          const rows = (found.annotations || []).filter(({ target }) => target.first !== null);
          if (JSON.stringify(rows) === JSON.stringify(this.annotations.get(id))) return;
          this.annotations.set(id, rows);
          this.chart.invalidate();
        } catch {
          // The row does without; the next time it is asked again.
        }
      }),
    );
  }

  /** Return the runs that have a row, each with its place among all. */
  detailed(): [run: Run, at: number][] {
    return this.meta.detailed.map((at) => [this.chart.options.runs[at], at]);
  }

  /** Return the tick of any iteration of a run. */
  tickOf(at: number, iteration: number): number {
    const [own, place] = [this.arrays[`own.${at}`], this.arrays[`place.${at}`]];
    let next = 0;
    while (next < own.length && own[next] < iteration) next++;
    if (next === own.length) return place.at(-1)!;
    if (own[next] === iteration || !next) return place[next];
    const share = (iteration - own[next - 1]) / (own[next] - own[next - 1]);
    return place[next - 1] + share * (place[next] - place[next - 1]);
  }

  draw(chartWidth: number): string {
    const { axis, options } = this.chart;
    if (!axis.columns) {
      this.list.hidden = true;
      this.area.place({ left: 0, top: 0, width: 0, height: 0 });
      return nothing("ticks");
    }
    const { left, width } = axis.place(chartWidth);
    const rows = this.detailed();
    const height = rows.length * ROW;
    const { context } = sizeCanvas(this.canvas, chartWidth, height);
    const project = axis.projection(width);
    this.marks = [];
    rows.forEach(([run, at], row) => {
      const place = { left, top: row * ROW, width, height: ROW - 4 };
      this.drawRow(context, run, at, place, (tick) => left + project(axis.coordinate(tick)));
    });
    this.area.place({ left, top: 0, width, height });
    this.left = left;
    this.said.hidden = rows.length === options.runs.length;
    if (!this.said.hidden) this.said.textContent = compare.someOf(this.meta.detailed, options.runs);
    this.showList();
    return "";
  }

  drawRow(context: DrawingContext, run: Run, at: number, place: Place, x: Across): void {
    const { theme } = colours;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(place.left, place.top, place.width, place.height);
    context.font = FONT;
    context.textBaseline = "top";
    context.textAlign = "left";
    context.fillStyle = theme("--dt-text");
    compare.stroke(
      context,
      at,
      (line) => {
        line.moveTo(0, place.top + 9);
        line.lineTo(20, place.top + 9);
      },
      { width: 3 },
    );
    context.fillText(
      gutter.shorten(context, `${compare.letter(at)} ${run.name}`, place.left - 34),
      26,
      place.top + 3,
    );
    const window_ = this.meta.windows[at];
    const rows = this.arrays[`tick.${at}`].length;
    const anomalies = numbers.plural(rows, "anomaly", "anomalies");
    const told = window_ && `${anomalies} (k ${window_.k}, m ${window_.m})`;
    const room = place.left - 10;
    const count = told
      ? context.measureText(told).width <= room
        ? told
        : anomalies
      : run.snapshots
        ? "no validation images"
        : "no snapshot yet";
    context.fillStyle = theme("--dt-text-soft");
    context.fillText(gutter.shorten(context, count, room), 0, place.top + 18);
    const notes = this.annotations.get(run.id) || [];
    if (notes.length)
      context.fillText(
        numbers.plural(notes.length, "annotation", "annotations"),
        0,
        place.top + 31,
      );
    context.save();
    context.beginPath();
    context.rect(place.left - 6, place.top, place.width + 12, place.height);
    context.clip();
    this.anomalies(context, at, place, x);
    this.notes(context, notes, at, place, x);
    this.named(context, at, place, x);
    context.restore();
  }

  anomalies(context: DrawingContext, at: number, place: Place, x: Across): void {
    const ticks = this.arrays[`tick.${at}`];
    const images = this.arrays[`images.${at}`];
    const most = Math.max(1, ...images);
    context.fillStyle = colours.theme("--dt-text");
    ticks.forEach((tick, row) => {
      const right = this.arrays[`right.${at}`][row];
      const size = 3 + 5 * Math.sqrt(images[row] / most);
      const center = [x(tick), place.top + (right ? 20 : 9)];
      const tip = right ? -1 : 1;
      context.beginPath();
      context.moveTo(center[0] - size, center[1] - tip * 5);
      context.lineTo(center[0] + size, center[1] - tip * 5);
      context.lineTo(center[0], center[1] + tip * 5);
      context.fill();
      this.marks.push({ at, x: center[0], y: center[1], row, kind: "anomaly" });
    });
  }

  notes(
    context: DrawingContext,
    notes: readonly Note[],
    at: number,
    place: Place,
    x: Across,
  ): void {
    context.fillStyle = context.strokeStyle = colours.theme("--dt-pin");
    const y = place.top + 34;
    notes.forEach((note) => {
      const [from, to] = [note.target.first, note.target.last].map((one) =>
        x(this.tickOf(at, one)),
      );
      context.fillRect(from, y - 1, Math.max(0, to - from), 2);
      context.beginPath();
      context.arc(from, y, 4, 0, 7);
      context.lineWidth = 1.5;
      if (note.resolved_at) context.stroke();
      else context.fill();
      this.marks.push({ at, x: from, y, note, kind: "note" });
    });
  }

  named(context: DrawingContext, at: number, place: Place, x: Across): void {
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours.theme("--dt-text");
    for (const named of this.meta.marks?.[at] ?? []) {
      if (!this.arrays[`own.${at}`].length) continue;
      const left = x(this.tickOf(at, named.iteration));
      context.fillText(SIGNS[named.kind], left, place.top + 34);
      this.marks.push({ at, x: left, y: place.top + 34, named, kind: "named" });
    }
  }

  near(x: number, y: number): Mark | null {
    let best: (Mark & { away: number }) | null = null;
    for (const mark of this.marks || []) {
      const away = Math.hypot(mark.x - this.left - x, mark.y - y);
      if (away < NEAR && away < (best?.away ?? NEAR)) best = { ...mark, away };
    }
    return best;
  }

  /** Return [text, address] of a mark. */
  words(mark: Mark): [text: string, address: string] {
    const { integer, plural } = numbers;
    const { at } = mark;
    const run = this.chart.options.runs[at];
    if (mark.kind === "named") {
      const { named } = mark;
      return [
        `${SIGNS[named.kind]} ${said(named)}`,
        `${run.href}/overview?cursor=${named.iteration}`,
      ];
    }
    if (mark.kind === "note")
      return [`${mark.note.author}: ${mark.note.body}`.slice(0, 140), mark.note.link];
    const { row } = mark;
    const iteration = this.arrays[`at.${at}`][row];
    const [classes, images] = [this.arrays[`classes.${at}`][row], this.arrays[`images.${at}`][row]];
    const what = this.arrays[`right.${at}`][row]
      ? "▲ flipped, then stable"
      : "▼ was stable, then flipped";
    return [
      `iteration ${integer(iteration)}: ${what} for ${plural(images, "image", "images")}, ${plural(
        classes,
        "anomalous class",
        "anomalous classes",
      )}`,
      `${run.href}/validation?cursor=${iteration}&pins=${iteration}`,
    ];
  }

  hover(x: number, y: number, event: PointerEvent): void {
    const mark = this.near(x, y);
    this.area.element.style.cursor = mark ? "pointer" : "";
    if (!mark) {
      tooltip.hide();
      return;
    }
    const run = this.chart.options.runs[mark.at];
    tooltip.show(event.clientX, event.clientY, `${compare.letter(mark.at)} ${run.name}`, [
      [this.words(mark)[0]],
      [mark.kind === "note" ? mark.note.about : "Click: open it in the run"],
    ]);
  }

  click(x: number, y: number): boolean {
    const mark = this.near(x, y);
    if (mark) location.assign(this.words(mark)[1]);
    return Boolean(mark);
  }

  /** The same as links, for those who do not use a pointer. */
  showList(): void {
    this.list.hidden = false;
    const key = this.marks.map((mark) => this.words(mark)[1]).join(" ");
    if (this.listed === key) return;
    this.listed = key;
    const { letter } = compare;
    const lists = this.detailed().map(([run, at]) => {
      const own = this.marks.filter((mark) => mark.at === at);
      const box = make("section", "");
      box.append(
        make(
          "h3",
          "",
          `${letter(at)} ${run.name}${own.length > MOST_LISTED ? `, the first ${MOST_LISTED}` : ""}`,
        ),
      );
      const list = make("ul", "");
      own.slice(0, MOST_LISTED).forEach((mark) => {
        const [text, address] = this.words(mark);
        const link = make("a", "", mark.kind === "note" ? `● ${text}` : text);
        link.href = address;
        const item = make("li", "");
        item.append(link);
        list.append(item);
      });
      if (!own.length) list.append(make("li", "dt-soft", "nothing"));
      box.append(list);
      return box;
    });
    const body = make("div", "compare-lists");
    body.append(...lists);
    this.list.replaceChildren(make("summary", "", "As a list"), body);
  }
}

registerKind("compareevents", (chart) => new Events(chart));
