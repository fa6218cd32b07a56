// The images of the chosen cell: with their pictures where the log has them, and probabilities.
// Options: url (confusion), base.

import {
  type Answer,
  addressOf,
  type Handler,
  imageDialog,
  LastAnswer,
  make,
  type Names,
  numbers,
  pictures,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import {
  Asking,
  asksByItself,
  type ConfusionAnswer,
  type ConfusionChart,
  type ConfusionMeta,
  nameOf,
  reason,
} from "./answer.ts";

/** What the route "confusion-images" answers; `before` is -1 where nothing was validated. */
interface ImageArrays {
  image: Int32Array<ArrayBuffer>;
  position?: Int32Array<ArrayBuffer>;
  taken?: Int32Array<ArrayBuffer>;
  probability?: Float32Array<ArrayBuffer>;
  before?: Int32Array<ArrayBuffer>;
}
type ImagesAnswer = Answer<{ total: number; images: number }, ImageArrays>;

const SIZE = 64;

class ConfusionImages implements Handler {
  private readonly chart: ConfusionChart;
  private readonly asking: Asking;
  private readonly count: HTMLElement;
  private readonly tiles: HTMLElement;
  private readonly answer: LastAnswer<ImagesAnswer>;
  declare private meta: ConfusionMeta;
  declare private images: readonly number[];

  constructor(chart: ConfusionChart) {
    this.chart = chart;
    this.asking = new Asking(chart);
    this.answer = new LastAnswer(chart);
    this.count = make("div", "dt-soft");
    this.tiles = make("div", "confusion-tiles");
    chart.element.append(this.count, this.tiles);
    this.tiles.addEventListener("click", (event) => {
      const image = (event.target as Element).closest<HTMLElement>("[data-image]")?.dataset.image;
      if (image !== undefined) imageDialog.open(Number(image), this.images);
    });
  }

  url(): string {
    return this.asking.url();
  }

  receive({ meta }: ConfusionAnswer): void {
    this.meta = meta;
  }

  draw(): string {
    const why = reason(this.meta);
    if (why) return why;
    const cell = selectionStore.get().confusioncell;
    const classes = this.meta.names.length;
    const [own, taken, was] = cell;
    const known = own < classes && (taken ?? 0) <= classes && (was ?? 0) <= classes;
    if (!cell.length || !known) {
      this.answer.forget();
      this.tiles.replaceChildren();
      return "Click a cell, a row of the table or a move to list its images.";
    }
    const { base } = this.chart.options;
    const asked = addressOf(`${base}/confusion-images?${this.asking.asked}&cell=${cell.join()}`);
    this.answer.ask(asked, (answer) => this.show(answer, cell));
    return "";
  }

  private show({ arrays, meta }: ImagesAnswer, cell: readonly number[]): void {
    const [own] = cell;
    const listed = arrays.image.length;
    this.images = Array.from(arrays.image);
    const more = meta.total > listed ? `, ${numbers.integer(listed)} shown` : "";
    this.count.textContent = `${this.said(cell)}: ${numbers.plural(meta.total, "image", "images")}${more}.`;
    this.tiles.replaceChildren(
      ...this.images.map((image, at) => this.tile(image, at, own, { arrays, meta })),
    );
  }

  private said([own, taken, was]: readonly number[]): string {
    const { names, at } = this.meta;
    const where = `at ${numbers.integer(at)}`;
    if (taken === undefined) return `${names[own]}, wrong ${where}`;
    const now = taken === own ? "right" : `predicted as ${nameOf(names, taken)}`;
    const before = was === undefined ? "" : `, before ${nameOf(names, was)}`;
    return `${names[own]}, ${now} ${where}${before}`;
  }

  private tile(
    image: number,
    at: number,
    own: number,
    { arrays, meta }: ImagesAnswer,
  ): HTMLElement {
    const { names } = this.meta;
    const position = arrays.position?.[at] ?? 0;
    const taken = arrays.taken?.[at] ?? own;
    const probability = arrays.probability?.[at] ?? NaN;
    const share = Number.isNaN(probability) ? "not recorded" : numbers.percent(probability);
    const tile = make(
      "button",
      "",
      pictures.picture(this.chart.options.base, own, meta.images, position, SIZE),
      make("small", "", `${position + 1}: ${nameOf(names, taken)}`),
      make("small", "", share),
    );
    tile.dataset.image = String(image);
    tile.title = `${names[own]}, image ${position + 1}: predicted as ${nameOf(names, taken)}, probability of ${names[own]} ${share}. Click to see it large.`;
    return tile;
  }

  selected(selection: Selection, names: Names): void {
    if (names.has("confusioncell")) this.chart.invalidate();
    this.asking.selected(selection, names);
  }

  destroy(): void {
    this.asking.destroy();
  }
}

registerKind("confusionimages", (chart) => new ConfusionImages(chart), asksByItself);
