// A canvas context that writes SVG instead of pixels: what charts draw becomes vectors. Matrices,
// which are pixels, become images in it.
//
// It knows what our charts use; coordinates are taken through the current transform at once, so
// that the elements stand in device pixels, `ratio` of them to a CSS pixel.

import { colours } from "#app/web/index.ts";

/** What is filled and stroked with: a colour or a pattern. */
type Painted = string | CanvasPattern;
/** What is drawn with, of what `save` keeps. */
type Style = Pick<
  SvgContext,
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "lineCap"
  | "lineJoin"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "globalAlpha"
>;
type State = Style & Pick<SvgContext, "matrix" | "dash" | "clipId">;
interface Pattern {
  href: string;
  width: number;
  height: number;
  id?: string;
}
type Source = HTMLCanvasElement | HTMLImageElement;

const STATE: (keyof Style)[] = [
  "fillStyle",
  "strokeStyle",
  "lineWidth",
  "lineCap",
  "lineJoin",
  "font",
  "textAlign",
  "textBaseline",
  "globalAlpha",
];
const ANCHORS = { left: "start", start: "start", center: "middle", right: "end", end: "end" };
const patterns = new WeakMap<CanvasPattern, Pattern>();
let ids = 0; // ids are unique in a document of several pictures

const ruler = document.createElement("canvas").getContext("2d")!;
const short = (number: number): string => String(Math.round(number * 100) / 100);
export const escaped = (text: string): string =>
  String(text)
    .replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");

export class SvgContext {
  /** In pixels of the screen. */
  declare readonly canvas: { width: number; height: number };
  declare readonly parts: string[];
  declare readonly defs: string[];
  declare readonly stack: State[];
  declare matrix: DOMMatrix;
  declare path: string[];
  declare dash: number[];
  declare lineDashOffset: number;
  declare clipId: string | null;
  declare fillStyle: Painted;
  declare strokeStyle: Painted;
  declare lineWidth: number;
  declare lineCap: CanvasLineCap;
  declare lineJoin: CanvasLineJoin;
  declare font: string;
  declare textAlign: CanvasTextAlign;
  declare textBaseline: CanvasTextBaseline;
  declare globalAlpha: number;
  declare imageSmoothingEnabled: boolean;

  constructor(width: number, height: number, ratio: number) {
    this.canvas = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    this.parts = [];
    this.defs = [];
    this.stack = [];
    this.matrix = new DOMMatrix([ratio, 0, 0, ratio, 0, 0]);
    this.path = [];
    this.dash = [];
    this.lineDashOffset = 0;
    this.clipId = null;
    Object.assign(this, {
      fillStyle: "#000",
      strokeStyle: "#000",
      lineWidth: 1,
      lineCap: "butt",
      lineJoin: "miter",
      font: "10px sans-serif",
      textAlign: "start",
      textBaseline: "alphabetic",
      globalAlpha: 1,
      imageSmoothingEnabled: true,
    });
  }

  save(): void {
    const state = Object.fromEntries(STATE.map((name) => [name, this[name]])) as unknown as Style;
    this.stack.push({
      ...state,
      matrix: DOMMatrix.fromMatrix(this.matrix),
      dash: this.dash,
      clipId: this.clipId,
    });
  }

  restore(): void {
    Object.assign(this, this.stack.pop() || {});
  }

  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.matrix = new DOMMatrix([a, b, c, d, e, f]);
  }
  translate(x: number, y: number): void {
    this.matrix = this.matrix.translate(x, y);
  }
  scale(x: number, y: number): void {
    this.matrix = this.matrix.scale(x, y);
  }
  rotate(angle: number): void {
    this.matrix = this.matrix.rotate((angle * 180) / Math.PI);
  }

  get zoom(): number {
    return Math.sqrt(Math.abs(this.matrix.a * this.matrix.d - this.matrix.b * this.matrix.c));
  }

  at(x: number, y: number): string {
    const { a, b, c, d, e, f } = this.matrix;
    return `${short(a * x + c * y + e)} ${short(b * x + d * y + f)}`;
  }

  beginPath(): void {
    this.path = [];
  }
  moveTo(x: number, y: number): void {
    this.path.push(`M${this.at(x, y)}`);
  }
  lineTo(x: number, y: number): void {
    this.path.push(`${this.path.length ? "L" : "M"}${this.at(x, y)}`);
  }
  closePath(): void {
    if (this.path.length) this.path.push("Z");
  }
  bezierCurveTo(a: number, b: number, c: number, d: number, x: number, y: number): void {
    this.path.push(`C${this.at(a, b)} ${this.at(c, d)} ${this.at(x, y)}`);
  }
  quadraticCurveTo(a: number, b: number, x: number, y: number): void {
    this.path.push(`Q${this.at(a, b)} ${this.at(x, y)}`);
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.path.push(this.box(x, y, width, height));
  }

  arc(x: number, y: number, radius: number, from: number, to: number, back = false): void {
    const r = short(radius * this.zoom);
    const end = Math.abs(to - from) >= 2 * Math.PI ? from + (back ? -1 : 1) * 2 * Math.PI : to;
    const turn = end - from;
    const steps = Math.max(1, Math.ceil(Math.abs(turn) / (Math.PI / 2)));
    const point = (angle: number) =>
      this.at(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    this.path.push(`${this.path.length ? "L" : "M"}${point(from)}`);
    for (let step = 1; step <= steps; step++) {
      this.path.push(`A${r} ${r} 0 0 ${turn > 0 ? 1 : 0} ${point(from + (turn * step) / steps)}`);
    }
  }

  box(x: number, y: number, width: number, height: number): string {
    return `M${this.at(x, y)}L${this.at(x + width, y)}L${this.at(x + width, y + height)}L${this.at(x, y + height)}Z`;
  }

  /** Return a colour as SVG takes it; a pattern is defined once. */
  paint(style: Painted): string {
    if (typeof style === "string") return escaped(style);
    const image = patterns.get(style);
    if (!image) return escaped(colours.theme("--dt-missing"));
    if (!image.id || !this.defs.some((text) => text.includes(`id="${image.id}"`))) {
      image.id = `dt-pattern-${ids++}`;
      this.defs.push(
        `<pattern id="${image.id}" patternUnits="userSpaceOnUse" width="${image.width}" ` +
          `height="${image.height}"><image href="${image.href}" width="${image.width}" height="${image.height}"/></pattern>`,
      );
    }
    return `url(#${image.id})`;
  }

  common(): string {
    const alpha = this.globalAlpha < 1 ? ` opacity="${this.globalAlpha}"` : "";
    return alpha + (this.clipId ? ` clip-path="url(#${this.clipId})"` : "");
  }

  fill(): void {
    if (this.path.length)
      this.parts.push(
        `<path d="${this.path.join("")}" fill="${this.paint(this.fillStyle)}"${this.common()}/>`,
      );
  }

  stroke(): void {
    if (this.path.length) this.line(this.path.join(""));
  }

  line(d: string): void {
    const zoom = this.zoom;
    const dash = this.dash.length
      ? ` stroke-dasharray="${this.dash.map((n) => short(n * zoom)).join(" ")}"`
      : "";
    this.parts.push(
      `<path d="${d}" fill="none" stroke="${this.paint(this.strokeStyle)}" ` +
        `stroke-width="${short(this.lineWidth * zoom)}" stroke-linecap="${this.lineCap}" ` +
        `stroke-linejoin="${this.lineJoin}"${dash}${this.common()}/>`,
    );
  }

  clip(): void {
    const id = `dt-clip-${ids++}`;
    const within = this.clipId ? ` clip-path="url(#${this.clipId})"` : "";
    this.defs.push(`<clipPath id="${id}"${within}><path d="${this.path.join("")}"/></clipPath>`);
    this.clipId = id;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.parts.push(
      `<path d="${this.box(x, y, width, height)}" fill="${this.paint(this.fillStyle)}"${this.common()}/>`,
    );
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.line(this.box(x, y, width, height));
  }
  clearRect(): void {
    /* A picture begins empty, and charts clear all of it only. */
  }
  setLineDash(dash: readonly number[]): void {
    this.dash = [...dash];
  }
  getLineDash(): number[] {
    return [...this.dash];
  }

  measureText(text: string): TextMetrics {
    ruler.font = this.font;
    return ruler.measureText(text);
  }

  fillText(text: string, x: number, y: number): void {
    const size = this.measureText("x");
    const up =
      (
        {
          top: size.fontBoundingBoxAscent * 0.86,
          hanging: size.fontBoundingBoxAscent * 0.86,
          middle: (size.fontBoundingBoxAscent - size.fontBoundingBoxDescent) / 2,
          bottom: -size.fontBoundingBoxDescent,
          ideographic: -size.fontBoundingBoxDescent,
        } as Partial<Record<CanvasTextBaseline, number>>
      )[this.textBaseline] || 0;
    const { a, b, c, d, e, f } = this.matrix;
    const words =
      `<text transform="matrix(${[a, b, c, d, e, f].map(short).join(" ")})" x="${short(x)}" ` +
      `y="${short(y + up)}" text-anchor="${ANCHORS[this.textAlign]}" style="font:${escaped(this.font)}" ` +
      `fill="${this.paint(this.fillStyle)}">${escaped(text)}</text>`;
    // Not on the text itself: a clip would move with its transform.
    this.parts.push(this.common() ? `<g${this.common()}>${words}</g>` : words);
  }

  createImageData(width: number, height: number): ImageData {
    return ruler.createImageData(width, height);
  }

  putImageData(image: ImageData, x: number, y: number): void {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d")!.putImageData(image, 0, 0);
    this.image(canvas.toDataURL("image/png"), short(x), short(y), image.width, image.height);
  }

  drawImage(source: Source, ...place: number[]): void {
    const [sx, sy, sw, sh, x, y, width, height] =
      place.length === 8
        ? place
        : [
            0,
            0,
            source.width,
            source.height,
            place[0],
            place[1],
            place[2] ?? source.width,
            place[3] ?? source.height,
          ];
    const [left, top] = this.at(x, y).split(" ");
    const { a, d } = this.matrix;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.max(1, Math.round(sw)), Math.max(1, Math.round(sh))];
    canvas.getContext("2d")!.drawImage(source, sx, sy, sw, sh, 0, 0, canvas.width, canvas.height);
    this.image(canvas.toDataURL("image/png"), left, top, width * a, height * d);
  }

  image(href: string, x: string, y: string, width: number, height: number): void {
    const rendering = this.imageSmoothingEnabled ? "" : ' style="image-rendering:pixelated"';
    this.parts.push(
      `<image href="${href}" x="${x}" y="${y}" width="${short(width)}" height="${short(height)}" ` +
        `preserveAspectRatio="none"${rendering}${this.common()}/>`,
    );
  }

  createPattern(source: HTMLCanvasElement, repeat: string): CanvasPattern {
    const pattern = ruler.createPattern(source, repeat)!;
    patterns.set(pattern, {
      href: source.toDataURL("image/png"),
      width: source.width,
      height: source.height,
    });
    return pattern;
  }

  /** Return the SVG elements of all that was drawn. */
  markup(): string {
    return `<defs>${this.defs.join("")}</defs>${this.parts.join("")}`;
  }
}
