// The kernels of the first layer as pictures, each on its own scale: grey in the middle is 0. A
// click chooses the filter. Options: url (probes), base.

import {
  type Answer,
  addressOf,
  type Matrix,
  make,
  numbers,
  registerKind,
  selectionStore,
} from "#app/web/index.ts";
import {
  type Bytes,
  type Floats,
  type ProbeChart,
  ProbeHandler,
  pressChosen,
  reason,
} from "./answer.ts";
import { kernelCanvas } from "./paint.ts";

type Kernels = Answer<
  { layer: number; layerName: string },
  { codes: Matrix<Bytes>; scale: Floats }
>;

class ProbeKernels extends ProbeHandler<Kernels> {
  private readonly title = make("p", "probe-facts");
  private readonly tiles = make("div", "probe-tiles");
  private painted = "";

  constructor(chart: ProbeChart) {
    super(chart);
    this.tiles.setAttribute("role", "group");
    this.tiles.setAttribute("aria-label", "Kernels");
    this.tiles.addEventListener("click", (event) => {
      const tile = (event.target as Element).closest<HTMLElement>("[data-filter]");
      if (tile && this.asking.value)
        selectionStore.set({
          filters: [[this.asking.value.meta.layer, Number(tile.dataset.filter)]],
        });
    });
    chart.element.append(this.title, this.tiles);
  }

  draw(): string {
    if (!this.answer) return "";
    const why = reason(this.answer);
    this.title.hidden = this.tiles.hidden = Boolean(why);
    if (why) return why;
    const { at } = this.looking.place(this.answer)!;
    this.ask(at);
    if (!this.asking.value || this.asking.waiting) return "";
    if (this.asking.value.meta.layer < 0) {
      this.title.hidden = this.tiles.hidden = true;
      return "The first convolution does not look at grey or RGB pictures: its kernels are no pictures.";
    }
    this.paint(this.asking.value, at);
    return "";
  }

  private ask(at: number): void {
    this.asking.ask(addressOf(`${this.chart.options.base}/probe-kernels?at=${at}`));
  }

  private paint({ arrays, meta }: Kernels, at: number): void {
    if (this.painted !== this.asking.asked) {
      this.painted = this.asking.asked;
      const [count, ...shape] = arrays.codes.shape;
      const size = shape.reduce((product, side) => product * side, 1);
      this.title.replaceChildren(
        make("b", "", meta.layerName),
        ` at ${numbers.integer(at)}: ${numbers.plural(count, "kernel", "kernels")}, each on its own scale around 0.`,
      );
      this.tiles.replaceChildren(
        ...Array.from({ length: count }, (_, filter) => {
          const codes = arrays.codes.subarray(filter * size, (filter + 1) * size);
          const tile = make(
            "button",
            "",
            kernelCanvas(codes, shape),
            make("small", "", `${filter}`),
          );
          tile.dataset.filter = String(filter);
          tile.title = `Kernel of filter ${filter}: weights up to ${numbers.number(arrays.scale[filter], 3)} in size`;
          return tile;
        }),
      );
    }
    pressChosen(this.tiles.children, meta.layer);
  }
}

registerKind("probekernels", (chart) => new ProbeKernels(chart));
