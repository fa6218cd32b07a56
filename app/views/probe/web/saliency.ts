// What in the chosen image spoke for a class at the probe nearest to the cursor: a map over the
// picture. Options: url (probes), base, legend (id of what explains the colours).

import {
  type Answer,
  addressOf,
  type Chart,
  type ChartKinds,
  colours,
  type Matrix,
  make,
  numbers,
  pictures,
  registerKind,
  type Sheet,
  selectionStore,
} from "#app/web/index.ts";
import {
  type Bytes,
  type Floats,
  type Integers,
  type Place,
  ProbeHandler,
  type ProbesAnswer,
  reason,
} from "./answer.ts";
import { ends } from "./model.ts";
import { paintOverlay } from "./overlay.ts";
import { scaleOf } from "./paint.ts";

interface SaliencyArrays {
  /** [m, 2] of m methods: of the predicted and of the true class. */
  low: Matrix<Floats>;
  high: Matrix<Floats>;
  height: Integers;
  width: Integers;
  /** [2, height, width] of each method, one after the other. */
  codes: Bytes;
}
type Saliency = Answer<{ methods: string[]; details: string[] }, SaliencyArrays>;

const TITLES: Record<string, string> = {
  "grad-cam": "Grad-CAM",
  "integrated-gradients": "Integrated gradients",
};
const MEANING =
  "Where the score of the class reacts to the image at this iteration, in units of the score. It says nothing of whether the prediction is right, and a pale part may matter together with others.";

class ProbeSaliency extends ProbeHandler<Saliency, Chart<ChartKinds["probesaliency"]>> {
  private readonly facts = make("p", "probe-facts");
  private readonly canvas = make("canvas", "probe-overlay");
  /** The contact sheet of the image's class, null without one; of which class it is. */
  private sheet: Sheet | null = null;
  private sheetOf = -1;
  private sheetComes = false;

  constructor(chart: Chart<ChartKinds["probesaliency"]>) {
    super(chart);
    this.facts.title = MEANING;
    this.canvas.setAttribute("role", "img");
    chart.element.append(this.facts, this.canvas);
  }

  override get waiting(): boolean {
    return super.waiting || this.sheetComes;
  }

  draw(): string {
    if (!this.answer) return "";
    const why = reason(this.answer) || missing(this.answer);
    this.facts.hidden = this.canvas.hidden = Boolean(why);
    if (why) return why;
    const place = this.looking.place(this.answer)!;
    this.ask(this.answer, place);
    if (!this.asking.value || this.waiting) return "";
    const { methods } = this.asking.value.meta;
    if (!methods.length) {
      this.facts.hidden = this.canvas.hidden = true;
      return `The probe at ${numbers.integer(place.at)} has no saliency: it failed there, or would have taken too much of the training's time. The overview lists what the Recorder said of it.`;
    }
    const wanted = methods.indexOf(selectionStore.get().probemethod);
    this.paint(this.answer, this.asking.value, place, Math.max(wanted, 0));
    return "";
  }

  private ask({ arrays }: ProbesAnswer, { image, at }: Place): void {
    const { base } = this.chart.options;
    this.asking.ask(addressOf(`${base}/probe-saliency?image=${image}&at=${at}`));
    const place = arrays.image.indexOf(image);
    const [own, count] = [arrays.class[place], arrays.images[place]];
    if (own === this.sheetOf) return;
    this.sheetOf = own;
    this.sheetComes = true;
    pictures.sheetOf(base, own, count).then((sheet) => {
      if (own !== this.sheetOf) return;
      this.sheet = sheet;
      this.sheetComes = false;
      this.chart.invalidate();
    });
  }

  private paint(probes: ProbesAnswer, found: Saliency, place: Place, method: number): void {
    const { probetarget, probeopacity } = selectionStore.get();
    const { arrays } = found;
    const which = probetarget === "true" ? 1 : 0;
    const size = [arrays.height[method], arrays.width[method]] as const;
    const pixels = size[0] * size[1];
    let start = which * pixels;
    for (let at = 0; at < method; at++) start += 2 * arrays.height[at] * arrays.width[at];
    const cells = [2 * method, 2 * method + 1];
    // One scale for both classes, so that they can be compared.
    const scale = scaleOf(
      ...ends(
        cells.map((cell) => arrays.low[cell]),
        cells.map((cell) => arrays.high[cell]),
      ),
    );
    const at = probes.arrays.image.indexOf(place.image);
    paintOverlay(this.canvas, {
      sheet: this.sheet,
      position: probes.arrays.position[at],
      codes: arrays.codes.subarray(start, start + pixels),
      size,
      ends: [arrays.low[cells[which]], arrays.high[cells[which]]],
      scale,
      opacity: Math.min(Math.max(probeopacity, 0), 100) / 100,
    });
    this.tell(probes, found, place, method);
    const holder = document.getElementById(this.chart.options.legend);
    const none = cells.every((cell) => Number.isNaN(arrays.low[cell]));
    if (holder && none) holder.replaceChildren();
    else if (holder)
      colours.legend(holder, scale, { notes: [scale.low < 0 ? "against" : "", "for"] });
  }

  private tell(probes: ProbesAnswer, found: Saliency, place: Place, method: number): void {
    const { names } = probes.meta;
    const at = probes.arrays.image.indexOf(place.image);
    const own = probes.arrays.class[at];
    const predicted = probes.arrays.prediction[place.probe * probes.arrays.image.length + at];
    const name = found.meta.methods[method];
    const size = `${found.arrays.height[method]} × ${found.arrays.width[method]}`;
    const said = spoke(names, own, predicted, selectionStore.get().probetarget === "true");
    this.facts.replaceChildren(
      make("b", "", `${TITLES[name] ?? name} at ${numbers.integer(place.at)}`),
      `: ${said} `,
      make("span", "dt-soft", `${size}, ${found.meta.details[method]}.`),
    );
    this.canvas.setAttribute("aria-label", `${TITLES[name] ?? name}: ${said}`);
  }
}

/** Return how to have saliency where a run with probes has none; "" where it has. */
function missing({ meta }: ProbesAnswer): string {
  if (meta.saliency.length) return "";
  return `This run has no saliency. To have it, record the next training with Recorder(model, optimizer, run_dir, validation=validation_set, probes=8, probe_saliency="grad-cam", thumbnails=True).`;
}

function spoke(names: readonly string[], own: number, predicted: number, truth: boolean): string {
  if (predicted < 0 && !truth) return "the image has no prediction.";
  if (predicted === own) return `what spoke for ${names[own]}, as which it is predicted, rightly.`;
  return truth
    ? `what spoke for ${names[own]}, its true class; it is predicted as ${names[predicted] ?? "none"}.`
    : `what spoke for ${names[predicted]}, as which it is predicted; it is of ${names[own]}.`;
}

registerKind("probesaliency", (chart) => new ProbeSaliency(chart));
