// Anomalies and annotations of several runs on one axis: a row for each run, and a list of links.
//
// Options: url, runs. The answer is that of app/data/compare_series.py events; annotations come
// from the runs' own route, since they change without the run.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  fetchJson,
  type Handler,
  make,
  nothing,
  PlotArea,
  registerKind,
  sizeCanvas,
  tooltip,
} from "#app/web/index.ts";
import { compare, type Run } from "./compare.ts";
import { type Arrays, type Mark, type Meta, type Note, nearest, words } from "./eventmarks.ts";
import { drawRow } from "./eventrow.ts";

const ROW = 46;
const MOST_LISTED = 40; // of each run
const AGAIN_MS = 15_000;

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
      const { arrays, meta } = this;
      const place = { left, top: row * ROW, width, height: ROW - 4 };
      const notes = this.annotations.get(run.id) || [];
      const x = (tick: number) => left + project(axis.coordinate(tick));
      this.marks.push(...drawRow(context, { run, at, arrays, meta, notes, place, x }));
    });
    this.area.place({ left, top: 0, width, height });
    this.left = left;
    this.said.hidden = rows.length === options.runs.length;
    if (!this.said.hidden) this.said.textContent = compare.someOf(this.meta.detailed, options.runs);
    this.showList();
    return "";
  }

  near(x: number, y: number): Mark | null {
    return nearest(this.marks || [], x + this.left, y);
  }

  words(mark: Mark): [text: string, address: string] {
    return words(mark, this.chart.options.runs[mark.at], this.arrays);
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
