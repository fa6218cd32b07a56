// What the validation rows show, made of what the routes answer: shares of right images, and counts.

import { mapvalues } from "#app/web/index.ts";
import { drawn } from "./paint.ts";
import {
  type Block,
  columnIn,
  type ErrorAnswer,
  type GroupArrays,
  type ImageArrays,
  type Model,
  type Opened,
  type Values,
} from "./types.ts";

type Known = Omit<Model, "groups" | "means" | "anomalies" | "opened">;

/** Return what is known of the run once the errors of its classes have come. */
export function known({ arrays, meta }: Pick<ErrorAnswer, "arrays" | "meta">): Known {
  const [rows, width] = arrays.wrong.shape;
  const columns = arrays.iteration.length;
  const images = arrays.images.reduce((sum, size) => sum + size, 0);
  const data = mapvalues.derive(arrays.wrong, width, arrays.images, true);
  return {
    names: meta.names,
    sizes: arrays.images,
    images,
    columns,
    pooled: meta.pooled ?? 1,
    withoutPrediction: arrays.no_prediction,
    noneAtAll: arrays.none_at_all,
    accuracy: { data, width, rows, columnOf: arrays.column },
    overall: {
      data: Float32Array.from(rightOf(arrays), (n) => (images ? n / images : NaN)),
      width: columns,
      rows: 1,
    },
  };
}

/** Return how many images are right at each snapshot; NaN where a class was not validated. */
function rightOf({ wrong, images, right }: ErrorAnswer["arrays"]): Float64Array {
  if (right) return Float64Array.from(right, (n) => (n < 0 ? NaN : n));
  const [classes, width] = wrong.shape;
  const found = new Float64Array(width);
  for (let id = 0; id < classes; id++) {
    const size = images[id];
    if (!size) continue;
    for (let column = 0, at = id * width; column < width; column++, at++)
      found[column] += wrong[at] < 0 ? NaN : size - wrong[at]; // below 0: not validated
  }
  return found;
}

/** Return the shares of right images of clusters. */
export function meansOf({ mean }: Pick<GroupArrays, "mean">): Values {
  const [rows, width] = mean.shape;
  return { data: mean.map((error) => 1 - error), width, rows };
}

/** Return the images of a class as they are drawn, and what they are taken for. */
export function openedOf(arrays: ImageArrays, id: number): Opened {
  const [rows, width] = arrays.prediction.shape;
  const partners = arrays.partner.length;
  return {
    ...arrays,
    correct: {
      data: Float32Array.from(arrays.prediction, (taken) => drawn(taken, id)),
      width,
      rows,
    },
    partners: {
      data: Float32Array.from(arrays.partner_count, (count) => (count < 0 ? NaN : count)),
      width,
      rows: partners,
    },
    partnerOrder: Int32Array.from({ length: Math.min(4, partners) }, (_, at) => at),
  };
}

/** Return how many images of a class, a cluster or the set have no prediction at a snapshot. */
export function withoutPrediction(
  { withoutPrediction: counts, noneAtAll, accuracy, names, groups }: Model,
  { kind }: Pick<Block, "kind">,
  row: number,
  column: number,
): number {
  if (kind === "overall" && accuracy.columnOf) return noneAtAll?.[column] ?? 0;
  const own = columnIn(accuracy, column);
  // Of many classes only what one snapshot says can be added up.
  if (!counts || own < 0 || (accuracy.columnOf && kind !== "class")) return 0;
  const at = (id: number) => counts[id * accuracy.width + own];
  if (kind === "class") return at(row);
  const label = kind === "cluster" ? groups!.arrays.label : null;
  return names.reduce((sum, _, id) => sum + (!label || label[id] === row ? at(id) : 0), 0);
}
