// Window k and threshold m as sliders: they write the selection with every move, without a request
// of their own; the charts that show anomalies ask for the last one.
// Options: snapshots (most of k), largest (images of the largest class), k and m (defaults), prefix
// (of the ids: two views may stand on one page).

import {
  type Chart,
  type ChartKinds,
  type Handler,
  type Names,
  numbers,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";

type Options = ChartKinds["validationwindow"];
/** A slider as one sets it: the page makes the numbers text. */
type Settable = Record<"max" | "value", string | number>;

/** The window and the threshold: a page that has the sliders has defaults for both. */
type Chosen = Selection & { k: number; m: number };

const SHARE = 0.1;
const EVERY_K = 200; // so many windows are steps of one

/** Return the windows that the slider walks through: each up to EVERY_K, beyond in steps of 3 %. */
function windowsOf(snapshots: number): number[] {
  const found: number[] = [];
  const most = Math.max(2, snapshots);
  for (let k = 1; k < most; k += k < EVERY_K || most <= EVERY_K ? 1 : Math.ceil(k * 0.03))
    found.push(k);
  return [...found, most];
}

function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: object,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class WindowControls implements Handler {
  declare private readonly chart: Chart<Options>;
  declare private readonly kValue: HTMLOutputElement;
  declare private readonly mValue: HTMLOutputElement;
  declare private readonly k: HTMLInputElement;
  declare private readonly m: HTMLInputElement;
  declare private readonly units: HTMLInputElement[];
  declare private readonly immediate: HTMLInputElement;
  /** The windows that the slider walks through. */
  declare private readonly windows: number[];
  /** The window to come back to where every flip counted. */
  declare private before?: number;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    const { options } = chart;
    const prefix = options.prefix || "validation";
    this.kValue = make("output", {});
    this.mValue = make("output", {});
    this.k = make("input", { type: "range", min: 1, step: 1, id: `${prefix}-k` });
    this.m = make("input", { type: "range", id: `${prefix}-m` });
    this.units = ["images", "share"].map((value) =>
      make("input", { type: "radio", name: `${prefix}-unit`, value }),
    );
    this.immediate = make("input", { type: "checkbox", id: `${prefix}-immediate` });
    this.windows = windowsOf(options.snapshots);
    (this.k as Settable).max = this.windows.length;
    this.k.title = `How long an image must have been stable: up to all ${numbers.plural(options.snapshots, "snapshot", "snapshots")} of the run`;
    // An output in a label takes the label for itself.
    this.k.setAttribute("aria-label", "Window k");
    this.m.setAttribute("aria-label", "Threshold m");
    chart.element.append(
      make(
        "label",
        { className: "dt-control" },
        make("span", {}, "Window k: ", this.kValue),
        this.k,
      ),
      make(
        "label",
        {
          className: "validation-check",
          title: "Every flip counts, however short the stable time (k = 1)",
        },
        this.immediate,
        " Immediate change",
      ),
      make(
        "div",
        { className: "dt-control" },
        make("label", {}, make("span", {}, "Threshold m: ", this.mValue), this.m),
      ),
      make(
        "div",
        { className: "dt-control" },
        make("span", { textContent: "Unit of m" }),
        this.segments(`${prefix}-unit`, ["images", "% of the class"]),
      ),
    );
    this.k.addEventListener("input", () =>
      selectionStore.set({ k: this.windows[Number(this.k.value) - 1] }),
    );
    this.m.addEventListener("input", () => selectionStore.set({ m: Number(this.m.value) }));
    this.immediate.addEventListener("change", () => this.setImmediate());
  }

  /** Return the choice of the unit: radio buttons that look as they do on all pages (parts.css). */
  private segments(id: string, words: string[]): HTMLElement {
    const parts = this.units.map((radio, place) =>
      make("label", { className: "dt-segment" }, radio, make("span", {}, words[place])),
    );
    const group = make("div", { id, className: "dt-segments", role: "radiogroup" }, ...parts);
    group.setAttribute("aria-label", "Unit of the threshold");
    group.addEventListener("change", () => this.setUnit());
    return group;
  }

  private setImmediate(): void {
    const { k } = selectionStore.get() as Chosen;
    if (this.immediate.checked) this.before = k;
    const back = this.before! > 1 ? this.before : null;
    selectionStore.set({ k: this.immediate.checked ? 1 : back });
  }

  private setUnit(): void {
    const share = this.units[1].checked;
    selectionStore.set({ share, m: share ? SHARE : null });
  }

  private show({ k, m, share }: Chosen): void {
    const { options } = this.chart;
    const place = this.windows.findIndex((one) => one >= k);
    (this.k as Settable).value = place < 0 ? this.windows.length : place + 1;
    this.immediate.checked = k === 1;
    this.units.forEach((radio, place) => {
      radio.checked = (place === 1) === Boolean(share);
      radio.parentElement!.toggleAttribute("data-active", radio.checked);
    });
    Object.assign(
      this.m,
      share
        ? { min: 0.01, max: 1, step: 0.01 }
        : { min: 1, max: Math.max(2, options.largest), step: 1 },
    );
    (this.m as Settable).value = m;
    this.kValue.textContent = numbers.plural(k, "snapshot", "snapshots");
    this.k.setAttribute("aria-valuetext", this.kValue.textContent);
    this.mValue.textContent = share ? numbers.percent(m) : numbers.plural(m, "image", "images");
    this.m.setAttribute("aria-valuetext", this.mValue.textContent);
  }

  selected(selection: Selection, names: Names): void {
    if (["k", "m", "share"].some((name) => names.has(name))) this.show(selection as Chosen);
  }

  draw(): string {
    this.show(selectionStore.get() as Chosen);
    return "";
  }
}

registerKind("validationwindow", (chart) => new WindowControls(chart));
