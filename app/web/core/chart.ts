// What all charts share: they appear and go with their containers, load, resize, follow the theme.
//
// A container is <div data-chart="kind" data-options="{json}">; React may add, change and remove it
// at any time. One MutationObserver watches for that, so no callback has to run first.
// How charts of a kind are made says registerKind(kind, create): create(chart) gives a Handler
// (protocol.ts says what that is).
// data-state tells where a chart stands: loading, drawn, message or error.
// What lies over or beside charts of any kind (annotations) adds itself to the set
// afterDrawing: functions that are called with a chart once it is drawn.

import { messageOf } from "../base/errors.ts";
import { type Answer, fetchArrays } from "../base/fetch.ts";
import type { ChartKinds, ChartOptions } from "./chartoptions.ts";
import type { Names, Range, Selection } from "./fields.ts";
import { loadLate, loadLateAtRest } from "./laterscript.ts";
import { hasPage } from "./page.ts";
import type { Handler } from "./protocol.ts";
import { selectionStore } from "./selection.ts";
import { forgetAxes, type Iterations, type TimeAxis, timeaxis } from "./timeaxis.ts";
import { live } from "./versions.ts";

type Create<Options extends ChartOptions> = (chart: Chart<Options>) => Handler;
type Ahead<Options extends ChartOptions> = (options: Options, selection: Selection) => string[];

// Options are those of the kind: the server has checked them.
const kinds: Partial<Record<string, Create<never>>> = {};
const aheads: Partial<Record<string, Ahead<never>>> = {};
/**
 * Say how the charts of a kind are made. `ahead` returns the templates of what they ask for first
 * where that is not, or not only, their `url`: it may be asked for before they are there.
 */
export const registerKind = <Kind extends keyof ChartKinds>(
  kind: Kind,
  create: Create<ChartKinds[Kind]>,
  ahead?: Ahead<ChartKinds[Kind]>,
): void => {
  kinds[kind] = create;
  if (ahead) aheads[kind] = ahead;
};

type Beforehand<Options extends ChartOptions, Given extends Answer> = (
  options: Options,
  answer: Given,
  selection: Selection,
) => void;
const beforehands: Partial<Record<string, Beforehand<never, never>>> = {};
/**
 * Say what charts of a kind keep of the answer to their `url` for all who draw it: it is worked out
 * as soon as that has come, which may be before a link is pressed that was pointed at.
 */
export const registerBeforehand = <Kind extends keyof ChartKinds, Given extends Answer>(
  kind: Kind,
  work: Beforehand<ChartKinds[Kind], Given>,
): void => {
  beforehands[kind] = work;
};

/** Work out of an answer what the first drawing of a chart of a kind would have to. */
export function workBeforehand(
  kind: string,
  options: ChartOptions,
  answer: Answer,
  selection = selectionStore.get(),
): void {
  beforehands[kind]?.(options as never, answer as never, selection);
}

/** Return the templates of what a chart of a kind will ask for first. */
export function askedBy(
  kind: string,
  options: ChartOptions,
  selection = selectionStore.get(),
): string[] {
  const ahead = aheads[kind];
  if (ahead) return ahead(options as never, selection);
  return options.url && kinds[kind] ? [options.url] : [];
}
/** What lies over or beside charts of any kind: called with a chart once it is drawn. */
export const afterDrawing = new Set<(chart: Chart) => void>();

/** What answers of whatever lies over the time axis hold. */
interface Times {
  iteration?: Iterations;
  /** Where snapshots share columns. */
  column?: Iterations;
  epoch?: Float64Array<ArrayBuffer>;
}

const alive = new Map<Element, Chart>();
const ZOOM_REST_MS = 200; // before what is pooled is asked for again in a range
const REHEARSED_WIDTH = 960; // CSS pixels
const IN_THIS_FRAME = -1; // instead of the number of a frame
/** Charts that are drawn as soon as everybody knows of a change of the selection. */
const due = new Set<Chart>();

export class Chart<Options extends ChartOptions = ChartOptions> {
  readonly element: HTMLElement;
  readonly axis: TimeAxis;
  readonly handler: Handler;
  options: Options;
  data: Answer<object, Times> | null = null;
  /** What was asked for last. */
  address: string | null = null;
  /** What `data` is. */
  loaded: string | null = null;
  /** Of the last loading. */
  error: unknown = null;
  /** Whether snapshots share columns in the answer: a range is asked for again, and then finer. */
  private pooled = false;
  private zoomRest: ReturnType<typeof setTimeout> | 0 = 0;
  frame = 0;
  /** Out of sight in the workspace: nothing is asked for. */
  asleep = false;
  /** Fields that changed meanwhile. */
  private missed: Names = new Set();
  /** What undoes the subscriptions. */
  readonly ways: (() => void)[] = [];
  /** As observed: asking the element would lay the page out again. */
  width = 0;
  measured = false;
  /** The frame of the last drawing. */
  private drawnIn: CSSNumberish | null = null;
  private readonly resize: ResizeObserver;
  private note: HTMLElement | null = null;

  constructor(element: HTMLElement, create: Create<Options>) {
    this.element = element;
    this.options = JSON.parse(element.dataset.options || "{}");
    this.axis = timeaxis(this.options.group);
    element.classList.add("dt-chart");
    this.handler = create(this);
    this.resize = new ResizeObserver(([entry]) =>
      this.resized(Math.floor(entry.contentRect.width)),
    );
    this.resize.observe(element);
    this.ways.push(
      () => this.resize.disconnect(),
      this.axis.subscribe(() => this.invalidate()),
      selectionStore.subscribe((selection, names) => this.selected(selection, names)),
    );
    this.refresh();
  }

  /** Draw anew in a new size, but not because this very drawing made the chart higher. */
  private resized(width: number): void {
    const own = width === this.width && this.drawnIn === document.timeline.currentTime;
    this.width = width;
    this.measured = true;
    if (!own) this.invalidate();
  }

  /** Take over changed options. */
  setOptions(): void {
    this.options = JSON.parse(this.element.dataset.options || "{}");
    this.refresh();
  }

  /** Ask for nothing until the chart is in sight again; then catch up. */
  sleep(asleep: boolean): void {
    if (this.asleep === asleep) return;
    this.asleep = asleep;
    if (asleep) return;
    const names = this.missed;
    this.missed = new Set();
    if (names.size) this.selected(selectionStore.get(), names);
    this.refresh();
  }

  private selected(selection: Selection, names: Names): void {
    if (this.asleep) {
      for (const name of names) this.missed.add(name);
      return;
    }
    const fields = this.options.url ? fieldsOf(this.options.url) : [];
    if (fields.some((name) => names.has(name))) this.refresh();
    if (this.pooled && names.has("zoom")) {
      clearTimeout(this.zoomRest);
      this.zoomRest = setTimeout(() => this.refresh(), ZOOM_REST_MS);
    }
    const redraws = this.options.redraw || [];
    if (names.has("zoom") || redraws.some((name) => names.has(name))) this.invalidate();
    this.handler.selected?.(selection, names);
    // What failed for one choice says nothing of the next, even where a handler only draws for it.
    if (this.error && [...names].some(isChosen)) this.refresh();
  }

  /** Load what the options and the selection ask for, keeping the old picture meanwhile. */
  refresh(): void {
    if (this.asleep) return;
    if (!this.options.url) {
      this.invalidate();
      return;
    }
    if (this.handler.none?.()) {
      this.data = this.address = this.loaded = this.error = null;
      this.invalidate();
      return;
    }
    const template = this.handler.url?.() || this.options.url;
    const address = addressOf(this.pooled ? within(template, this.axis.zoom) : template);
    if (address === this.address) {
      this.invalidate();
      return;
    }
    this.address = address;
    this.error = null;
    this.state("loading");
    fetchArrays(address).then(
      (data) => this.address === address && this.received(data),
      (error) => this.address === address && this.failed(error),
    );
  }

  received(data: Answer<object, Times>): void {
    this.data = data;
    this.loaded = this.address;
    this.pooled = Boolean(data.arrays.column);
    if (data.arrays.iteration) {
      this.axis.setColumns(data.arrays.iteration, data.arrays.epoch);
    }
    this.handler.receive?.(data);
    this.invalidate();
    // What is opened in a range is asked for as a whole first: only the answer says that it is pooled.
    if (this.pooled && this.axis.zoom) this.refresh();
  }

  failed(error: unknown): void {
    this.address = null; // so that the next refresh tries again
    this.error = error;
    this.invalidate();
  }

  private state(name: "loading" | "drawn" | "message" | "error"): void {
    if (this.element.dataset.state !== name) this.element.dataset.state = name;
  }

  /**
   * Draw in the next frame; many calls make one drawing. Where the selection has changed it is still
   * in the frame that tells so, once everybody knows.
   */
  invalidate(): void {
    if (this.frame) return;
    if (selectionStore.telling) {
      this.frame = IN_THIS_FRAME;
      due.add(this);
    } else this.frame = requestAnimationFrame(() => this.draw());
  }

  draw(): void {
    this.frame = 0;
    if (this.error) {
      this.say(messageOf(this.error), { retry: true });
      this.state("error");
      return;
    }
    if (!this.measured) measure();
    if (this.options.url && !(this.width && (this.data || this.handler.none?.()))) return;
    this.drawnIn = document.timeline.currentTime;
    const message = this.handler.draw(this.width);
    this.say(message || "");
    for (const tell of afterDrawing) tell(this);
    // A handler may wait for more than its one address.
    if (this.handler.waiting) this.state("loading");
    else if (this.loaded === this.address) this.state(message ? "message" : "drawn");
  }

  /** Show a sentence instead of the picture; an empty one shows the picture again. */
  private say(text: string, { retry = false } = {}): void {
    if (!text && !this.note) return;
    let note = this.note;
    if (!note) {
      note = document.createElement("div");
      note.className = "dt-message";
      note.setAttribute("role", "status");
      this.element.append(note);
      this.note = note;
    }
    this.element.classList.toggle("dt-silent", Boolean(text));
    note.hidden = !text;
    if (note.dataset.text === text) return;
    note.dataset.text = text;
    note.textContent = text;
    if (retry) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Try again";
      button.addEventListener("click", () => {
        note.dataset.text = "";
        this.refresh();
      });
      note.append(button);
    }
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.zoomRest);
    due.delete(this);
    this.address = null;
    this.ways.forEach((undo) => undo());
    this.handler.destroy?.();
  }
}

/** Whether a field is one that a person chooses: not the cursor, and not what is pointed at. */
const isChosen = (name: string): boolean => {
  const field = selectionStore.fields()[name];
  return field !== undefined && !field.passing;
};

/** Ask for the widths of all charts that are new, at once: they need not wait for a first frame. */
function measure() {
  for (const chart of alive.values()) {
    if (chart.measured) continue;
    const { paddingLeft, paddingRight } = getComputedStyle(chart.element);
    chart.width = Math.floor(
      chart.element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight),
    );
    chart.measured = true;
  }
}

/** Return the template asking for a range of iterations alone; null: for all. */
export function within(template: string, range: Range | null): string {
  if (!range) return template;
  return `${template}${template.includes("?") ? "&" : "?"}from=${range[0]}&to=${range[1]}`;
}

/** Return what an option says; "{name}" stands for a field of the selection. */
export function chosenBy<Value>(option: Value, selection = selectionStore.get()): Value {
  const field = /^\{(\w+)\}$/.exec(String(option))?.[1];
  return field ? (selection[field as keyof Selection] as Value) : option;
}

/**
 * Draw a chart of a kind that is in no page, of an answer: nothing is asked for, and nothing of it
 * stays. Where a page has charts there is nothing to rehearse.
 */
export function rehearse(kind: string, options: ChartOptions, answer: Answer<object, Times>): void {
  const create = kinds[kind];
  if (!create || alive.size) return;
  const element = document.createElement("div");
  element.dataset.options = JSON.stringify({ ...options, group: "rehearsal" });
  const chart = new Chart(element, create);
  try {
    chart.received(answer);
    chart.handler.draw(REHEARSED_WIDTH);
  } finally {
    chart.destroy();
    forgetAxes();
  }
}

const fieldsOf = (template: string): string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);

/**
 * Return the address that a template asks for: {field} is filled in from the selection (that of the
 * page unless another is given), and the newest known version of the run is added.
 */
export function addressOf(template: string, selection = selectionStore.get()): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(String(selection[name as keyof Selection] ?? "")),
  );
  const version = live.versionOf(filled);
  if (version === null) return filled;
  return `${filled}${filled.includes("?") ? "&" : "?"}v=${version}`;
}

function mount(element: HTMLElement): void {
  const create = kinds[element.dataset.chart ?? ""];
  if (!create) loadLate(mountAll);
  if (alive.has(element) || !create || element.closest("[data-asleep=true]")) return;
  selectionStore.sync();
  const chart = new Chart(element, create);
  alive.set(element, chart);
  // What follows from its first answer need not wait for it.
  const ahead = aheads[element.dataset.chart ?? ""]?.(chart.options as never, selectionStore.get());
  for (const template of ahead ?? []) fetchArrays(addressOf(template)).catch(() => {});
}

const mountAll = () => document.querySelectorAll<HTMLElement>("[data-chart]").forEach(mount);

function unmount(element: Element): void {
  alive.get(element)?.destroy();
  alive.delete(element);
  if (!alive.size) forgetAxes();
}

const chartsIn = (node: Node): HTMLElement[] =>
  node instanceof HTMLElement
    ? [
        ...(node.matches("[data-chart]") ? [node] : []),
        ...node.querySelectorAll<HTMLElement>("[data-chart]"),
      ]
    : [];

function observed(records: MutationRecord[]): void {
  for (const record of records) {
    if (record.type === "attributes") {
      if (record.target === document.documentElement) chartRegistry.redraw();
      else if (record.target instanceof Element) alive.get(record.target)?.setOptions();
      continue;
    }
    for (const node of record.removedNodes) chartsIn(node).forEach(unmount);
  }
  for (const record of records) {
    for (const node of record.addedNodes)
      chartsIn(node)
        .filter((e) => e.isConnected)
        .forEach(mount);
  }
}

function start() {
  new MutationObserver(observed).observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-options", "data-mantine-color-scheme"],
  });
  mountAll();
  loadLateAtRest(mountAll);
}

/** Return the height that an element may fill: of its pane in the workspace, else the window's. */
export const roomOf = (element: Element): number =>
  element.closest(".workspace-body")?.clientHeight || innerHeight;

/** Return the height from where an element begins to the end of its pane or, unscrolled, the window. */
export const roomBelow = (element: Element): number => {
  const pane = element.closest(".workspace-body");
  const above = pane ? pane.scrollTop - pane.getBoundingClientRect().top : window.scrollY;
  return roomOf(element) - element.getBoundingClientRect().top - above;
};

export const chartRegistry = {
  /** Return the kinds that are known, sorted. */
  kinds: (): string[] => Object.keys(kinds).sort(),
  /** Let the charts in a part of the page ask for nothing, or catch up: it came into sight. */
  sleep(part: HTMLElement, asleep: boolean): void {
    part.dataset.asleep = String(asleep);
    for (const element of part.querySelectorAll<HTMLElement>("[data-chart]")) {
      if (!asleep) mount(element);
      alive.get(element)?.sleep(asleep);
    }
  },
  /** Return the chart of a container, or undefined. */
  of: (element: Element | null | undefined): Chart | undefined =>
    element ? alive.get(element) : undefined,
  /** Draw all charts again (the theme has changed). */
  redraw: (): void => {
    for (const chart of alive.values()) chart.invalidate();
  },
  /** Load again whatever has a newer version. */
  refresh: (): void => {
    for (const chart of [...alive.values()]) chart.refresh();
  },
};

selectionStore.afterTelling(() => {
  const charts = [...due];
  due.clear();
  for (const chart of charts) {
    try {
      chart.draw();
    } catch (error) {
      reportError(error); // the others are drawn
    }
  }
});
live.subscribe(() => chartRegistry.refresh());
if (hasPage()) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}
