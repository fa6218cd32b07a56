// What is looked into: the images with what they are predicted as at the probe, and the layer.

import {
  make,
  makeChoices,
  numbers,
  pictures,
  replaceKept,
  selectionStore,
} from "#app/web/index.ts";
import type { Place, ProbesAnswer } from "./answer.ts";

const SIZE = 52;
const NOT_THERE = -2;

export class Picker {
  readonly element: HTMLElement;
  private readonly images = make("div", "probe-images");
  private readonly choices = makeChoices();
  private readonly layer = this.choices.list;
  private readonly facts = make("p", "probe-facts");
  private readonly base: string;
  /** What the buttons and the list were made of. */
  private made: ProbesAnswer | null = null;

  constructor(base: string) {
    this.base = base;
    this.images.setAttribute("role", "group");
    this.images.setAttribute("aria-label", "Image");
    this.images.addEventListener("click", (event) => {
      const { image } =
        (event.target as Element).closest<HTMLElement>("[data-image]")?.dataset ?? {};
      if (image !== undefined) selectionStore.set({ probeimage: Number(image) });
    });
    this.layer.addEventListener("change", () =>
      selectionStore.set({ probelayer: Number(this.layer.value) }),
    );
    const label = make("label", "probe-layer", "Layer ", this.choices.holder);
    this.element = make("div", "probe-picker", this.images, label, this.facts);
  }

  show(answer: ProbesAnswer, place: Place): void {
    if (this.made !== answer) this.make(answer);
    const { arrays, meta } = answer;
    const count = arrays.image.length;
    arrays.image.forEach((image, at) => {
      const button = this.images.children[at] as HTMLElement;
      const own = meta.names[arrays.class[at]];
      const prediction = arrays.prediction[place.probe * count + at];
      const probability = arrays.probability[place.probe * count + at];
      const said = button.querySelector("small")!;
      said.textContent = word(meta.names, prediction);
      said.dataset.right = String(prediction === arrays.class[at]);
      button.setAttribute("aria-pressed", String(image === place.image));
      button.title = `${own}, image ${arrays.position[at] + 1}: ${sentence(meta.names, prediction, own, probability)}`;
    });
    this.layer.value = String(place.layer);
    this.tell(answer, place);
  }

  private make(answer: ProbesAnswer): void {
    const { arrays, meta } = answer;
    this.made = answer;
    replaceKept(
      this.images,
      "image",
      ...Array.from(arrays.image, (image, at) => {
        const picture = pictures.picture(
          this.base,
          arrays.class[at],
          arrays.images[at],
          arrays.position[at],
          SIZE,
        );
        const name = make("b", "", meta.names[arrays.class[at]]);
        const button = make("button", "", picture, name, make("small"));
        button.dataset.image = String(image);
        return button;
      }),
    );
    this.layer.replaceChildren(
      ...meta.layers.map((name, at) => {
        const option = make(
          "option",
          "",
          `${name} (${numbers.plural(arrays.filters[at], "filter", "filters")})`,
        );
        option.value = String(arrays.layer[at]);
        return option;
      }),
    );
  }

  private tell({ arrays, meta }: ProbesAnswer, place: Place): void {
    const { integer, plural } = numbers;
    const count = arrays.image.length;
    const at = arrays.image.indexOf(place.image);
    const own = meta.names[arrays.class[at]];
    const cell = place.probe * count + at;
    const told = sentence(meta.names, arrays.prediction[cell], own, arrays.probability[cell]);
    const cost =
      meta.seconds === null
        ? ""
        : `, each probe cost the training ${numbers.number(meta.seconds, 2)} s`;
    this.facts.replaceChildren(
      make("b", "", `At iteration ${integer(place.at)}`),
      `, probe ${integer(place.probe + 1)} of ${integer(arrays.probed.length)}: ${own} ${told} `,
      make(
        "span",
        "dt-soft",
        `${plural(count, "image", "images")}, ${plural(arrays.layer.length, "layer", "layers")}${cost}.`,
      ),
    );
  }
}

const word = (names: readonly string[], prediction: number): string =>
  prediction === NOT_THERE ? "not probed" : (names[prediction] ?? "no prediction");

function sentence(
  names: readonly string[],
  prediction: number,
  own: string,
  probability: number,
): string {
  if (prediction === NOT_THERE) return "was not probed here.";
  if (prediction < 0) return "has no prediction.";
  const share = Number.isNaN(probability) ? "not known" : numbers.percent(probability);
  return names[prediction] === own
    ? `is predicted right, probability ${share}.`
    : `is predicted as ${names[prediction]}, probability of ${own} ${share}.`;
}
