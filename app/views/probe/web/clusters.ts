// Clusters of the filters of each probed layer: which go together, layer by layer, and those of the
// chosen layer with their filters, images and classes. Options: url (probes), base, legend.

import {
  type Answer,
  addressOf,
  type Chart,
  type ChartKinds,
  colours,
  imageDialog,
  LastAnswer,
  type Matrix,
  make,
  numbers,
  registerKind,
  selectionStore,
} from "#app/web/index.ts";
import {
  type Bytes,
  type Floats,
  type Place,
  ProbeHandler,
  pressChosen,
  reason,
} from "./answer.ts";
import { type Clusters, chooseLayer, Flow, likes, likingScale, likingStrip } from "./flow.ts";
import { byMean, ends } from "./model.ts";
import { mapCanvas, scaleOf } from "./paint.ts";
import { picturedButton } from "./pictured.ts";

type Maps = Answer<object, { codes: Matrix<Bytes>; low: Floats; high: Floats; mean: Floats }>;

const SIZE = 48;
/** Filters of a cluster that are shown. */
const FILTERS = 24;
const EVEN = -1;

class ProbeClusters extends ProbeHandler<Clusters, Chart<ChartKinds["probeclusters"]>> {
  private readonly maps: LastAnswer<Maps>;
  private readonly flow: Flow;
  private readonly facts = make("p", "probe-facts");
  private readonly rows = make("div", "probe-clusters");
  private painted = "";
  /** The cluster whose row is to come into sight. */
  private wanted: number | null = null;

  constructor(chart: Chart<ChartKinds["probeclusters"]>) {
    super(chart);
    this.maps = new LastAnswer(chart);
    this.flow = new Flow(chart.options.base, (cluster) => {
      if (!this.asking.value) return;
      this.wanted = cluster;
      chooseLayer(this.asking.value, cluster);
      this.chart.invalidate();
    });
    this.rows.addEventListener("click", (event) => this.click(event));
    chart.element.append(this.facts, this.flow.element, this.rows);
  }

  override get waiting(): boolean {
    return super.waiting || this.maps.waiting;
  }

  draw(): string {
    if (!this.answer) return "";
    const why = reason(this.answer);
    for (const part of [this.facts, this.flow.element, this.rows]) part.hidden = true;
    if (why) return why;
    const place = this.looking.place(this.answer)!;
    const { base } = this.chart.options;
    const { probeclusters } = selectionStore.get();
    const { at, image, layer } = place;
    this.asking.ask(addressOf(`${base}/probe-clusters?at=${at}&clusters=${probeclusters}`));
    this.maps.ask(addressOf(`${base}/probe-maps?image=${image}&layer=${layer}&at=${at}`));
    if (!this.asking.value) return "";
    if (!this.asking.value.arrays.layer.length) return MISSING;
    for (const part of [this.facts, this.flow.element, this.rows]) part.hidden = false;
    if (!this.asking.waiting) this.paint(this.asking.value, place);
    return "";
  }

  private paint(found: Clusters, place: Place): void {
    const { arrays, meta } = found;
    const { integer, number } = numbers;
    const edges = arrays.source.length;
    const told =
      meta.least === null
        ? "There are too few classes to tell which clusters go together."
        : `A line joins clusters of consecutive probed layers that like the same classes (solid) or opposite ones (dashed): a correlation over ${integer(arrays.classes.length)} classes, no weights. ${integer(edges)} of ${integer(meta.pairs)} pairs are beyond ±${number(meta.least, 2)}; chance alone would give about ${integer(Math.round(meta.pairs / 20))}.`;
    this.facts.replaceChildren(make("b", "", `At iteration ${integer(meta.at)}`), `. ${told}`);
    this.flow.show(found, place.layer);
    const key = [this.asking.asked, this.maps.asked, this.maps.waiting, colours.isDark()].join();
    if (key !== this.painted) {
      this.painted = key;
      this.makeRows(found, place);
    }
    pressChosen(this.rows.querySelectorAll("[data-filter]"), place.layer);
    this.legend();
    this.reveal(place);
  }

  private makeRows(found: Clusters, place: Place): void {
    const { arrays, meta } = found;
    const at = arrays.layer.indexOf(place.layer);
    if (at < 0) {
      this.rows.replaceChildren("Nothing is known of the clusters of the chosen layer.");
      return;
    }
    const start = arrays.filters.subarray(0, at).reduce((sum, count) => sum + count, 0);
    const label = arrays.label.subarray(start, start + arrays.filters[at]);
    const rows = [...arrays.cluster.keys()]
      .filter((cluster) => arrays.cluster_layer[cluster] === at && arrays.size[cluster])
      .map((cluster) => this.row(found, cluster, label));
    const even = label.filter((one) => one === EVEN).length;
    const left = even
      ? [
          make(
            "p",
            "dt-soft",
            `${numbers.plural(even, "filter is", "filters are")} in no cluster: the same for all classes, such as always 0.`,
          ),
        ]
      : [];
    this.rows.replaceChildren(make("h3", "", `Clusters of ${meta.layers[at]}`), ...rows, ...left);
  }

  private row(found: Clusters, cluster: number, label: Int32Array): HTMLElement {
    const { arrays, meta } = found;
    const most = arrays.image.shape[1];
    const images = make("div", "probe-tiles probe-top");
    for (let cell = cluster * most; cell < (cluster + 1) * most; cell++) {
      if (arrays.image[cell] < 0) continue;
      const [image, classId, position] = [
        arrays.image[cell],
        arrays.class[cell],
        arrays.position[cell],
      ];
      const name = meta.names[classId];
      const who = { image, classId, position, count: arrays.images[cell] };
      const tile = picturedButton(
        this.chart.options.base,
        who,
        SIZE,
        null,
        make("small", "", name),
      );
      tile.title = `${name}, image ${position + 1}. Click to see it large.`;
      images.append(tile);
    }
    const size = numbers.plural(arrays.size[cluster], "filter", "filters");
    const title = make(
      "p",
      "probe-facts",
      make("b", "", `Cluster ${arrays.cluster[cluster] + 1}`),
      `: ${size}, most for ${likes(found, cluster)}.`,
    );
    const row = make(
      "section",
      "probe-cluster",
      title,
      this.classes(found, cluster),
      images,
      this.tiles(label, arrays.cluster[cluster]),
    );
    row.dataset.row = String(cluster);
    return row;
  }

  /** Return the mean activation of a cluster for each class: a strip of colours, told in words. */
  private classes(found: Clusters, cluster: number): HTMLElement {
    const { arrays, meta } = found;
    const count = arrays.classes.length;
    const strip = likingStrip(found, cluster);
    const mean = arrays.mean.subarray(cluster * count, (cluster + 1) * count);
    const told = byMean(mean)
      .slice(0, 12)
      .map((at) => `${meta.names[arrays.classes[at]]} ${numbers.number(mean[at], 3)}`);
    const holder = make("div", "probe-byclass", strip);
    holder.title = `Mean activation by class, the largest first: ${told.join(", ")}`;
    const first = meta.names[arrays.classes[0]];
    const last = meta.names[arrays.classes[count - 1]];
    holder.append(make("small", "dt-soft", `${first} to ${last}`));
    return holder;
  }

  private tiles(label: Int32Array, cluster: number): HTMLElement {
    const members = [...label.keys()].filter((filter) => label[filter] === cluster);
    const holder = make("div", "probe-tiles");
    holder.setAttribute("role", "group");
    holder.setAttribute("aria-label", `Filters of cluster ${cluster + 1}`);
    const maps = this.maps.waiting ? null : this.maps.value;
    const shared = maps && scaleOf(...ends(maps.arrays.low, maps.arrays.high));
    for (const filter of members.slice(0, FILTERS)) {
      const tile = make("button", "", make("small", "", `${filter}`));
      if (maps && shared) {
        const { codes, low, high } = maps.arrays;
        const [, height, width] = codes.shape;
        const own = codes.subarray(filter * height * width, (filter + 1) * height * width);
        tile.prepend(mapCanvas(own, [height, width], [low[filter], high[filter]], shared));
      }
      tile.dataset.filter = String(filter);
      tile.title = `Filter ${filter}, for the image chosen above. Click to follow it over time.`;
      holder.append(tile);
    }
    if (members.length > FILTERS)
      holder.append(
        make("small", "dt-soft", `and ${numbers.integer(members.length - FILTERS)} more`),
      );
    return holder;
  }

  private reveal({ layer }: Place): void {
    const { arrays } = this.asking.value!;
    // Only when the rows have their final heights.
    if (this.wanted === null || this.waiting) return;
    if (arrays.layer[arrays.cluster_layer[this.wanted]] !== layer) return;
    this.flow.reveal();
    this.rows
      .querySelector(`[data-row="${this.wanted}"]`)
      ?.scrollIntoView({ block: "nearest", behavior: "auto" });
    this.wanted = null;
  }

  private legend(): void {
    const holder = document.getElementById(this.chart.options.legend);
    if (holder)
      colours.legend(holder, likingScale(), {
        notes: ["standard deviations from the filter's mean"],
      });
  }

  private click(event: Event): void {
    const target = event.target as Element;
    const { filter } = target.closest<HTMLElement>("[data-filter]")?.dataset ?? {};
    const picked = target.closest<HTMLElement>("[data-image]");
    if (filter !== undefined && this.answer) {
      const { layer } = this.looking.place(this.answer)!;
      selectionStore.set({ filters: [[layer, Number(filter)]] });
    } else if (picked) {
      const beside = [...picked.parentElement!.querySelectorAll<HTMLElement>("[data-image]")];
      imageDialog.open(
        Number(picked.dataset.image),
        beside.map((one) => Number(one.dataset.image)),
      );
    }
  }
}

const MISSING =
  "The log says nothing of which classes the filters like: an earlier version wrote it, or no snapshot with a probe was validated. To have clusters, record the next training with this version of deeptracker.";

registerKind("probeclusters", (chart) => new ProbeClusters(chart));
