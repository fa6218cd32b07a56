// Slices and ranges of the cube, a row for every dimension: which cells are shown, which one is cut.

import { numbers, type Range, type Selection, selectionStore } from "#app/web/index.ts";
import type { Cube } from "./cube.ts";
import type { Dimension, FaceName } from "./geometry.ts";
import { reset } from "./reset.ts";

export type SliceField = "slicelayer" | "sliceclass" | "sliceiteration";

interface About {
  title: string;
  one: string;
  range: "layerrange" | "classrange" | "zoom";
  slice: SliceField;
  /** The face that the slice changes. */
  face: FaceName;
}
interface Row {
  element: HTMLElement;
  /** What is shown, its two ends, and the way back to everything. */
  words: HTMLOutputElement;
  from: HTMLInputElement;
  to: HTMLInputElement;
  clear: HTMLButtonElement;
  /** Whether there is a slice, where, and its name. */
  on: HTMLInputElement;
  at: HTMLInputElement;
  name: HTMLOutputElement;
}
/** A slider as one sets it: the page makes the numbers text. */
type Settable = Record<"min" | "max" | "value", string | number>;

const ROWS: Record<Dimension, About> = {
  layers: { title: "Layers", one: "layer", range: "layerrange", slice: "slicelayer", face: "top" },
  classes: {
    title: "Classes",
    one: "class",
    range: "classrange",
    slice: "sliceclass",
    face: "front",
  },
  columns: {
    title: "Iterations",
    one: "iteration",
    range: "zoom",
    slice: "sliceiteration",
    face: "right",
  },
};

function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: object = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export class Controls {
  declare private readonly cube: Cube;
  /** None where the page has no place for them. */
  declare private readonly rows: Partial<Record<Dimension, Row>>;
  declare private readonly reset: HTMLButtonElement;

  constructor(holder: HTMLElement | null, cube: Cube) {
    this.cube = cube;
    this.rows = {};
    if (!holder) return;
    holder.replaceChildren();
    for (const [dimension, about] of Object.entries(ROWS) as [Dimension, About][]) {
      this.rows[dimension] = this.row(dimension, about);
      holder.append(this.rows[dimension].element);
    }
    this.reset = make("button", {
      type: "button",
      className: "dt-button cube-reset",
      textContent: "Show everything",
      disabled: true,
    });
    this.reset.addEventListener("click", () => reset());
    holder.append(this.reset);
  }

  row(dimension: Dimension, { title, one, face }: About): Row {
    const slider = (label: string) => {
      const input = make("input", { type: "range", step: 1 });
      input.setAttribute("aria-label", label);
      return input;
    };
    const row = {
      words: make("output", { className: "cube-words" }),
      clear: make("button", {
        type: "button",
        className: "cube-clear",
        textContent: "all",
        title: `Show all ${title.toLowerCase()}`,
      }),
      from: slider(`First of the ${title.toLowerCase()} shown`),
      to: slider(`Last of the ${title.toLowerCase()} shown`),
      on: make("input", { type: "checkbox" }),
      at: slider(`The ${one} of the slice`),
      name: make("output", { className: "cube-words" }),
    } as Row; // its element follows
    row.element = make(
      "fieldset",
      { className: "cube-row" },
      make("legend", {}, title),
      make(
        "div",
        { className: "cube-line" },
        make("span", { textContent: "shown" }),
        row.words,
        row.clear,
      ),
      make("div", { className: "cube-double" }, row.from, row.to),
      make(
        "div",
        { className: "cube-line" },
        make("label", { title: `Changes the ${face} face` }, row.on, ` Slice at one ${one}`),
        row.name,
      ),
      row.at,
    );
    row.element.dataset.dimension = dimension;
    row.element.hidden = true; // until there is anything to choose from
    row.from.addEventListener("input", () => this.range(dimension, "from"));
    row.to.addEventListener("input", () => this.range(dimension, "to"));
    row.clear.addEventListener("click", () =>
      selectionStore.set({ [ROWS[dimension].range]: null }),
    );
    row.on.addEventListener("change", () => this.switched(dimension));
    row.at.addEventListener("input", () => this.sliced(dimension));
    return row;
  }

  count(dimension: Dimension): number {
    const { cube } = this;
    return {
      layers: cube.model.layers.names.length,
      classes: cube.model.shownClasses,
      columns: cube.axis.columns,
    }[dimension];
  }

  /** Take over a moved end of a range; the other gives way. */
  range(dimension: Dimension, moved: "from" | "to"): void {
    const { from, to } = this.rows[dimension]!;
    let ends: Range = [Number(from.value), Number(to.value)];
    if (ends[0] > ends[1]) ends = moved === "from" ? [ends[0], ends[0]] : [ends[1], ends[1]];
    const whole = ends[0] === 0 && ends[1] === this.count(dimension) - 1;
    const { iterations } = this.cube.axis;
    const value = dimension === "columns" ? ends.map((column) => iterations[column]) : ends;
    selectionStore.set({ [ROWS[dimension].range]: whole ? null : value });
  }

  /** Return the places of a dimension at which a slice holds anything: those with sets. */
  places(dimension: Dimension): number[] {
    const sets = this.cube.model.sets();
    if (!sets) return [];
    return this.cube.model.once(
      `places ${dimension}`,
      [sets, this.cube.model.order(), this.cube.axis.iterations],
      () => {
        if (dimension === "layers") return [...sets.layer];
        if (dimension === "classes")
          return [...sets.class].map((id) => this.cube.placeOf(id)).sort((a, b) => a - b);
        return [...sets.iteration]
          .map((iteration) => this.cube.axis.exactColumn(iteration))
          .filter((column) => column >= 0);
      },
    );
  }

  valueAt(dimension: Dimension, place: number): number {
    if (dimension === "layers") return place;
    return dimension === "classes" ? this.cube.classAt(place) : this.cube.axis.iterations[place];
  }

  /** Slice where something is chosen already, else at the strongest cell. */
  switched(dimension: Dimension): void {
    const { on } = this.rows[dimension]!;
    const places = this.places(dimension);
    if (!on.checked || !places.length) {
      selectionStore.set({ [ROWS[dimension].slice]: null });
      return;
    }
    const { layers, classes, pins, cursor } = selectionStore.get();
    const sets = this.cube.model.sets()!;
    const [row, column] = sets.meta.strongest?.[0] || [0, 0];
    const held = sets.class_iteration.subarray(
      sets.class_start[column],
      sets.class_start[column + 1],
    );
    const first = [...held].sort(
      (a, b) => sets.holds[row * sets.width + b] - sets.holds[row * sets.width + a],
    )[0];
    const candidates = (
      {
        layers: [layers.at(-1), sets.layer[row]],
        classes: [classes.at(-1), sets.class[column]],
        columns: [pins.at(-1), cursor, sets.iteration[first]],
      } as Record<Dimension, (number | null | undefined)[]>
    )[dimension];
    const known = new Set<number | null | undefined>(
      places.map((place) => this.valueAt(dimension, place)),
    );
    const value = candidates.find((candidate) => known.has(candidate));
    selectionStore.set({ [ROWS[dimension].slice]: value ?? this.valueAt(dimension, places[0]) });
  }

  sliced(dimension: Dimension): void {
    const place = this.places(dimension)[Number(this.rows[dimension]!.at.value)];
    if (place !== undefined)
      selectionStore.set({ [ROWS[dimension].slice]: this.valueAt(dimension, place) });
  }

  draw(selection: Selection): void {
    let changed = false;
    for (const [dimension, about] of Object.entries(ROWS) as [Dimension, About][]) {
      const row = this.rows[dimension];
      if (!row) return;
      const count = this.count(dimension);
      row.element.hidden = !count;
      if (!count) continue;
      const [first, after] = this.cube.ranges[dimension];
      const whole = first === 0 && after === count;
      changed = changed || !whole || selection[about.slice] !== null;
      this.ends(row, first, after, count);
      row.clear.disabled = whole;
      row.words.textContent = whole
        ? `all ${numbers.integer(count)}`
        : `${this.cube.nameOf(dimension, first)} – ${this.cube.nameOf(dimension, after - 1)} (${numbers.integer(after - first)})`;
      this.cut(row, dimension, selection[about.slice]);
    }
    this.reset.disabled = !changed;
  }

  ends(row: Row, first: number, after: number, count: number): void {
    for (const [input, value] of [
      [row.from, first],
      [row.to, after - 1],
    ] as [Settable, number][]) {
      input.min = 0;
      input.max = Math.max(1, count - 1);
      input.value = value;
    }
    row.element.style.setProperty("--from", `${(100 * first) / count}%`);
    row.element.style.setProperty("--to", `${(100 * after) / count}%`);
    // Where both stand at the far end the first must be within reach.
    (row.from.style as { zIndex: string | number }).zIndex = first > count / 2 ? 2 : 0;
  }

  cut(row: Row, dimension: Dimension, value: number | null): void {
    const places = this.places(dimension);
    const on = value !== null;
    row.on.checked = on;
    row.on.disabled = !on && !places.length;
    row.at.disabled = !on || !places.length;
    row.at.hidden = !on;
    (row.at as Settable).min = 0;
    (row.at as Settable).max = Math.max(0, places.length - 1);
    const at = places.findIndex((place) => this.valueAt(dimension, place) === value);
    if (at >= 0) (row.at as Settable).value = at;
    row.name.textContent = !on
      ? ""
      : dimension === "layers"
        ? (this.cube.model.layers.names[value] ?? "")
        : dimension === "classes"
          ? this.cube.model.className(value)
          : numbers.integer(value);
  }
}
