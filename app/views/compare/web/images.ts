// The images that one of two runs gets right and the other wrong, at the cursor.
//
// Options: url (its tick is added), sheets ("/data/run"), runs. The answer is that of
// app/data/compare.py images. A tile leads to the image in the run that is wrong.
// They follow the cursor while they are in sight: elsewhere its moves ask for nothing.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  type Handler,
  type Matrix,
  make,
  type Names,
  numbers,
  pictures,
  predictions,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import { type Aligned, compare } from "./compare.ts";

const REST_MS = 200;
const SIZE = 52;

type ImagesOptions = ChartKinds["compareimages"];
/** Which of two runs alone is right. */
type Side = "first" | "second";
/** The answer of app/data/compare.py images; only `why` and `pair` where there is none. */
interface Meta extends Aligned {
  pair: readonly [number, number];
  why: string;
  agree: "digest" | "classes";
  iterations: readonly [number, number];
  names: readonly string[];
  sizes: readonly number[];
  counts: Record<Side | "both" | "neither", number>;
}
type ImagesAnswer = Answer<Meta, Record<string, Matrix>>;

class Images implements Handler {
  declare readonly chart: Chart<ImagesOptions>;
  /** Where the cursor was when the images were asked for. */
  declare private tick: number | null;
  declare private rest: ReturnType<typeof setTimeout> | 0;
  declare private readonly said: HTMLElement;
  declare private readonly sides: HTMLElement;
  declare private inSight: boolean;
  declare private readonly sight: IntersectionObserver;
  declare private answer: ImagesAnswer;
  /** The answer that is drawn. */
  declare private key: ImagesAnswer | null;

  constructor(chart: Chart<ImagesOptions>) {
    this.chart = chart;
    this.tick = selectionStore.get().cursor;
    this.rest = 0;
    this.said = make("div", "compare-note");
    this.said.setAttribute("role", "status");
    this.sides = make("div", "compare-sides");
    chart.element.append(this.said, this.sides);
    this.inSight = false;
    this.sight = new IntersectionObserver(([{ isIntersecting }]) => {
      this.inSight = isIntersecting;
      if (isIntersecting) this.follow();
    });
    this.sight.observe(chart.element);
  }

  url(): string {
    return (
      this.chart.options.url! +
      (this.tick === null || this.tick === undefined ? "" : `&tick=${this.tick}`)
    );
  }

  selected(_selection: Selection, names: Names): void {
    if (!names.has("cursor") || !this.inSight) return;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.follow(), REST_MS);
  }

  follow(): void {
    const { cursor } = selectionStore.get();
    if (cursor === this.tick) return;
    this.tick = cursor;
    this.chart.refresh();
  }

  destroy(): void {
    this.sight.disconnect();
    clearTimeout(this.rest);
  }

  receive(answer: ImagesAnswer): void {
    this.answer = answer;
    this.key = null;
  }

  draw(): string {
    const { meta } = this.answer;
    this.sides.hidden = this.said.hidden = Boolean(meta.why);
    if (meta.why) return meta.why;
    if (this.key === this.answer) return "";
    this.key = this.answer;
    const { integer } = numbers;
    const names = meta.pair.map((at) => compare.letter(at));
    const { counts } = meta;
    const how =
      meta.agree === "digest"
        ? ""
        : " The logs carry no digest of their images: they are assumed to be the same, because the lists of classes agree.";
    const [a, b] = meta.iterations.map(integer);
    const where =
      a === b ? `iteration ${a} of both` : `iteration ${a} of ${names[0]} and ${b} of ${names[1]}`;
    this.said.textContent =
      `At ${where}: both right ${integer(counts.both)}, both wrong ${integer(counts.neither)}, ` +
      `only ${names[0]} right ${integer(counts.first)}, only ${names[1]} right ${integer(counts.second)}.${how}`;
    this.sides.replaceChildren(this.side("first", 0), this.side("second", 1));
    return "";
  }

  side(side: Side, right: number): HTMLElement {
    const { meta, arrays } = this.answer;
    const { letter } = compare;
    const { integer } = numbers;
    const wrong = 1 - right;
    const [good, bad] = [meta.pair[right], meta.pair[wrong]].map(letter);
    const box = make("section", "");
    const count = meta.counts[side];
    const shown = arrays[`${side}.image`].length;
    const more =
      shown < count ? `, the ${integer(shown)} with the most different probabilities` : "";
    box.append(make("h3", "", `${good} right, ${bad} wrong: ${integer(count)}${more}`));
    const list = make("div", "compare-tiles");
    for (let at = 0; at < shown; at++) list.append(this.tile(side, at, wrong));
    if (!shown)
      list.append(
        make("p", "dt-soft", `No image that ${good} gets right is wrong in ${bad} here.`),
      );
    box.append(list);
    return box;
  }

  tile(side: Side, at: number, wrong: number): HTMLElement {
    const { meta, arrays } = this.answer;
    const { runs, sheets } = this.chart.options;
    const { letter } = compare;
    const { percent } = numbers;
    const value = (name: string) => arrays[`${side}.${name}`][at];
    const classId = value("class");
    const run = runs[meta.pair[wrong]];
    const tile = make("a", "compare-tile");
    tile.href =
      `${run.href}/validation?classes=${classId}&openclasses=${classId}&images=${value("image")}` +
      `&cursor=${meta.iterations[wrong]}`;
    const true_ = meta.names[classId];
    const taken = predictions.predictedClass(meta.names, value("taken"));
    const said = value("taken") < 0 ? `gave ${taken}` : `predicted ${taken}`;
    const sure = [0, 1].map(
      (place) =>
        `${letter(meta.pair[place])} ${percent(arrays[`${side}.probability`][2 * at + place])}`,
    );
    tile.title =
      `${true_}, image ${value("position") + 1}: ${letter(meta.pair[wrong])} ${said}. ` +
      `Probability of ${true_}: ${sure.join(", ")}. Opens it in ${run.name}.`;
    const picture = pictures.picture(
      `${sheets}/${runs[meta.pair[0]].id}`,
      classId,
      meta.sizes[classId],
      value("position"),
      SIZE,
    );
    tile.append(
      picture,
      make("span", "", true_),
      make("small", value("taken") < 0 ? "compare-none" : "", `✗ ${taken}`),
    );
    return tile;
  }
}

registerKind("compareimages", (chart) => new Images(chart));
