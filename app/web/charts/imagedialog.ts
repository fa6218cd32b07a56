// One validation image, large: its picture, what it was predicted as over time, previous and next.
//
// The field `image` of the selection says which, so that an address opens it. Galleries call
// imageDialog.open with the images that they list; else previous and next are those of its class.

import { make } from "../base/elements.ts";
import { messageOf } from "../base/errors.ts";
import { type Answer, fetchArrays, type Matrix } from "../base/fetch.ts";
import { numbers } from "../base/numbers.ts";
import * as predictions from "../base/predictions.ts";
import { addressOf } from "../core/chart.ts";
import { hasPage } from "../core/page.ts";
import { selectionStore } from "../core/selection.ts";
import { drawHistory, type History, stretches } from "./imagehistory.ts";
import * as pictures from "./pictures.ts";

interface Meta {
  class: number;
  position: number;
  name: string | null;
  /** Names of the classes that occur, by id. */
  names: Record<string, string>;
}
type ImageAnswer = Answer<Meta, History & { images: Matrix<Int32Array<ArrayBuffer>> }>;

const SIZE = 300;

/** Return the address below which the data of the run of this page lies. */
const baseOfPage = (): string => location.pathname.replace(/\/run\/(\d+).*$/, "/data/run/$1");

class ImageDialog {
  private readonly dialog = make("dialog", "dt-image");
  private readonly title = make("h2");
  private readonly place = make("span", "dt-soft");
  private readonly figure = make("div", "dt-image-figure");
  private readonly facts = make("p", "dt-image-facts");
  private readonly canvas = make("canvas", "dt-canvas");
  private readonly list = make("ol", "dt-image-list");
  private readonly link = make("a", "", "Link to this image");
  private readonly previous = this.button("← Previous", () => this.step(-1));
  private readonly next = this.button("Next →", () => this.step(1));
  /** Those that previous and next lead through; null: those of its class. */
  private among: readonly number[] | null = null;
  private shown: number | null = null;
  private answer: ImageAnswer | null = null;

  constructor() {
    const { dialog } = this;
    dialog.setAttribute("aria-label", "Validation image");
    const bar = make("div", "dt-image-bar", this.previous, this.place, this.next, this.link);
    const head = make(
      "div",
      "dt-image-head",
      this.title,
      this.button("Close", () => dialog.close()),
    );
    const history = make("div", "dt-image-history", this.facts, this.canvas, this.list);
    dialog.append(head, make("div", "dt-image-body", this.figure, history), bar);
    dialog.addEventListener("close", () => selectionStore.set({ image: null }));
    dialog.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.go(event));
  }

  private button(text: string, act: () => void): HTMLButtonElement {
    const made = make("button", "", text);
    made.addEventListener("click", act);
    return made;
  }

  open(image: number, among: readonly number[] | null): void {
    this.among = among?.includes(image) ? among : null;
    selectionStore.set({ image });
  }

  /** Show the image that the selection says; none closes. */
  follow(image: number | null): void {
    if (image === null) {
      this.shown = null;
      if (this.dialog.open) this.dialog.close();
      return;
    }
    if (!this.dialog.isConnected) document.body.append(this.dialog);
    if (!this.dialog.open) this.dialog.showModal();
    if (image === this.shown) {
      this.now();
      return;
    }
    this.shown = image;
    const asked = addressOf(`${baseOfPage()}/image?image=${image}`);
    fetchArrays<ImageAnswer>(asked).then(
      (answer) => this.shown === image && this.show(answer),
      (error) => this.shown === image && this.refuse(messageOf(error)),
    );
  }

  private refuse(message: string): void {
    this.answer = null;
    this.title.textContent = "There is no such image";
    this.place.textContent = "";
    this.figure.replaceChildren();
    this.list.replaceChildren();
    this.facts.textContent = message;
  }

  private show(answer: ImageAnswer): void {
    this.answer = answer;
    const { arrays, meta } = answer;
    const own = meta.names[meta.class];
    const { integer } = numbers;
    this.title.textContent = `${own}, image ${integer(meta.position + 1)}`;
    this.title.title = meta.name ?? "";
    const count = arrays.images.length;
    const base = baseOfPage();
    const picture = pictures.picture(base, meta.class, count, meta.position, SIZE);
    const none = make("p", "dt-soft", "The log has no pictures of this class.");
    none.hidden = true;
    this.figure.replaceChildren(picture, none);
    if (meta.name) this.figure.append(make("p", "dt-soft dt-image-name", meta.name));
    pictures.sheetOf(base, meta.class, count).then((sheet) => {
      none.hidden = Boolean(sheet);
    });
    this.listStretches();
    this.around();
    this.now();
    selectionStore.link().then((address) => {
      this.link.href = address;
    });
  }

  /** Say where it stands among those that previous and next lead through. */
  private around(): void {
    const all = this.all();
    const at = all.indexOf(this.shown!);
    const { integer } = numbers;
    const where = this.among ? "listed" : "of its class";
    this.place.textContent = `${integer(at + 1)} of the ${integer(all.length)} ${where}`;
    this.previous.disabled = at <= 0;
    this.next.disabled = at < 0 || at + 1 >= all.length;
  }

  private all(): readonly number[] {
    return this.among ?? Array.from(this.answer?.arrays.images ?? []);
  }

  private listStretches(): void {
    const { arrays, meta } = this.answer!;
    const { integer, plural, percent } = numbers;
    const rows = stretches(arrays).map(({ from, to, taken, probability }) => {
      const right = taken === meta.class;
      const name = predictions.predictedClass(this.names(), taken);
      const sign = taken === predictions.NOT_VALIDATED ? "" : right ? "✓ " : "✗ ";
      const share = Number.isNaN(probability)
        ? "probability not recorded"
        : `probability of ${meta.names[meta.class]}: ${percent(probability)} on average`;
      const text = `from iteration ${integer(arrays.iteration[from])}, ${plural(to - from + 1, "snapshot", "snapshots")}: ${share}`;
      const button = make("button", "", make("b", "", `${sign}${name}`), make("small", "", text));
      button.dataset.iteration = String(arrays.iteration[from]);
      button.title = "Click to move the cursor there";
      return make("li", "", button);
    });
    this.list.replaceChildren(...rows);
  }

  private names(): string[] {
    const found: string[] = [];
    for (const [id, name] of Object.entries(this.answer!.meta.names)) found[Number(id)] = name;
    return found;
  }

  /** Say and mark what it is predicted as at the cursor, else at the last snapshot. */
  private now(): void {
    if (!this.answer) return;
    const { arrays, meta } = this.answer;
    const { cursor } = selectionStore.get();
    const at = nearest(arrays.iteration, cursor);
    drawHistory(this.canvas, this.canvas.parentElement!.clientWidth, arrays, meta.class, at);
    if (at < 0) {
      this.facts.textContent = "This run has no snapshots yet.";
      return;
    }
    const { integer, percent } = numbers;
    const own = meta.names[meta.class];
    const taken = arrays.prediction[at];
    const words = taken === meta.class ? "right" : predictions.predictedAs(this.names(), taken);
    const share = arrays.probability[at];
    const said = Number.isNaN(share) ? "not recorded" : percent(share);
    this.facts.textContent = `True class ${own}. At iteration ${integer(arrays.iteration[at])}: ${words}, probability of ${own}: ${said}. Probabilities of other classes are not recorded.`;
  }

  private go(event: Event): void {
    const target = (event.target as Element).closest<HTMLElement>("[data-iteration]");
    if (target) selectionStore.set({ cursor: Number(target.dataset.iteration) });
  }

  private step(by: number): void {
    const all = this.all();
    const to = all[all.indexOf(this.shown ?? -1) + by];
    if (to !== undefined) selectionStore.set({ image: to });
  }

  private key(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.step(by);
  }
}

function nearest(iterations: Int32Array, cursor: number | null): number {
  if (cursor === null) return iterations.length - 1;
  let found = -1;
  iterations.forEach((iteration, at) => {
    if (found < 0 || Math.abs(iteration - cursor) < Math.abs(iterations[found] - cursor))
      found = at;
  });
  return found;
}

let made: ImageDialog | null = null;
const dialog = (): ImageDialog => (made ??= new ImageDialog());

export const imageDialog = {
  /** Show an image; previous and next lead through `among`, else through its class. */
  open: (image: number, among: readonly number[] | null = null): void =>
    dialog().open(image, among),
};

if (hasPage())
  selectionStore.subscribe(({ image, cursor: _ }, names) => {
    if (names.has("image") || (names.has("cursor") && image !== null && image !== undefined))
      dialog().follow(image ?? null);
  });
