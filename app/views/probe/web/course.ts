// One filter over time: its map for the image at the probes, as many as there is room for. A click
// moves the cursor there. Options: url (probes), base.

import {
  type Answer,
  addressOf,
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
  type Place,
  type ProbeChart,
  ProbeHandler,
  type ProbesAnswer,
  reason,
} from "./answer.ts";
import { ends, spread } from "./model.ts";
import { mapCanvas, scaleOf } from "./paint.ts";

interface CourseArrays {
  probed: Integers;
  low: Floats;
  high: Floats;
  mean: Floats;
  height: Integers;
  width: Integers;
  /** Of all maps, one after the other. */
  codes: Bytes;
}
type Course = Answer<{ layer: number; filter: number; layerName: string }, CourseArrays>;

const TILE = 64; // CSS pixels of a tile with its gap
const ROWS = 3;

class ProbeCourse extends ProbeHandler<Course> {
  private readonly title = make("p", "probe-facts");
  private readonly tiles = make("div", "probe-tiles");

  constructor(chart: ProbeChart) {
    super(chart);
    this.tiles.setAttribute("role", "group");
    this.tiles.setAttribute("aria-label", "Probes");
    this.tiles.addEventListener("click", (event) => {
      const tile = (event.target as Element).closest<HTMLElement>("[data-at]");
      if (tile) selectionStore.set({ cursor: Number(tile.dataset.at) });
    });
    chart.element.append(this.title, this.tiles);
  }

  draw(width: number): string {
    if (!this.answer) return "";
    const why = reason(this.answer) || this.missing(this.answer);
    this.title.hidden = this.tiles.hidden = Boolean(why);
    if (why) {
      this.asking.forget();
      return why;
    }
    const place = this.looking.place(this.answer)!;
    this.ask(place);
    if (this.asking.value && !this.asking.waiting) this.paint(this.asking.value, place, width);
    return "";
  }

  /** Return why there is no filter to be followed; "" where there is one. */
  private missing({ arrays }: ProbesAnswer): string {
    const [layer, filter] = selectionStore.get().filters.at(-1) ?? [];
    if (layer === undefined) return "Click a filter to follow it over time.";
    const at = arrays.layer.indexOf(layer);
    const known = at >= 0 && filter! < arrays.filters[at];
    return known ? "" : "The chosen filter is of a layer that was not probed: click one here.";
  }

  private ask({ image }: Place): void {
    const [layer, filter] = selectionStore.get().filters.at(-1)!;
    const { base } = this.chart.options;
    this.asking.ask(addressOf(`${base}/probe-course?image=${image}&filter=${layer},${filter}`));
  }

  private paint({ arrays, meta }: Course, place: Place, width: number): void {
    const { integer, number, plural } = numbers;
    const room = Math.max(2, Math.floor(width / TILE)) * ROWS;
    const here = arrays.probed.indexOf(place.at);
    const shown = spread(arrays.probed.length, room, here);
    const scale = scaleOf(...ends(arrays.low, arrays.high));
    const starts = startsOf(arrays);
    const some = shown.length < arrays.probed.length ? `, ${integer(shown.length)} shown` : "";
    this.title.replaceChildren(
      make("b", "", `${meta.layerName} · filter ${meta.filter}`),
      `: ${plural(arrays.probed.length, "probe", "probes")}${some}, on one scale.`,
    );
    replaceKept(
      this.tiles,
      "at",
      ...shown.map((at) => {
        const size = [arrays.height[at], arrays.width[at]] as const;
        const codes = arrays.codes.subarray(starts[at], starts[at + 1]);
        const canvas = mapCanvas(codes, size, [arrays.low[at], arrays.high[at]], scale);
        const iteration = arrays.probed[at];
        const tile = make("button", "", canvas, make("small", "", numbers.short(iteration)));
        tile.dataset.at = String(iteration);
        tile.title = `At iteration ${integer(iteration)}: mean ${number(arrays.mean[at], 3)}. Click to move the cursor there.`;
        tile.setAttribute("aria-pressed", String(at === here));
        return tile;
      }),
    );
  }
}

/** Return where the map of each probe begins among the codes, and where the last one ends. */
function startsOf({ height, width }: CourseArrays): number[] {
  const starts = [0];
  height.forEach((side, at) => {
    starts.push(starts[at] + side * width[at]);
  });
  return starts;
}

registerKind("probecourse", (chart) => new ProbeCourse(chart));
