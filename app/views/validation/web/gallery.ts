// The images of the class opened last, at the cursor: right or wrong, and what each is taken for.
// Options: url (class-error, for names and sizes), base.

import {
  addressOf,
  type Chart,
  type ChartKinds,
  cutNames,
  type Handler,
  imageDialog,
  LastAnswer,
  make,
  type Names,
  noClass,
  nothing,
  numbers,
  pictures,
  predictions,
  registerKind,
  type Selection,
  selectionStore,
  type Thing,
} from "#app/web/index.ts";
import * as validation from "./anomalies.ts";
import type { ErrorAnswer, ImageAnswer, ImageArrays } from "./types.ts";

const MOST = 200;
const SIZE = 44;
const NAME = 9; // letters of a name below a picture

class Gallery implements Handler {
  declare private readonly chart: Chart<ChartKinds["gallery"]>;
  declare private readonly title: HTMLElement;
  declare private readonly tiles: HTMLElement;
  declare private readonly large: HTMLButtonElement;
  declare private names: string[];
  declare private brief: readonly string[];
  declare private readonly answer: LastAnswer<ImageAnswer>;
  /** The address of what is shown. */
  declare private shown: string | null;
  /** The class shown, and its images. */
  declare private classId: number;
  declare private images: ImageArrays;

  constructor(chart: Chart<ChartKinds["gallery"]>) {
    this.chart = chart;
    this.answer = new LastAnswer(chart);
    this.title = document.createElement("div");
    this.title.className = "validation-gallery-title";
    this.tiles = document.createElement("div");
    this.tiles.className = "validation-gallery";
    this.large = make("button", "validation-large", "See large");
    this.large.title =
      "Show the chosen image, else the first, large; so does a double click on one";
    this.large.addEventListener("click", () => this.enlarge(this.chosen()));
    chart.element.append(
      make("div", "validation-gallery-head", this.title, this.large),
      this.tiles,
    );
    const imageAt = ({ target }: Event) =>
      (target as Element).closest<HTMLElement>("[data-image]")?.dataset.image;
    this.tiles.addEventListener("click", (event) => {
      const image = imageAt(event);
      if (image !== undefined) selectionStore.toggle("images", Number(image));
    });
    this.tiles.addEventListener("dblclick", (event) => this.enlarge(Number(imageAt(event) ?? NaN)));
  }

  receive({ meta }: ErrorAnswer): void {
    this.names = meta.names;
    this.brief = cutNames(meta.names, NAME);
    this.answer.forget();
    this.shown = null;
  }

  private chosen(): number {
    const { images } = selectionStore.get();
    const own = Array.from(this.images.images);
    return own.find((image) => images.includes(image)) ?? own[0] ?? NaN;
  }

  private enlarge(image: number): void {
    if (Number.isFinite(image)) imageDialog.open(image, Array.from(this.images.images));
  }

  draw(): string {
    this.tiles.hidden = true;
    this.large.hidden = true;
    this.title.textContent = "";
    if (!this.names?.length) return nothing("images");
    const id = validation.focus(selectionStore.get());
    if (id === null || id >= this.names.length) {
      this.answer.forget();
      this.shown = null;
      if (id !== null) return noClass(id, this.names.length);
      return "Open a class, or click one in the table above, to see its images at the cursor.";
    }
    this.tiles.hidden = false;
    this.load(id);
    return "";
  }

  private load(id: number): void {
    const address = addressOf(`${this.chart.options.base}/class-images?class=${id}`);
    if (this.shown === address) this.update();
    this.answer.ask(address, ({ arrays }) => {
      // The rows of the images are drawn in this frame, their tiles in the next.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          if (this.answer.asked !== address) return;
          this.shown = address;
          this.classId = id;
          this.images = arrays;
          this.build();
          this.update();
        }),
      );
    });
  }

  private build(): void {
    const count = this.images.images.length;
    this.tiles.replaceChildren(
      ...Array.from({ length: Math.min(count, MOST) }, (_, at) => {
        const tile = document.createElement("button");
        tile.type = "button";
        tile.className = "validation-tile";
        tile.dataset.image = this.images.images[at] as unknown as string; // the page makes it text
        const sign = document.createElement("span");
        tile.append(pictures.picture(this.chart.options.base, this.classId, count, at, SIZE), sign);
        return tile;
      }),
    );
  }

  /** Show what each image was taken for at the cursor; the last snapshot where there is none. */
  private update(): void {
    if (!this.images) return;
    this.large.hidden = !this.images.images.length;
    const selection = selectionStore.get();
    const { axis } = this.chart;
    const columns = this.images.prediction.shape[1];
    const found = axis.columnOf(selection.cursor);
    const column = found < 0 || found >= columns ? columns - 1 : found;
    let [wrong, without, validated] = [0, 0, false];
    (Array.from(this.tiles.children) as HTMLElement[]).forEach((tile, at) => {
      const cell = at * columns + column;
      const taken = this.images.prediction[cell];
      const right = predictions.rightness(taken, this.classId);
      wrong += right === 0 ? 1 : 0;
      without += taken === predictions.NO_PREDICTION ? 1 : 0;
      validated ||= right === right;
      tile.dataset.right = right === right ? String(right === 1) : "";
      tile.classList.toggle("validation-chosen", selection.images.includes(this.images.images[at]));
      (tile.lastChild as Element).classList.toggle("validation-none", taken < 0);
      const named = predictions.predictedClass(this.brief, taken);
      const sign = taken === predictions.NOT_VALIDATED ? "" : "✗ ";
      tile.lastChild!.textContent = right === 1 ? "✓" : sign + named;
      const probability = numbers.percent(this.images.probability[cell]);
      tile.title =
        `image ${at + 1}: ${right === 1 ? "right" : predictions.predictedAs(this.names, taken)}, ` +
        `probability of ${this.names[this.classId]}: ${probability}`;
    });
    const count = this.images.images.length;
    const { integer, plural } = numbers;
    const wrongs =
      `${integer(wrong)} wrong of ${plural(count, "image", "images")}` +
      (without ? ` (no prediction for ${integer(without)})` : "");
    this.title.textContent =
      `${this.names[this.classId]} at ${integer(axis.iterations[column])}: ` +
      `${validated || !count ? wrongs : "not validated"}${count > MOST ? `, ${MOST} shown` : ""}`;
  }

  annotationName(kind: Thing["kind"], id: number): string | undefined {
    const at = kind === "image" && this.images ? this.images.images.indexOf(id) : -1;
    return at < 0 ? undefined : `image ${at + 1} of ${this.names[this.classId]}`;
  }

  selected(_selection: Selection, names: Names): void {
    if (names.has("openclasses") || names.has("classes")) this.chart.invalidate();
    else if (names.has("cursor") || names.has("images")) this.update();
  }
}

registerKind("gallery", (chart) => new Gallery(chart));
