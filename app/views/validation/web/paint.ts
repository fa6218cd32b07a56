// The cells of the rows in sight, and their triangles, on the canvas of the validation rows.

import {
  colours,
  type DrawingContext,
  mapvalues,
  predictions,
  raster,
  type Scale,
  type Selection,
} from "#app/web/index.ts";
import { sizeOf } from "./rowanomalies.ts";
import type { ValidationRows } from "./rows.ts";
import * as triangleMarks from "./triangles.ts";
import type { Block, OpenedBlock } from "./types.ts";

const MARKED = ["overall", "cluster", "class"]; // rows that have triangles
const LEAST_MARKED = 4; // px, the least height of a row that has room for them
const LEAST_PARTED = 7; // px, of one that is parted from the next by a hairline

const MARKED_VALUE = -1; // of an image without a prediction, which is wrong

/** Return what is drawn of an image of a class: 1 right, 0 wrong, NaN not validated, or marked. */
export function drawn(taken: number, classId: number): number {
  return taken === predictions.NO_PREDICTION ? MARKED_VALUE : predictions.rightness(taken, classId);
}

/** Return whether any image that is open has no prediction somewhere. */
function someMarked(view: ValidationRows): boolean {
  return view.blocks.some(
    (block) => block.kind === "image" && block.opened.partner.includes(predictions.NO_PREDICTION),
  );
}

/** Return the scale of counts of images; none of them leaves the ground as it is. */
function partnerScale(block: OpenedBlock<"partner">): Scale {
  const high = Math.max(1, block.opened.images.length);
  const scale = colours.scale({ palette: "magnitude", low: 0, high });
  const steps = Uint32Array.from(scale.colours);
  steps[0] = colours.packed("--dt-empty");
  return {
    ...scale,
    colours: steps,
    index: (value: number) => (value === 0 ? 0 : Math.max(value > 0 ? 1 : -1, scale.index(value))),
  };
}

/** Part rows that are high enough by a hairline. */
function part(
  pixels: Uint32Array,
  wide: number,
  high: number,
  ratio: number,
  view: ValidationRows,
  block: Block,
  colour: number,
): void {
  if (block.rowHeight < LEAST_PARTED) return;
  for (let at = 1; at < block.order.length; at++) {
    const y = Math.round((block.top + at * block.rowHeight - view.offset) * ratio) - 1;
    if (y >= 0 && y < high) pixels.fill(colour, y * wide, (y + 1) * wide);
  }
}

/** Paint the cells of every row in sight. */
export function cells(
  context: DrawingContext,
  ratio: number,
  view: ValidationRows,
  selection: Selection,
): void {
  const { left, width, height } = view.place;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  const image = context.createImageData(wide, high);
  const pixels = new Uint32Array(image.data.buffer);
  const packed = colours.packed;
  const accuracy = colours.scale({ palette: selection.palette, low: 0, high: 1 });
  const images: Scale = {
    ...accuracy,
    index: (value) => (value === MARKED_VALUE ? -2 : accuracy.index(value)),
  };
  const ground = packed("--dt-ground");
  pixels.fill(ground);
  for (const block of view.blocks) {
    const end = block.top + block.order.length * block.rowHeight;
    const from = Math.max(0, Math.round((block.top - view.offset) * ratio));
    const to = Math.min(high, Math.round((end - view.offset) * ratio));
    if (to <= from) continue;
    const place = (pixel: number) => (pixel / ratio + view.offset - block.top) / block.rowHeight;
    const partner = block.kind === "partner";
    const scale = partner ? partnerScale(block) : block.kind === "image" ? images : accuracy;
    raster.paint(pixels.subarray(from * wide, to * wide), wide, to - from, {
      matrix: {
        data: block.matrix.data,
        width: block.matrix.width,
        columnOf: block.matrix.columnOf,
      },
      order: block.order,
      rows: [place(from), place(to)],
      view: view.chart.axis.view(),
      columns: Math.min(
        view.chart.axis.columns,
        block.matrix.columnOf?.length ?? block.matrix.width,
      ),
      extreme: partner ? "max" : "min",
      scale,
      empty: packed("--dt-empty"),
      missing: [packed("--dt-missing-line"), packed("--dt-missing")],
      marked: [packed("--dt-marked-line"), accuracy.colours[0]],
    });
    part(pixels, wide, high, ratio, view, block, ground);
  }
  context.putImageData(image, Math.round(left * ratio), 0);
}

/** Draw the triangles of anomalous cells, and say on the element how many there are. */
export function triangles(context: DrawingContext, view: ValidationRows): void {
  const { left, width, height } = view.place;
  const { axis, element } = view.chart;
  let drawn = 0;
  context.save();
  context.beginPath();
  context.rect(left, 0, width, height);
  context.clip();
  for (const block of view.blocks) {
    if (!MARKED.includes(block.kind) || block.rowHeight < LEAST_MARKED || !view.anomalous) continue;
    const first = Math.max(0, Math.floor((view.offset - block.top) / block.rowHeight));
    const last = Math.min(
      block.order.length,
      Math.ceil((view.offset + height - block.top) / block.rowHeight),
    );
    for (let at = first; at < last; at++) {
      const cells = view.cellsOf(block, block.order[at]);
      if (!cells?.length) continue;
      drawn += triangleMarks.draw(context, cells, {
        top: block.top + at * block.rowHeight - view.offset,
        height: block.rowHeight,
        size: sizeOf(view.model, block, block.order[at]),
        left,
        width,
        xOf: (column) => axis.x(column + 0.5, width),
      });
    }
  }
  context.restore();
  element.dataset.triangles = drawn as unknown as string; // the page makes it text
  element.dataset.groups = view.model.groups ? "drawn" : "";
  element.dataset.anomalies = view.model.anomalies
    ? `${view.model.anomalies.meta.k} ${view.model.anomalies.meta.m}`
    : "";
}

export function legend(view: ValidationRows, selection: Selection): void {
  const holder = document.getElementById(view.chart.options.legend);
  if (!holder) return;
  const scale = colours.scale({ palette: selection.palette, low: 0, high: 1 });
  colours.legend(holder, scale, {
    words: ["100 %", "0 %"],
    missing: view.model.sizes.includes(0) || mapvalues.looked(view.model.overall.data)[0],
    marked: someMarked(view) ? "no prediction" : "",
  });
}
