// How many filters of an iteration count (K), and how heavy a mini-set must be, as sliders.
// Options: most (largest K), filters (of the network).

import {
  type ChartKinds,
  type Handler,
  numbers,
  registerKind,
  selectionStore,
} from "#app/web/index.ts";

const WEIGHTS = [
  1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 2000, 5000,
];

interface SlidersChart {
  element: HTMLElement;
  options: ChartKinds["correlationsliders"];
}
interface Slider {
  input: HTMLInputElement;
  value: HTMLOutputElement;
}
interface SliderWords {
  id: string;
  words: string;
  title: string;
  min: number;
  max: number;
}

function make<Tag extends "input" | "label" | "output" | "span">(
  tag: Tag,
  properties: { [name: string]: string },
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function slider(
  chart: SlidersChart,
  { id, words, title, min, max }: SliderWords,
  write: (value: number) => void,
): Slider {
  const value = make("output", {});
  const input = make("input", {
    type: "range",
    step: "1",
    id,
    min: String(min),
    max: String(max),
  });
  input.setAttribute("aria-label", words.replace(/: $/, "")); // an output in a label takes the label for itself
  input.addEventListener("input", () => write(Number(input.value)));
  chart.element.append(
    make("label", { className: "dt-control", title }, make("span", {}, words, value), input),
  );
  return { input, value };
}

class Sliders implements Handler {
  private readonly chart: SlidersChart;
  private readonly top: Slider;
  private readonly weight: Slider;

  constructor(chart: SlidersChart) {
    this.chart = chart;
    this.top = slider(
      chart,
      {
        id: "correlation-k-filters",
        words: "Filters K: ",
        min: 1,
        max: chart.options.most,
        title: `How many of the most changed filters of an iteration are looked at: up to ${numbers.integer(chart.options.most)}, as many as are kept`,
      },
      (top) => selectionStore.set({ top }),
    );
    this.weight = slider(
      chart,
      {
        id: "correlation-weight",
        words: "Mini-sets: ",
        min: 0,
        max: WEIGHTS.length - 1,
        title:
          "Weight of a mini-set: its filters times the sets that contain it; lighter ones are left out",
      },
      (at) => selectionStore.set({ weight: WEIGHTS[at] }),
    );
  }

  selected(_: unknown, names: Set<string>): void {
    if (names.has("top") || names.has("weight")) this.draw();
  }

  draw(): string {
    const { top, weight } = selectionStore.get();
    const { integer } = numbers;
    this.top.input.value = String(top);
    const { filters } = this.chart.options;
    this.top.value.textContent =
      top < filters ? `${integer(top)} most changed` : `all ${integer(filters)}`;
    this.top.input.setAttribute("aria-valuetext", this.top.value.textContent);
    const at = WEIGHTS.findIndex((one) => one >= weight);
    this.weight.input.value = String(at < 0 ? WEIGHTS.length - 1 : at);
    this.weight.value.textContent = weight <= 1 ? "all" : `weight ≥ ${integer(weight)}`;
    this.weight.input.setAttribute("aria-valuetext", this.weight.value.textContent);
    return "";
  }
}

registerKind("correlationsliders", (chart) => new Sliders(chart));
