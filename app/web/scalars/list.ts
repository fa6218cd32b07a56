// The page of scalars: which charts there are, in groups that fold; those near to what can be seen
// are drawn, and their values asked for together.
//
// Options: chart_options/other.py ScalarListOptions. The answer is that of app/data/scalars.py
// listed: names, and where the snapshots lie on every axis.

import { make } from "../base/elements.ts";
import type { Answer } from "../base/fetch.ts";
import { numbers } from "../base/numbers.ts";
import { type AxisScale, type Clocks, scaleOf } from "../core/axisscale.ts";
import { type Chart, registerKind } from "../core/chart.ts";
import type { ScalarListOptions } from "../core/chartoptions.ts";
import type { Names, Selection } from "../core/fields.ts";
import type { Handler } from "../core/protocol.ts";
import { selectionStore } from "../core/selection.ts";
import { type Iterations, setGutter, timeaxis } from "../core/timeaxis.ts";
import { Card, type CardState, type Look } from "./card.ts";
import { aheadOfScalars, FIRST, GUTTER, linesOf, pixelsFor } from "./first.ts";
import { keysOf, lookOfRun } from "./look.ts";
import { type Part, type Plot, parts, plots, type Scalar, searched } from "./names.ts";
import * as own from "./own.ts";
import { Pattern } from "./patterns.ts";
import * as settings from "./settings.ts";

const PAGE = 24; // charts of a step of the field scalarpage, and of one request
const NEAR = "400px"; // from what can be seen: drawn
const GROUP = "scalars";
const KINDS = ["iteration", "epoch", "relative", "wall"];
const OWN_FIELDS = [
  "scalars", "scalarregex", "scalarpins", "scalarlarge", "scalarhidden", "scalarfolded",
  "scalarown", "scalarjoin", "scalarcolumns", "scalartied", "scalarx",
]; // biome-ignore format: names
setGutter(GROUP, GUTTER);

/** `first` are the keys of the scalars that are asked for before they are known; without it none. */
type Given = Answer<
  { names: Scalar[]; first?: readonly string[] },
  Clocks & { iteration: Iterations }
>;
/**
 * The charts of a page. Of one run; where there are several, `look`, `asked`, `scale` and `own` of
 * app/views/compare/web/scalars.ts say what differs.
 */
export class ScalarList<Options extends ScalarListOptions = ScalarListOptions> implements Handler {
  declare readonly chart: Chart<Options>;
  protected readonly look: Look;
  protected names: readonly Scalar[] = [];
  private first: ReadonlySet<string> = new Set();
  private clocks: Clocks | null = null;
  protected readonly cards = new Map<string, Card>();
  private readonly byElement = new WeakMap<Element, Card>();
  private readonly eye: IntersectionObserver;
  private readonly body = make("div", "scalars-list");
  private readonly trouble = make("p", "dt-soft scalars-trouble");
  private readonly pattern: Pattern;
  private built = "";
  /** Until it is known which charts are near: then those say where they stand. */
  waiting = true;
  private scrolled = false;

  constructor(chart: Chart<Options>, look = lookOfRun(chart.options.lines)) {
    this.chart = chart;
    this.look = look;
    this.pattern = new Pattern(chart.options.matcher, () => chart.invalidate());
    this.trouble.setAttribute("role", "status");
    chart.element.append(this.trouble, this.body);
    this.eye = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: NEAR });
  }

  destroy(): void {
    this.eye.disconnect();
  }

  receive({ arrays, meta }: Given): void {
    this.names = meta.names;
    this.first = new Set(meta.first);
    this.clocks = arrays;
    timeaxis(GROUP).setColumns(
      arrays.iteration,
      arrays.epoch as Float64Array<ArrayBuffer> | undefined,
    );
    this.scales();
  }

  /** Return how many scalars are asked for at once. */
  protected get most(): number {
    return PAGE;
  }

  /** Return what tells how lines look now; where it changes, they are drawn anew. */
  protected get looks(): string {
    return "";
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("smoothing")) this.tellSmoothing();
    if (names.has("scalarx")) this.scales();
    if (OWN_FIELDS.some((name) => names.has(name))) this.chart.invalidate();
  }

  /** Let all axes of the page be of the chosen kind; where the run has none, snapshots are evenly apart. */
  private scales(): void {
    if (!this.clocks) return;
    timeaxis(GROUP).setScale(this.scale());
    for (const card of this.cards.values()) card.chart?.axis.setScale(this.scale());
  }

  private kept: { key: string; scale: AxisScale | null } | null = null;
  private scale(): AxisScale | null {
    const kind = selectionStore.get().scalarx;
    const key = `${kind} ${this.chart.loaded} ${this.clocks!.iteration.length}`;
    if (this.kept?.key !== key) this.kept = { key, scale: this.scaleOver(kind, this.clocks!) };
    return this.kept.scale;
  }

  protected scaleOver(kind: string, clocks: Clocks): AxisScale | null {
    return KINDS.includes(kind) ? scaleOf(kind, clocks) : null;
  }

  draw(): string {
    const selection = selectionStore.get();
    const search = this.search(selection);
    const found =
      selection.scalarregex && search
        ? this.pattern.of(
            search,
            this.names.map(([, name]) => name),
          )
        : searched(search);
    if (!found) return ""; // the pattern is still being tried
    const shown = this.names.filter(([, name]) => found(name));
    const pins = own.listOf(selection.scalarpins);
    const all = parts(this.plots(shown, selection), (key) => pins.indexOf(own.shortKey(key)));
    this.say(shown.length, search);
    this.build(all, selection);
    this.update(selection);
    this.tellSmoothing();
    this.scrollTo(selection.scalarpage);
    if (!this.cards.size) this.waiting = false;
    return "";
  }

  /** Return what is searched for. */
  protected search({ scalars }: Selection): string {
    return scalars.trim();
  }

  /** Return the charts of some scalars. */
  protected plots(shown: readonly Scalar[], { scalarjoin }: Selection): Plot[] {
    return plots(shown, scalarjoin);
  }

  /** Return what stands above a group of charts. */
  protected heading(group: string): string {
    return group ? `${group}/` : "Without a group";
  }

  /** Whether a group is folded, as the address says. */
  protected isFolded(group: string): boolean {
    const { scalarfolded, scalars } = selectionStore.get();
    return own.isFolded(scalarfolded, group, !scalars.trim());
  }

  private tellSmoothing(): void {
    const holder = document.getElementById(this.chart.options.smoothing);
    if (holder) holder.textContent = numbers.number(selectionStore.get().smoothing);
  }

  /** Say how many scalars there are, and why none is shown. */
  private say(shown: number, search: string): void {
    const { integer } = numbers;
    const { count, none } = this.chart.options;
    const all = this.names.length;
    const of = shown === all ? integer(all) : `${integer(shown)} of ${integer(all)}`;
    const said = all === 1 && shown ? "1 scalar" : all ? `${of} scalars` : "";
    const holder = document.getElementById(count);
    if (holder && holder.textContent !== said) holder.textContent = said;
    const empty = document.getElementById(none);
    if (empty) empty.hidden = all > 0;
    const regex = selectionStore.get().scalarregex;
    const trouble =
      shown || !all
        ? ""
        : (regex && this.pattern.trouble) ||
          `No scalar has a name with “${search}”.${regex ? "" : " Every word must occur in it."}`;
    if (this.trouble.textContent !== trouble) this.trouble.textContent = trouble;
    this.trouble.hidden = !trouble;
  }

  /** Put the charts of all parts on the page; those that stay keep what they have drawn. */
  private build(all: readonly Part[], { scalarcolumns }: Selection): void {
    const columns = /^[1-9]$/.test(scalarcolumns) ? scalarcolumns : "";
    this.body.style.setProperty("--scalars-columns", columns);
    this.body.classList.toggle("scalars-counted", columns !== "");
    const key = JSON.stringify([
      all.map(({ kind, group, plots }) => [
        kind,
        group,
        this.isFolded(group),
        plots.map((plot) => [plot.title, plot.key, plot.labels]),
      ]),
    ]);
    if (key === this.built) return;
    this.built = key;
    const used = new Set<string>();
    const bare = all.length === 1 && all[0].kind === "group" && !all[0].group;
    const sections = all.map((part) => {
      const folded = !bare && part.kind === "group" && this.isFolded(part.group);
      const cards = folded ? [] : part.plots.map((plot) => this.card(plot, used).element);
      const grid = make("div", "scalars-grid", ...cards);
      return make(
        "section",
        "scalars-group",
        bare ? make("h2", "scalars-unseen", "Charts") : this.head(part, folded),
        grid,
      );
    });
    for (const [id, card] of this.cards) {
      if (used.has(id)) continue;
      this.eye.unobserve(card.element);
      card.show(null);
      this.cards.delete(id);
    }
    this.body.replaceChildren(...sections);
  }

  private card(plot: Plot, used: Set<string>): Card {
    const id = plot.lines.map(([key]) => key).join(" ");
    used.add(id);
    let card = this.cards.get(id);
    if (!card) {
      card = new Card(plot, this.look, this.chart.element.id);
      this.cards.set(id, card);
      this.byElement.set(card.element, card);
      this.eye.observe(card.element);
    }
    return card;
  }

  private head({ kind, group, plots }: Part, folded: boolean): HTMLElement {
    const title = kind === "pinned" ? "On top" : this.heading(group);
    const count = make("span", "dt-count", numbers.integer(plots.length));
    if (kind === "pinned") return make("h2", "scalars-head", title, " ", count);
    const button = make("button", "scalars-fold", folded ? "▸ " : "▾ ", title, " ", count);
    button.setAttribute("aria-expanded", String(!folded));
    button.addEventListener("click", () => settings.fold(group, !folded));
    return make("h2", "scalars-head", button);
  }

  /** Let every chart be as the address says. */
  private update(selection: Selection): void {
    const owns = own.readOwn(selection.scalarown);
    const pins = own.listOf(selection.scalarpins);
    const hidden = new Set(own.listOf(selection.scalarhidden));
    for (const card of this.cards.values()) {
      const { plot } = card;
      const short = own.shortKey(plot.key);
      const state: CardState = {
        own: owns.get(short) ?? own.PLAIN,
        pinned: pins.includes(short),
        large: selection.scalarlarge === short,
        hidden: plot.lines.map(([key]) => key).filter((key) => hidden.has(own.shortKey(key))),
        look: this.looks,
        group: this.axisOf(plot, selection, owns.get(short)),
      };
      card.update(state);
    }
  }

  /** Return the axis that a chart lies on: that of the page, or one that is zoomed apart. */
  private axisOf(plot: Plot, { scalartied }: Selection, chosen?: own.Own): string {
    if (scalartied) return GROUP;
    const group = `${GROUP}-${plot.key}`;
    setGutter(group, GUTTER);
    const axis = timeaxis(group);
    const zoom = chosen?.zoom ?? null;
    axis.setScale(this.scale());
    if (String(axis.apart) !== String(zoom) || axis.apart === undefined) {
      axis.apart = zoom;
      this.cards.get(plot.lines.map(([key]) => key).join(" "))?.chart?.refresh();
    }
    return group;
  }

  /** Draw what comes near to what can be seen, and free what has gone far away. */
  private seen(entries: readonly IntersectionObserverEntry[]): void {
    const come: Card[] = [];
    for (const { target, isIntersecting } of entries) {
      const card = this.byElement.get(target);
      if (!card) continue;
      if (!isIntersecting) card.show(null);
      else if (!card.isShown) come.push(card);
    }
    const pixels = pixelsFor(Math.max(0, ...come.map(({ element }) => element.clientWidth)));
    const isFirst = ({ plot }: Card) => plot.lines.every(([key]) => this.first.has(key));
    for (const card of come.filter(isFirst)) card.show(linesOf(this.chart.options, pixels, FIRST));
    let batch: Card[] = [];
    let size = 0;
    const ask = () => {
      const keys = batch.map(({ plot }) => keysOf(plot)).join(",");
      for (const card of batch) card.show(linesOf(this.chart.options, pixels, keys));
      [batch, size] = [[], 0];
    };
    for (const card of come) {
      if (isFirst(card)) continue;
      if (size && size + card.plot.lines.length > this.most) ask();
      batch.push(card);
      size += card.plot.lines.length;
    }
    if (batch.length) ask();
    if (!this.waiting) return;
    this.waiting = false;
    this.chart.invalidate();
  }

  private scrollTo(page: number): void {
    if (this.scrolled || !this.cards.size) return;
    this.scrolled = true;
    if (page < 2) return;
    this.body.querySelectorAll(".scalars-card")[(page - 1) * PAGE]?.scrollIntoView();
  }
}

registerKind("scalarlist", (chart) => new ScalarList(chart), aheadOfScalars);
