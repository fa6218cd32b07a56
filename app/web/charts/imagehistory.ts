// What became of one image over the snapshots: the probability of its class, and right or wrong.

import { sizeCanvas } from "../base/canvas.ts";
import * as colours from "../base/colours.ts";
import * as predictions from "../base/predictions.ts";

/** Of an image at T snapshots; probabilities are those of its true class, NaN where not given. */
export interface History {
  iteration: Int32Array<ArrayBuffer>;
  prediction: Int32Array<ArrayBuffer>;
  probability: Float32Array<ArrayBuffer>;
}
/** Snapshots of one prediction, both ends included; the mean of the probabilities that are known. */
export interface Stretch {
  from: number;
  to: number;
  taken: number;
  probability: number;
}

const HIGH = 72;
const BAND = 14;

/** Return the stretches of an image, in time. */
export function stretches({ prediction, probability }: Omit<History, "iteration">): Stretch[] {
  const found: Stretch[] = [];
  prediction.forEach((taken, at) => {
    const last = found.at(-1);
    if (last && last.taken === taken) last.to = at;
    else found.push({ from: at, to: at, taken, probability: NaN });
  });
  for (const one of found) {
    const known = probability.subarray(one.from, one.to + 1).filter((value) => value === value);
    if (known.length) one.probability = known.reduce((sum, value) => sum + value, 0) / known.length;
  }
  return found;
}

/** Draw the probabilities over a band of right and wrong, with a line at a snapshot. */
export function drawHistory(
  canvas: HTMLCanvasElement,
  width: number,
  { prediction, probability }: History,
  classId: number,
  at: number,
): void {
  const { context } = sizeCanvas(canvas, width, HIGH + BAND);
  const { theme } = colours;
  const count = prediction.length;
  const step = width / Math.max(1, count);
  context.fillStyle = theme("--dt-empty");
  context.fillRect(0, 0, width, HIGH);
  prediction.forEach((taken, column) => {
    const right = predictions.rightness(taken, classId);
    context.fillStyle = theme(
      right === 1 ? "--dt-learned" : right === 0 ? "--dt-forgotten" : "--dt-missing",
    );
    // Wrong is lower, too: colour is not the only sign.
    const high = right === 1 ? BAND - 2 : (BAND - 2) / 2;
    context.fillRect(column * step, HIGH + 2 + (BAND - 2 - high), Math.max(1, step), high);
  });
  context.strokeStyle = theme("--dt-blue");
  context.lineWidth = 1.5;
  context.beginPath();
  let drawing = false;
  probability.forEach((value, column) => {
    if (Number.isNaN(value)) {
      drawing = false;
      return;
    }
    const [x, y] = [(column + 0.5) * step, (1 - value) * (HIGH - 4) + 2];
    if (drawing) context.lineTo(x, y);
    else context.moveTo(x, y);
    drawing = true;
  });
  context.stroke();
  if (at < 0) return;
  context.fillStyle = theme("--dt-cursor");
  context.fillRect((at + 0.5) * step - 0.5, 0, 1, HIGH + BAND);
}
