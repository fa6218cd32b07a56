// One chart of scalars, under its name and with its tools. It is drawn while it is near to what can
// be seen.

import { make, replaceKept } from "../base/elements.ts";
import { Curves } from "../charts/curves.ts";
import { type Chart, chartRegistry } from "../core/chart.ts";
import type { CurvesOptions, StripLine } from "../core/chartoptions.ts";
import { labelOf, type Plot } from "./names.ts";
import type { Own } from "./own.ts";
import * as settings from "./settings.ts";

const HEIGHT = 190;
const LARGE = 460;

/** What the charts of a page draw of each scalar: one line, or one of each of several runs. */
export interface Look {
  lines(plot: Plot): StripLine[];
  /** Return the hidden ones of these lines, where these scalars are hidden. */
  hidden(plot: Plot, keys: readonly string[]): string[];
  /** Return the address of the whole of a chart as a table. */
  table(plot: Plot): string;
  /** Return what stands before the name of a scalar in the legend of its chart. */
  swatch(plot: Plot, at: number): HTMLElement;
  /** Return whether a line is that of a scalar. */
  isOf(series: string, key: string): boolean;
  /** What else the charts are told. */
  readonly more?: Partial<CurvesOptions>;
}

/** How a chart is shown, as the address says. */
export interface CardState {
  own: Own;
  pinned: boolean;
  large: boolean;
  hidden: readonly string[];
  /** What the lines look like, where that may change: the charts are then drawn anew. */
  look: string;
  /** Of the axis that it lies on. */
  group: string;
}

export class Card {
  readonly plot: Plot;
  readonly element: HTMLElement;
  private readonly look: Look;
  private readonly place: HTMLElement;
  private readonly head: HTMLElement;
  private holder: HTMLElement | null = null;
  private state: CardState | null = null;
  private url = "";
  private toolsFor = "";
  private readonly list: string;

  /** `list`: the id of the list that it is in. */
  constructor(plot: Plot, look: Look, list: string) {
    this.list = list;
    this.plot = plot;
    this.look = look;
    const name = make("h3", "scalars-name", plot.title);
    name.title = plot.lines.map(([, one]) => one).join(", ");
    this.head = make("div", "dt-panel-head", name);
    this.place = make("div", "scalars-place");
    this.element = make("section", "dt-panel scalars-card", this.head, this.place);
    this.element.dataset.key = plot.key;
    this.element.addEventListener("dt-own", (event) =>
      settings.change(plot, (event as CustomEvent<Partial<Own>>).detail),
    );
  }

  private get id(): string {
    return `${this.list}-${this.plot.key}`;
  }

  /** Return what draws the chart; null while it is out of sight. */
  get curves(): Curves | null {
    const handler = chartRegistry.of(this.holder)?.handler;
    return handler instanceof Curves ? handler : null;
  }

  get chart(): Chart | undefined {
    return chartRegistry.of(this.holder);
  }

  /** Show the chart with the values of an address, or (null) what it leaves free. */
  show(url: string | null): void {
    if (url === null) {
      this.holder?.remove();
      this.holder = null;
      return;
    }
    if (this.holder) return;
    this.url = url;
    this.tools();
    this.mount();
  }

  get isShown(): boolean {
    return this.holder !== null;
  }

  private mount(): void {
    const holder = make("div");
    holder.id = this.id;
    holder.dataset.state = "loading";
    holder.dataset.options = JSON.stringify(this.options());
    holder.dataset.chart = "curves";
    this.holder?.remove();
    this.holder = holder;
    this.place.append(holder);
  }

  /** Take over what the address says. */
  update(state: CardState): void {
    const before = this.state;
    this.state = state;
    this.element.classList.toggle("scalars-large", state.large);
    this.place.style.minHeight = `${state.large ? LARGE : HEIGHT}px`;
    if (!this.holder) return;
    this.tools();
    if (before?.group !== state.group) {
      this.mount(); // a chart stays on its axis
      return;
    }
    const options = JSON.stringify(this.options());
    if (this.holder.dataset.options !== options) this.holder.dataset.options = options;
  }

  private options(): CurvesOptions {
    const { own, hidden, large, group } = this.state!;
    const { plot, look } = this;
    const low = own.low ?? plot.low;
    return {
      label: `${plot.title} over time`,
      title: plot.title,
      url: this.url,
      table: look.table(plot),
      group,
      height: large ? LARGE : HEIGHT,
      lines: look.lines(plot),
      smooth: "smoothing",
      clip: "outliers",
      redraw: ["smoothing", "outliers", "log"],
      log: own.log,
      ...(low === undefined ? {} : { low }),
      ...(own.high === null ? {} : { high: own.high }),
      hidden: look.hidden(plot, hidden),
      legend: `${this.id}-said`,
      ...look.more,
    };
  }

  /** Make legend and tools anew where they are others. */
  private tools(): void {
    const state = this.state!;
    const key = JSON.stringify([state.own, state.pinned, state.large, state.hidden, state.look]);
    if (key === this.toolsFor) return;
    this.toolsFor = key;
    const open = this.head.querySelector<HTMLDetailsElement>("details")?.open ?? false;
    const said =
      this.head.querySelector(".scalars-said") ?? make("span", "dt-panel-legend scalars-said");
    said.id = `${this.id}-said`;
    const name = this.head.firstElementChild as HTMLElement;
    replaceKept(this.head, "tool", name, this.buttons(open), ...this.legend(), said);
  }

  private legend(): HTMLElement[] {
    const { lines } = this.plot;
    const { hidden } = this.state!;
    if (lines.length < 2) return [];
    const keys = lines.map(([key]) => key);
    const made = lines.map(([key, name], at) => {
      const swatch = this.look.swatch(this.plot, at);
      const button = make("button", "scalars-line", swatch, labelOf(this.plot, at));
      button.dataset.tool = `line-${key}`;
      button.title = `${name}: a click hides or shows it, a double click shows it alone`;
      button.setAttribute("aria-pressed", String(!hidden.includes(key)));
      button.addEventListener("click", () =>
        settings.hide(
          this.plot,
          hidden.includes(key) ? hidden.filter((one) => one !== key) : [...hidden, key],
        ),
      );
      button.addEventListener("dblclick", () => {
        const others = keys.filter((one) => one !== key);
        const alone = others.every((one) => hidden.includes(one));
        settings.hide(this.plot, alone ? [] : others);
      });
      for (const event of ["pointerenter", "focus"])
        button.addEventListener(event, () =>
          this.curves?.light((series) => this.look.isOf(series, key)),
        );
      for (const event of ["pointerleave", "blur"])
        button.addEventListener(event, () => this.curves?.light(null));
      return button;
    });
    return [make("span", "scalars-lines", ...made)];
  }

  private button(tool: string, sign: string, title: string, act: () => void): HTMLElement {
    const made = make("button", "scalars-tool", sign);
    made.dataset.tool = tool;
    made.title = title;
    made.setAttribute("aria-label", `${title}: ${this.plot.title}`);
    made.addEventListener("click", act);
    return made;
  }

  private buttons(open: boolean): HTMLElement {
    const { pinned, large } = this.state!;
    const { plot } = this;
    const pin = this.button(
      "pin",
      pinned ? "★" : "☆",
      pinned ? "Not on top any more" : "Keep on top",
      () => settings.pin(plot, !pinned),
    );
    const size = this.button("large", large ? "⤡" : "⤢", large ? "Smaller" : "Larger", () =>
      settings.enlarge(plot, !large),
    );
    const download = make("button", "dt-download", "Download");
    download.dataset.download = "true";
    download.setAttribute("aria-haspopup", "menu");
    download.setAttribute("aria-expanded", "false");
    return make("span", "scalars-tools", pin, size, this.settings(open), download);
  }

  /** What somebody chooses for this chart alone. */
  private settings(open: boolean): HTMLElement {
    const { own } = this.state!;
    const { plot } = this;
    const made = make("details", "scalars-settings");
    made.open = open;
    const summary = make("summary", "scalars-tool", "⚙");
    summary.title = "Scale of this chart";
    summary.setAttribute("aria-label", `Scale of this chart: ${plot.title}`);
    summary.dataset.tool = "settings";
    const end = (what: "low" | "high", label: string) => {
      const input = make("input");
      input.type = "number";
      input.step = "any";
      input.value = own[what] === null ? "" : String(own[what]);
      input.placeholder = "automatic";
      input.dataset.tool = what;
      input.addEventListener("change", () => {
        const value = input.value === "" ? null : Number(input.value);
        settings.change(plot, { [what]: value });
      });
      return make("label", "", make("span", "", label), input);
    };
    const log = make("input");
    log.type = "checkbox";
    log.checked = own.log;
    log.dataset.tool = "log";
    log.addEventListener("change", () => settings.change(plot, { log: log.checked }));
    const reset = make("button", "dt-button", "Reset");
    reset.dataset.tool = "reset";
    reset.title = "Show everything, on a scale that the values say";
    reset.addEventListener("click", () => {
      settings.change(plot, { low: null, high: null, log: false });
      this.curves?.zoomTo(null);
    });
    const full = make("button", "dt-button", "Full screen");
    full.dataset.tool = "full";
    full.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else this.element.requestFullscreen().catch(() => {});
    });
    made.append(
      summary,
      make(
        "div",
        "scalars-form",
        end("low", "From"),
        end("high", "To"),
        make("label", "scalars-check", log, make("span", "", "Log scale")),
        reset,
        full,
      ),
    );
    return made;
  }
}
