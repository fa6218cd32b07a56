// Images that were never learned, or forgotten most often. Options: url, names, base.

import {
  addressOf,
  type Chart,
  type ChartKinds,
  fetchArrays,
  type Handler,
  nothing,
  numbers,
  pictures,
  registerKind,
  selectionStore,
} from "#app/web/index.ts";
import * as validation from "./anomalies.ts";
import type {
  ErrorAnswer,
  ErrorArrays,
  ForgettingAnswer,
  ForgettingArrays,
  ForgettingMeta,
} from "./types.ts";

const PART = 24; // images listed at once

class ImageList implements Handler {
  declare private readonly chart: Chart<ChartKinds["imagelist"]>;
  declare private readonly count: HTMLElement;
  declare private readonly list: HTMLElement;
  declare private data: ForgettingArrays;
  declare private meta: ForgettingMeta;
  /** How many images are listed already. */
  declare private listed: number;
  /** Those that are: drawn again, they keep their pictures and how far one has scrolled. */
  declare private shown?: ForgettingArrays;
  /** These are there once they have come. */
  declare private names: string[];
  declare private sizes: ErrorArrays["images"];
  declare private iterations: ErrorArrays["iteration"];

  constructor(chart: Chart<ChartKinds["imagelist"]>) {
    this.chart = chart;
    this.count = document.createElement("div");
    this.count.className = "dt-soft";
    this.list = document.createElement("div");
    this.list.className = "validation-list";
    chart.element.append(this.count, this.list);
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.list;
      if (scrollTop + 2 * clientHeight > scrollHeight && this.listed < this.data.image.length)
        this.more();
    });
  }

  receive({ arrays, meta }: ForgettingAnswer): void {
    this.data = arrays;
    this.meta = meta;
    fetchArrays<ErrorAnswer>(addressOf(this.chart.options.names)).then(
      (answer) => {
        this.names = answer.meta.names;
        this.sizes = answer.arrays.images;
        this.iterations = answer.arrays.iteration;
        this.shown = undefined;
        this.chart.invalidate();
      },
      (error) => this.chart.failed(error),
    );
  }

  draw(): string {
    if (this.shown === this.data) return "";
    this.count.textContent = "";
    this.list.replaceChildren();
    if (!this.names) return "";
    if (!this.names.length) return nothing("images");
    if (!this.iterations.length) return nothing("snapshots");
    if (this.meta.validated === false) return "No snapshot was validated yet.";
    const never = selectionStore.get().imagelist === "never";
    if (!this.data.image.length)
      return never ? "Every image was right at some snapshot." : "No image was ever forgotten.";
    const { plural, integer } = numbers;
    const all = never ? this.meta.never : this.meta.forgotten;
    this.count.textContent = `${plural(all, "image", "images")} ${never ? "never right" : "forgotten at least once"}${
      all > this.meta.listed ? `, ${integer(this.meta.listed)} shown` : ""
    }.`;
    this.listed = 0;
    this.shown = this.data;
    this.more();
    return "";
  }

  /** List some more images: those that are scrolled to. */
  private more(): void {
    const part = Array.from(
      this.data.image.subarray(this.listed, this.listed + PART),
      (image, at) => this.item(image, this.listed + at),
    );
    this.list.append(...part);
    this.listed += part.length;
  }

  private item(image: number, at: number): HTMLButtonElement {
    const { data, names, sizes, iterations } = this;
    const { plural, integer } = numbers;
    const classId = data.class[at];
    const row = document.createElement("button");
    row.type = "button";
    row.dataset.image = image as unknown as string;
    row.dataset.class = classId as unknown as string;
    const words = document.createElement("span");
    words.textContent = `${names[classId]}, image ${data.position[at] + 1}`;
    const facts = document.createElement("small");
    const first = data.first_learned[at];
    facts.textContent =
      first < 0
        ? "never right"
        : `forgotten ${plural(data.forgotten[at], "time", "times")}, first right at ${integer(iterations[first])}`;
    words.append(facts);
    row.append(
      pictures.picture(this.chart.options.base, classId, sizes[classId], data.position[at], 28),
      words,
    );
    return row;
  }

  private clicked(event: Event): void {
    const item = (event.target as Element).closest<HTMLElement>("[data-image]");
    if (!item) return;
    const id = Number(item.dataset.class);
    validation.openClass(id, { images: [Number(item.dataset.image)] });
  }
}

registerKind("imagelist", (chart) => new ImageList(chart));
