// The filters of a layer as tiles: what each puts out for the image at the probe nearest to the
// cursor, the largest mean first. A click chooses the filter, here and in the other views.
// Options: url (probes), base, legend (id of what explains the colours).

import {
  type Answer,
  addressOf,
  type Chart,
  type ChartKinds,
  colours,
  type Matrix,
  make,
  type Names,
  numbers,
  registerKind,
  replaceKept,
  type Scale,
  type Selection,
  selectionStore,
  type Thing,
} from "#app/web/index.ts";
import {
  type Bytes,
  type Floats,
  type Place,
  ProbeHandler,
  pressChosen,
  reason,
} from "./answer.ts";
import { byMean, ends } from "./model.ts";
import { mapCanvas, scaleOf } from "./paint.ts";
import { Picker } from "./picker.ts";

type Maps = Answer<object, { codes: Matrix<Bytes>; low: Floats; high: Floats; mean: Floats }>;

const PART = 96; // tiles at once

class ProbeMaps extends ProbeHandler<Maps, Chart<ChartKinds["probemaps"]>> {
  private readonly picker: Picker;
  private readonly tiles = make("div", "probe-tiles");
  private readonly more = make("button", "dt-button", "More");
  private place: Place | null = null;
  private painted = "";
  private parts = 1;

  constructor(chart: Chart<ChartKinds["probemaps"]>) {
    super(chart);
    this.picker = new Picker(chart.options.base);
    this.tiles.setAttribute("role", "group");
    this.tiles.setAttribute("aria-label", "Filters, the largest mean first");
    this.tiles.addEventListener("click", (event) => {
      const filter = filterAt(event);
      if (filter !== null && this.place)
        selectionStore.set({ filters: [[this.place.layer, filter]] });
    });
    this.more.hidden = true;
    this.more.addEventListener("click", () => {
      this.parts++;
      this.chart.invalidate();
    });
    chart.element.append(this.picker.element, this.tiles, this.more);
  }

  draw(): string {
    if (!this.answer) return "";
    const why = reason(this.answer);
    this.picker.element.hidden = this.tiles.hidden = Boolean(why);
    this.more.hidden = true;
    // Said once: the other panels have nothing either.
    this.chart.element.closest(".probe")?.toggleAttribute("data-nothing", Boolean(why));
    if (why) return why;
    const place = this.looking.place(this.answer)!;
    this.place = place;
    this.picker.show(this.answer, place);
    this.ask(place);
    if (this.asking.value && !this.asking.waiting) this.paint(this.asking.value, place);
    return "";
  }

  private ask({ at, image, layer }: Place): void {
    const { base } = this.chart.options;
    this.asking.ask(addressOf(`${base}/probe-maps?image=${image}&layer=${layer}&at=${at}`));
  }

  private paint({ arrays }: Maps, place: Place): void {
    const { probeown } = selectionStore.get();
    const order = byMean(arrays.mean);
    const listed = Math.min(order.length, this.parts * PART);
    const scale = scaleOf(...ends(arrays.low, arrays.high));
    const key = [this.asking.asked, probeown, listed, colours.isDark()].join();
    if (key !== this.painted) {
      this.painted = key;
      replaceKept(
        this.tiles,
        "filter",
        ...order
          .slice(0, listed)
          .map((filter) => this.tile(filter, arrays, probeown ? null : scale)),
      );
    }
    pressChosen(this.tiles.children, place.layer);
    this.more.hidden = listed === order.length;
    this.more.textContent = `${numbers.integer(listed)} of ${numbers.integer(order.length)} filters shown: show more`;
    this.legend(scale, probeown, arrays.mean.some(Number.isNaN));
  }

  private tile(filter: number, arrays: Maps["arrays"], shared: Scale | null): HTMLElement {
    const [, height, width] = arrays.codes.shape;
    const [low, high, mean] = [arrays.low[filter], arrays.high[filter], arrays.mean[filter]];
    const codes = arrays.codes.subarray(filter * height * width, (filter + 1) * height * width);
    const canvas = mapCanvas(codes, [height, width], [low, high], shared ?? scaleOf(low, high));
    const said = numbers.number(mean, 3);
    const tile = make("button", "", canvas, make("small", "", `${filter}: ${said}`));
    tile.dataset.filter = String(filter);
    tile.title = `Filter ${filter}: mean ${said}, from ${numbers.number(low, 3)} to ${numbers.number(high, 3)}. Click to follow it over time.`;
    return tile;
  }

  private legend(scale: Scale, own: boolean, missing: boolean): void {
    const holder = document.getElementById(this.chart.options.legend);
    if (!holder) return; // the page is just being left
    if (own) holder.replaceChildren(make("span", "dt-legend-end", "each on its own scale"));
    else colours.legend(holder, scale, { missing });
  }

  override selected(selection: Selection, names: Names): void {
    if (names.has("probelayer")) this.parts = 1;
    super.selected(selection, names);
  }

  annotationThing(event: MouseEvent | null): Thing | null {
    const filter = event ? filterAt(event) : null;
    if (filter === null || !this.place || !this.answer) return null;
    const { layer } = this.place;
    const name = this.answer.meta.layers[this.answer.arrays.layer.indexOf(layer)];
    return { kind: "filter", id: layer, filter, name: `filter ${filter} of ${name}` };
  }
}

function filterAt(event: Event): number | null {
  const tile = (event.target as Element).closest<HTMLElement>("[data-filter]");
  return tile ? Number(tile.dataset.filter) : null;
}

registerKind("probemaps", (chart) => new ProbeMaps(chart));
