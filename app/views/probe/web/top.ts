// The validation images that activate the chosen filter most at the probe nearest to the cursor,
// with the part of each that it sees; a click opens one large. Options: url (probes), base.

import {
  type Answer,
  addressOf,
  imageDialog,
  type Matrix,
  make,
  numbers,
  registerKind,
  replaceKept,
  selectionStore,
} from "#app/web/index.ts";
import {
  type Bytes,
  type Floats,
  type Integers,
  type ProbeChart,
  ProbeHandler,
  reason,
} from "./answer.ts";
import { seenBefore, whereOf } from "./model.ts";
import { picturedButton } from "./pictured.ts";

interface TopArrays {
  probed: Integers;
  image: Matrix<Integers>;
  value: Matrix<Floats>;
  place: Matrix<Bytes>;
  field: Matrix<Floats>;
  class: Integers;
  position: Integers;
  images: Integers;
}
interface TopMeta {
  layer: number;
  filter: number;
  layerName: string;
  names: Record<string, string>;
}
type Top = Answer<TopMeta, TopArrays>;

const SIZE = 64;

class ProbeTop extends ProbeHandler<Top> {
  private readonly title = make("p", "probe-facts");
  private readonly tiles = make("div", "probe-tiles probe-top");
  private listed: number[] = [];
  private painted = "";

  constructor(chart: ProbeChart) {
    super(chart);
    this.tiles.setAttribute("role", "group");
    this.tiles.setAttribute("aria-label", "Images, the largest activation first");
    this.tiles.addEventListener("click", (event) => {
      const { image } =
        (event.target as Element).closest<HTMLElement>("[data-image]")?.dataset ?? {};
      if (image !== undefined) imageDialog.open(Number(image), this.listed);
    });
    chart.element.append(this.title, this.tiles);
  }

  draw(): string {
    if (!this.answer) return "";
    const [layer, filter] = selectionStore.get().filters.at(-1) ?? [];
    const why = reason(this.answer) || (layer === undefined ? CHOOSE : "");
    this.title.hidden = this.tiles.hidden = true;
    if (why) {
      this.asking.forget();
      return why;
    }
    this.asking.ask(addressOf(`${this.chart.options.base}/probe-top?filter=${layer},${filter}`));
    if (!this.asking.value || this.asking.waiting) return "";
    const { arrays } = this.asking.value;
    if (!arrays.probed.length) return this.missing(layer!);
    this.title.hidden = this.tiles.hidden = false;
    this.paint(this.asking.value);
    return "";
  }

  private missing(layer: number): string {
    return this.answer!.arrays.layer.includes(layer)
      ? "The log says nothing of these images: an earlier version wrote it, or no snapshot with a probe was validated. To have them, record the next training with this version of deeptracker."
      : "The chosen filter is of a layer that was not probed: click one here.";
  }

  private paint({ arrays, meta }: Top): void {
    const at = this.looking.nearest(arrays.probed);
    const most = arrays.image.shape[1];
    const iteration = arrays.probed[at];
    const key = `${this.asking.asked} ${iteration}`;
    if (key === this.painted) return;
    this.painted = key;
    const row = arrays.image.subarray(at * most, (at + 1) * most);
    const before = at ? arrays.image.subarray((at - 1) * most, at * most) : null;
    this.listed = [...row].filter((image) => image >= 0);
    const stayed = before ? this.listed.filter((image) => seenBefore(before, image)).length : 0;
    const since = before
      ? ` ${numbers.integer(stayed)} of ${numbers.integer(this.listed.length)} were among them at ${numbers.integer(arrays.probed[at - 1])}.`
      : "";
    this.title.replaceChildren(
      make("b", "", `${meta.layerName} · filter ${meta.filter}`),
      ` at ${numbers.integer(iteration)}, of the whole validation set.${since}`,
    );
    replaceKept(
      this.tiles,
      "image",
      ...this.listed.map((_, rank) => this.tile(arrays, meta, at, at * most + rank, before)),
    );
  }

  private tile(
    arrays: TopArrays,
    meta: TopMeta,
    at: number,
    cell: number,
    before: Integers | null,
  ): HTMLElement {
    const who = {
      image: arrays.image[cell],
      classId: arrays.class[cell],
      position: arrays.position[cell],
      count: arrays.images[cell],
    };
    const name = meta.names[who.classId];
    const said = numbers.number(arrays.value[cell], 3);
    const where = whereOf(arrays.place, cell, arrays.field.subarray(2 * at, 2 * at + 2));
    const isNew = before !== null && !seenBefore(before, who.image);
    const tile = picturedButton(
      this.chart.options.base,
      who,
      SIZE,
      where,
      make("small", "", name),
      make("small", "", isNew ? `${said} · new` : said),
    );
    const news = isNew ? ", not among them at the probe before" : "";
    tile.title = `${name}, image ${who.position + 1}: largest value ${said}${news}. The frame is about what the filter sees there. Click to see it large.`;
    return tile;
  }
}

const CHOOSE = "Click a filter to see which images activate it most.";

registerKind("probetop", (chart) => new ProbeTop(chart));
