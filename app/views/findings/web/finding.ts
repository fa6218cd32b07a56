// The small chart of a finding: its evidence as one line, when it held as a band, its threshold.
//
// Options: title, iterations [n], values [n] (null: no number), limit, log, start, end
// (iterations; none: to the last one), label (aria).

import {
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  type Handler,
  numbers,
  registerKind,
  sizeCanvas,
  tooltip,
} from "#app/web/index.ts";

const HEIGHT = 84;
const LEFT = 58; // room for the ends of the scale
const BOTTOM = 15; // and for the first and last iteration
const PAD = 4;
const FONT = "11px system-ui, sans-serif";

export type FindingOptions = ChartKinds["finding"];
export interface Scale {
  low: number;
  high: number;
  y(value: number): number;
}

export class FindingChart<Options extends FindingOptions = FindingOptions> implements Handler {
  declare readonly chart: Chart<Options>;
  declare readonly canvas: HTMLCanvasElement;
  declare private readonly move: (event: PointerEvent) => void;
  declare private readonly leave: () => void;
  /** From iterations to pixels of the chart; none before the first drawing. */
  declare protected x?: (iteration: number) => number;

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    this.canvas.setAttribute("aria-hidden", "true");
    chart.element.setAttribute("role", "img");
    chart.element.setAttribute("aria-label", chart.options.label);
    chart.element.append(this.canvas);
    this.move = (event) => this.hover(event);
    this.leave = () => tooltip.hide();
    this.canvas.addEventListener("pointermove", this.move);
    this.canvas.addEventListener("pointerleave", this.leave);
  }

  /** Return {y(value), low, high}; null where there is no number to draw. */
  scale(height: number): Scale | null {
    const { values, limit = null, log } = this.chart.options;
    const usable = [...values, limit, ...this.edges()].filter(
      (value): value is number => value !== null && (!log || value > 0),
    );
    if (!values.some((value) => value !== null && (!log || value > 0))) return null;
    let [low, high] = [Math.min(...usable), Math.max(...usable)];
    if (!log) low = Math.min(0, low);
    if (low === high) [low, high] = log ? [low / 2, high * 2] : [low, low + (Math.abs(low) || 1)];
    const to = log ? Math.log10 : (value: number) => value;
    const span = to(high) - to(low);
    return {
      low,
      high,
      y: (value: number) => PAD + (height - 2 * PAD) * (1 - (to(value) - to(low)) / span),
    };
  }

  /** Return what else has to fit into the picture. */
  edges(): readonly (number | null)[] {
    return [];
  }

  /** Draw what lies behind the line. */
  behind(_context: DrawingContext, _scale: Scale): void {}

  draw(given: number): string {
    const width = given || this.chart.element.clientWidth;
    const { options } = this.chart;
    if (!width) return "";
    const { theme } = colours;
    const { context } = sizeCanvas(this.canvas, width, HEIGHT);
    const [plot, height] = [width - LEFT - 4, HEIGHT - BOTTOM];
    const first = options.iterations[0];
    const span = Math.max(1, options.iterations.at(-1)! - first);
    this.x = (iteration: number) => LEFT + (plot * (iteration - first)) / span;
    context.fillStyle = theme("--dt-panel");
    context.fillRect(LEFT, 0, plot, height);
    this.band(context, height);
    const scale = this.scale(height);
    if (scale) {
      this.behind(context, scale);
      this.line(context, scale, plot);
    }
    this.words(context, scale, width, height);
    return "";
  }

  band(context: DrawingContext, height: number): void {
    const { start, end, iterations } = this.chart.options;
    const from = this.x!(start);
    const to = this.x!(end ?? iterations.at(-1)!);
    context.fillStyle = colours.theme("--finding-band");
    context.fillRect(from - 1, 0, Math.max(3, to - from + 2), height);
  }

  line(context: DrawingContext, scale: Scale, plot: number): void {
    const { iterations, values, limit = null, log } = this.chart.options;
    const { theme } = colours;
    if (limit !== null) {
      context.strokeStyle = theme("--dt-alarm");
      context.setLineDash([4, 3]);
      context.beginPath();
      context.moveTo(LEFT, scale.y(limit));
      context.lineTo(LEFT + plot, scale.y(limit));
      context.stroke();
      context.setLineDash([]);
    }
    context.strokeStyle = context.fillStyle = theme("--dt-blue");
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.beginPath();
    let open = false;
    values.forEach((value, at) => {
      const drawn = value !== null && (!log || value > 0);
      if (drawn && open) context.lineTo(this.x!(iterations[at]), scale.y(value));
      else if (drawn) context.moveTo(this.x!(iterations[at]), scale.y(value));
      open = drawn;
    });
    context.stroke();
    // A value between two gaps is no line.
    values.forEach((value, at) => {
      if (value === null || (log && value <= 0)) return;
      if (
        values.length < 12 ||
        ((values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null)
      ) {
        context.beginPath();
        context.arc(this.x!(iterations[at]), scale.y(value), 2, 0, 7);
        context.fill();
      }
    });
  }

  words(context: DrawingContext, scale: Scale | null, width: number, height: number): void {
    const { iterations, log } = this.chart.options;
    const { number, short } = numbers;
    context.font = FONT;
    context.fillStyle = colours.theme("--dt-text-soft");
    context.textAlign = "right";
    context.textBaseline = "top";
    context.fillText(scale ? number(scale.high, 3) : "", LEFT - 5, 0);
    context.textBaseline = "bottom";
    context.fillText(scale ? number(scale.low, 3) : "", LEFT - 5, height);
    if (log && scale) {
      context.textBaseline = "middle";
      context.fillText("log", LEFT - 5, height / 2);
    }
    context.textBaseline = "bottom";
    context.textAlign = "left";
    context.fillText(short(iterations[0]), LEFT, HEIGHT);
    context.textAlign = "right";
    context.fillText(short(iterations.at(-1)!), width - 4, HEIGHT);
    if (scale) return;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("no value is a number", (LEFT + width) / 2, height / 2);
  }

  hover(event: PointerEvent): void {
    const { iterations } = this.chart.options;
    if (!this.x) return;
    const at = event.clientX - this.canvas.getBoundingClientRect().left;
    let best = 0;
    iterations.forEach((iteration, index) => {
      if (Math.abs(this.x!(iteration) - at) < Math.abs(this.x!(iterations[best]) - at))
        best = index;
    });
    const title = `Iteration ${numbers.integer(iterations[best])}`;
    tooltip.show(event.clientX, event.clientY, title, this.told(best));
  }

  /** Return what is said of a place under the pointer. */
  told(at: number): [string, string][] {
    const { title, values } = this.chart.options;
    return [[title, values[at] === null ? "NaN" : numbers.number(values[at])]];
  }

  destroy(): void {
    tooltip.hide();
  }
}

registerKind("finding", (chart) => new FindingChart(chart));
