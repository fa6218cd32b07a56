// One small chart: the histograms or percentiles of a layer, a block, a stage or the network.

import {
  density,
  histogramLook as look,
  make,
  numbers,
  ridges,
  type Selection,
  type HistogramSpread as Spread,
  selectionStore,
  sizeCanvas,
  type TooltipLine,
  histogramTimes as times,
  tooltip,
  type ValueAxis,
  valueAxisOf,
} from "#app/web/index.ts";
import * as bands from "./bands.ts";
import type { NodeSpreads, NodesMeta } from "./types.ts";
import * as words from "./words.ts";

export const HEIGHT = 176;
export const LARGE = 420;
export const HEAD = 26;

/** What a chart is told on each drawing. */
export interface Told {
  selection: Selection;
  meta: NodesMeta;
  spreads: NodeSpreads | null;
  names: readonly [own: string, other: string | null];
  width: number;
  large: boolean;
}
/** A snapshot that is pointed at. */
interface At {
  run: 0 | 1;
  at: number;
  value: number | null;
}

export class Card {
  declare readonly element: HTMLElement;
  declare readonly canvas: HTMLCanvasElement;
  declare private readonly button: HTMLButtonElement;
  declare private readonly note: HTMLElement;
  declare private readonly name: string;
  declare private told: Told | null;
  declare private axis: ValueAxis | null;
  declare private drawn: ridges.Ridge[];

  constructor(node: number, name: string, size: string) {
    this.name = words.nameOf(name);
    this.told = null;
    this.axis = null;
    this.drawn = [];
    this.canvas = make("canvas", "dt-canvas");
    this.canvas.setAttribute("role", "img");
    this.button = make("button", "distributions-enlarge");
    this.button.addEventListener("click", () => {
      const { enlarged } = selectionStore.get();
      selectionStore.set({ enlarged: enlarged === node ? null : node });
    });
    this.note = make("span", "distributions-note");
    const title = make("span", "distributions-name", this.name);
    title.title = this.name;
    const own = make("span", "distributions-size", size);
    own.title = size;
    const head = make("div", "distributions-head", title, own);
    head.append(this.note, this.button);
    this.element = make("div", "distributions-card", head, this.canvas);
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => tooltip.hide());
    this.canvas.addEventListener("click", (event) => this.click(event));
  }

  /** Take its room; what is not in sight is not drawn. */
  size(width: number, large: boolean, alone: boolean): void {
    const height = large ? LARGE : HEIGHT;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.element.dataset.large = String(large);
    this.button.hidden = alone;
    const act = `${large ? "Shrink" : "Enlarge"} ${this.name}`;
    this.button.textContent = large ? "Shrink" : "⤢";
    this.button.title = act;
    this.button.setAttribute("aria-label", act);
  }

  draw(told: Told): void {
    this.told = told;
    const { large, selection, spreads, width } = told;
    const height = large ? LARGE : HEIGHT;
    const { context } = sizeCanvas(this.canvas, width, height);
    const offset = selection.distributionmode !== "overlay";
    const percentiles = selection.distributionmode === "percentiles";
    const place = percentiles
      ? bands.placeOf(width, height)
      : ridges.placeOf(width, height, offset, this.over);
    const found = this.spreads();
    this.axis = valueAxisOf(
      selection.distributionscale,
      found.filter((spread) => spread !== null),
      told.meta.edges,
    );
    this.drawn = [];
    this.tell(spreads);
    if (!this.axis) {
      look.ground(context, place);
      if (spreads) this.empty(context, place);
      return;
    }
    if (percentiles) {
      bands.draw(context, place, found, this.axis, selection.cursor);
      return;
    }
    this.drawn = ridges.ridgesOf(found, this.axis, place, {
      offset,
      most: Number(selection.ridges) || 20,
      cursor: selection.cursor,
      edges: told.meta.edges,
    });
    ridges.draw(context, place, this.drawn, found, this.axis, offset);
  }

  private get over(): string {
    return this.told?.spreads?.own.over ?? "iteration";
  }

  private spreads(): (Spread | null)[] {
    const spreads = this.told?.spreads;
    return spreads ? [spreads.own, spreads.other] : [];
  }

  /** Say what a picture does not: to screen readers, and what the second run lacks. */
  private tell(spreads: NodeSpreads | null): void {
    const { meta, names, selection } = this.told!;
    const snapshots = spreads?.own.iteration.length ?? 0;
    const what = selection.distributionmode === "percentiles" ? "percentiles" : "histograms";
    const label = `${this.name}: ${what} of ${numbers.plural(snapshots, "snapshot", "snapshots")}`;
    if (this.canvas.ariaLabel !== label) this.canvas.ariaLabel = label;
    const own = meta.levels[selection.distributionlevel];
    let said = "";
    if (spreads?.meta.matched && names[1] !== null) {
      const other = spreads.meta.parameters![spreads.at];
      const place = own.name.findIndex((name) => words.nameOf(name) === this.name);
      if (!spreads.other) said = "only here";
      else if (other !== own.parameters[place]) said = `${numbers.integer(other)} there`;
    }
    if (this.note.textContent !== said) this.note.textContent = this.note.title = said;
  }

  private empty(
    context: CanvasRenderingContext2D,
    place: { left: number; top: number; width: number; height: number },
  ): void {
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = getComputedStyle(this.element).color;
    const of = this.told!.selection.distributionquantity;
    context.fillText(
      `no finite ${of} here`,
      place.left + place.width / 2,
      place.top + place.height / 2,
    );
  }

  // Pointing ----------------------------------------------------------------------------------

  /** Return which snapshot is at an event, and which value. */
  private at(event: MouseEvent): At | null {
    const { axis, told } = this;
    const own = this.spreads()[0];
    if (!axis || !told || !own) return null;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const height = told.large ? LARGE : HEIGHT;
    if (told.selection.distributionmode === "percentiles") {
      const place = bands.placeOf(told.width, height);
      const project = bands.along(this.spreads(), place);
      return { run: 0, at: density.nearest(Array.from(own.place, project), x), value: null };
    }
    const offset = told.selection.distributionmode !== "overlay";
    const place = ridges.placeOf(told.width, height, offset, this.over);
    const value = axis.from(Math.min(Math.max((x - place.left) / place.width, 0), 1));
    const ridge = this.ridgeAt(x, y, place, offset);
    return ridge && { run: ridge.run, at: ridge.at, value };
  }

  /** Return the foremost ridge that covers a place; else the one whose curve is nearest. */
  private ridgeAt(
    x: number,
    y: number,
    place: ReturnType<typeof ridges.placeOf>,
    offset: boolean,
  ): ridges.Ridge | null {
    let found: ridges.Ridge | null = null;
    let least = Infinity;
    for (const ridge of this.drawn) {
      const top = ridge.base - ridges.heightAt(ridge, place, x);
      const covered = offset && y >= top - 1 && y <= ridge.base;
      const distance = covered ? 0 : Math.abs(y - top);
      if (distance <= least) [found, least] = [ridge, distance];
    }
    return found;
  }

  private hover(event: PointerEvent): void {
    const { told } = this;
    const at = this.at(event);
    if (!told || !at || at.at < 0) {
      tooltip.hide();
      return;
    }
    const spread = this.spreads()[at.run];
    if (!spread) return;
    const iteration = spread.iteration[at.at];
    const lines: TooltipLine[] = [];
    if (at.value !== null) lines.push(...words.binLines(spread, at.at, told.meta.edges, at.value));
    lines.push(...words.percentileLines(spread, at.at, told.meta.percentiles));
    lines.push(...words.oddLines(spread, at.at), ...this.otherLines(at, iteration));
    const of = told.names[1] === null ? "" : ` of ${told.names[at.run]}`;
    const time = times.words(this.over, spread.place[at.at]);
    const where = `iteration ${numbers.integer(iteration)}${time && `, ${time}`}`;
    const title = `${this.name}${of}, ${where}`;
    tooltip.show(event.clientX, event.clientY, title, lines);
  }

  /** Return what the other run has at the nearest snapshot. */
  private otherLines({ run, value }: At, iteration: number): TooltipLine[] {
    const { meta, names } = this.told!;
    const spread = this.spreads()[1 - run];
    const at = spread ? density.nearest(spread.iteration, iteration) : -1;
    if (!spread || at < 0 || names[1] === null) return [];
    const lines: TooltipLine[] = [
      [`${names[1 - run]}, iteration ${numbers.integer(spread.iteration[at])}`],
    ];
    if (value !== null) lines.push(...words.binLines(spread, at, meta.edges, value).slice(2));
    const percentiles = words.percentileLines(spread, at, meta.percentiles);
    return [...lines, ...percentiles.filter((_, row) => [0, 4, 8].includes(row))];
  }

  private click(event: MouseEvent): void {
    const at = this.at(event);
    const spread = at && this.spreads()[at.run];
    if (spread && at.at >= 0) selectionStore.set({ cursor: spread.iteration[at.at] });
  }
}
