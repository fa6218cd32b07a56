// The picture of a panel: its title and legend, the time axis, its charts, as one SVG or PNG.
//
// Charts draw themselves again into an SvgContext, so that curves, axes and words are vectors; what
// is elements on the page (names of rows, legends, marks) is read from the page as it stands.

import { chartRegistry, colours, drawnInto, type Surface } from "#app/web/index.ts";
import { escaped, SvgContext } from "./svgcontext.ts";

const PAD = 12;
const SCALE = 2; // pixels of a PNG to a CSS pixel
const SKIPPED =
  "button.dt-download, .dt-tooltip, .dt-rowname, input, script, style, [hidden], .visually-hidden";
const DASHES: Record<string, number> = { dashed: 3, dotted: 1 }; // in widths of the line
const clear = (colour: string): boolean =>
  !colour || colour === "transparent" || /,\s*0\)$|\/\s*0\)$/.test(colour);
const ruler = document.createElement("canvas").getContext("2d")!;

type Recorded = Map<HTMLCanvasElement, SvgContext>;
/** A place on the screen. */
type Place = Pick<DOMRect, "left" | "top" | "width" | "height">;
type Side = "Top" | "Bottom" | "Left" | "Right";
type Corner = Pick<Place, "left" | "top">;
/** A picture as SVG, and its size (CSS pixels). */
interface Made {
  svg: string;
  width: number;
  height: number;
}

/** Return a text as the page shows it: where its element is too narrow, it ends in an ellipsis. */
function fitted(text: string, { clientWidth, scrollWidth }: HTMLElement): string {
  if (scrollWidth <= clientWidth) return text;
  let kept = text.trimEnd();
  while (kept && ruler.measureText(`${kept}…`).width > clientWidth) kept = kept.slice(0, -1);
  return `${kept}…`;
}

/** Draw a chart once more, into vectors; return canvas -> SvgContext. */
function recorded(chart: ReturnType<typeof chartRegistry.of>): Recorded {
  const made: Recorded = new Map();
  const ratio = window.devicePixelRatio || 1;
  const make = (canvas: HTMLCanvasElement, width: number, height: number): Surface => {
    const context = new SvgContext(width, height, ratio);
    made.set(canvas, context);
    // It knows what our charts use of a context.
    return { context: context as unknown as Surface["context"], ratio };
  };
  drawnInto(make, () => chart?.handler.draw(chart.width));
  return made;
}

class Picture {
  /** Where on the screen the picture's corner lies. */
  declare readonly origin: Corner;
  declare readonly parts: string[];
  declare readonly canvases: Recorded;
  /** How many clips there are. */
  declare clips: number;

  constructor(origin: Corner) {
    this.origin = origin;
    this.parts = [];
    this.canvases = new Map();
    this.clips = 0;
  }

  chart(element: HTMLElement): void {
    const chart = chartRegistry.of(element);
    for (const [canvas, context] of recorded(chart)) this.canvases.set(canvas, context);
    this.node(element);
  }

  box(rectangle: Place): string {
    const left = rectangle.left - this.origin.left;
    const top = rectangle.top - this.origin.top;
    return `x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${rectangle.width.toFixed(1)}" height="${rectangle.height.toFixed(1)}"`;
  }

  node(node: Node): void {
    if (node.nodeType === Node.TEXT_NODE) {
      if ((node as Text).data.trim()) this.text(node as Text);
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || (node as Element).matches(SKIPPED)) return;
    const style = getComputedStyle(node as Element);
    if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
    if (!(node as Element).checkVisibility()) return; // in a closed <details>
    const place = (node as Element).getBoundingClientRect();
    this.frame(node as Element, style, place);
    if (node instanceof HTMLCanvasElement) {
      this.canvas(node, place);
      return;
    }
    if (node instanceof HTMLImageElement) {
      this.image(node, place);
      return;
    }
    if (node instanceof SVGElement) return;
    const clipped = style.overflowX !== "visible" && place.width && place.height;
    if (clipped) {
      const id = `dt-part-${this.clips++}`;
      this.parts.push(
        `<clipPath id="${id}"><rect ${this.box(place)}/></clipPath><g clip-path="url(#${id})">`,
      );
    }
    node.childNodes.forEach((child) => this.node(child));
    if (clipped) this.parts.push("</g>");
  }

  /** Background and borders; what marks have after them: a line in the middle, or a frame. */
  frame(node: Element, style: CSSStyleDeclaration, place: Place): void {
    if (!place.width || !place.height) return;
    const fill = clear(style.backgroundColor) ? null : style.backgroundColor;
    if (fill)
      this.parts.push(
        `<rect ${this.box(place)} rx="${parseFloat(style.borderTopLeftRadius) || 0}" fill="${fill}"/>`,
      );
    this.borders(style, place);
    const after = getComputedStyle(node, "::after");
    const [x, y] = [place.left + place.width / 2, place.top + place.height / 2];
    if (node.matches(".dt-cursor, .dt-pin")) {
      const at = x - this.origin.left;
      const top = place.top - this.origin.top;
      this.parts.push(
        `<line x1="${at}" y1="${top}" x2="${at}" y2="${top + place.height}" stroke="${after.backgroundColor}" stroke-width="1.5"/>`,
      );
    } else if (after.content !== "none" && after.position === "absolute") {
      const [width, height] = [parseFloat(after.width), parseFloat(after.height)];
      this.borders(after, { left: x - width / 2, top: y - height / 2, width, height });
    }
  }

  borders(style: CSSStyleDeclaration, place: Place): void {
    const [left, top] = [place.left - this.origin.left, place.top - this.origin.top];
    const [right, bottom] = [left + place.width, top + place.height];
    const ends: Record<Side, [number, number, number, number]> = {
      Top: [left, top, right, top],
      Bottom: [left, bottom, right, bottom],
      Left: [left, top, left, bottom],
      Right: [right, top, right, bottom],
    };
    for (const [side, [x1, y1, x2, y2]] of Object.entries(ends) as [Side, (typeof ends)[Side]][]) {
      const wide = parseFloat(style[`border${side}Width`]);
      const colour = style[`border${side}Color`];
      const kind = style[`border${side}Style`];
      if (!wide || kind === "none" || clear(colour)) continue;
      const dash = DASHES[kind] ? ` stroke-dasharray="${DASHES[kind] * wide} ${2 * wide}"` : "";
      this.parts.push(
        `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="${wide}"${dash}/>`,
      );
    }
  }

  canvas(canvas: HTMLCanvasElement, place: Place): void {
    const context = this.canvases.get(canvas);
    if (!place.width || !place.height) return;
    if (!context) {
      if (canvas.width)
        this.parts.push(
          `<image ${this.box(place)} preserveAspectRatio="none" href="${canvas.toDataURL("image/png")}"/>`,
        );
      return;
    }
    const { width, height } = context.canvas;
    this.parts.push(
      `<svg ${this.box(place)} viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">${context.markup()}</svg>`,
    );
  }

  image(image: HTMLImageElement, place: Place): void {
    if (!image.complete || !image.naturalWidth || !place.width) return;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext("2d")!.drawImage(image, 0, 0);
    this.parts.push(`<image ${this.box(place)} href="${canvas.toDataURL("image/png")}"/>`);
  }

  /** Words that run up beside what they name. */
  upright(node: Text, style: CSSStyleDeclaration): void {
    const { left, top, width, height } = node.parentElement!.getBoundingClientRect();
    const turned = style.transform.startsWith("matrix(-1");
    const [x, y] = [left + width / 2 - this.origin.left, top + height / 2 - this.origin.top];
    this.parts.push(
      `<text transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${turned ? -90 : 90})" text-anchor="middle" ` +
        `dominant-baseline="central" fill="${style.color}" style="font:${style.fontWeight} ${style.fontSize} ` +
        `${escaped(style.fontFamily)}">${escaped(node.data.trim())}</text>`,
    );
  }

  /** Words as they are broken into lines on the page. */
  text(node: Text): void {
    const style = getComputedStyle(node.parentElement!);
    if (style.writingMode.startsWith("vertical")) {
      this.upright(node, style);
      return;
    }
    const range = document.createRange();
    const lines: { place: DOMRect; text: string }[] = [];
    for (const word of node.data.matchAll(/\S+\s*/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].trimEnd().length);
      const place = range.getBoundingClientRect();
      if (!place.width) continue;
      const last = lines.at(-1);
      if (last && Math.abs(last.place.top - place.top) < 2) last.text += word[0];
      else lines.push({ place, text: word[0] });
    }
    const font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    ruler.font = font;
    if (style.textOverflow === "ellipsis" && lines.length === 1)
      lines[0].text = fitted(lines[0].text, node.parentElement!);
    const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ruler.measureText("x");
    for (const { place, text } of lines) {
      const x = place.left - this.origin.left;
      const y = place.top - this.origin.top + (place.height - up - down) / 2 + up;
      this.parts.push(
        `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${style.color}" ` +
          `style="font:${escaped(font)}">${escaped(text.trimEnd())}</text>`,
      );
    }
  }
}

/** Return the time axis that the charts of a panel share; none for those that have none. */
function axisOf(charts: HTMLElement[]): HTMLElement | undefined {
  const groups = new Set(
    charts.filter((e) => e.querySelector(".dt-plot")).map((e) => chartRegistry.of(e)?.axis),
  );
  return [...document.querySelectorAll<HTMLElement>("[data-chart]")].find((e) => {
    const chart = chartRegistry.of(e);
    return (
      chart?.handler.timeScale && groups.has(chart.axis) && e.offsetWidth && !charts.includes(e)
    );
  });
}

/** Whether a canvas lies in the plane of the screen: the faces of a turned cube do not. */
function isFlat(canvas: HTMLCanvasElement): boolean {
  const { width, height } = canvas.getBoundingClientRect();
  return Math.abs(width - canvas.offsetWidth) < 2 && Math.abs(height - canvas.offsetHeight) < 2;
}

/** Return the charts of a part of the page that are pictures. */
const pictured = (part: HTMLElement): HTMLElement[] =>
  [...part.querySelectorAll<HTMLElement>("[data-chart]")].filter((element) => {
    const canvases = [...element.querySelectorAll("canvas")].filter((canvas) => canvas.offsetWidth);
    return canvases.length && canvases.every(isFlat);
  });

/** Return {svg, width, height} of a panel as it is shown now. */
function picture(part: HTMLElement, title: string, charts = pictured(part)): Made {
  const { theme } = colours;
  const place = part.getBoundingClientRect();
  const axis = axisOf(charts);
  const legends = [...part.querySelectorAll<HTMLElement>(".dt-panel-legend")].filter(
    (e) => e.offsetWidth && e.textContent.trim(),
  );
  const width =
    Math.ceil(
      Math.max(place.width, ...charts.map((e) => e.getBoundingClientRect().right - place.left)),
    ) +
    2 * PAD;
  const parts: string[] = [];
  let top = PAD + 20;
  parts.push(
    `<text x="${PAD}" y="${PAD + 12}" fill="${theme("--dt-text")}" style="font:600 14px system-ui, sans-serif">${escaped(title)}</text>`,
  );
  const add = (element: HTMLElement, draw: (own: Picture) => void) => {
    const box = element.getBoundingClientRect();
    const own = new Picture({ left: place.left, top: box.top });
    draw(own);
    parts.push(`<g transform="translate(${PAD} ${top.toFixed(1)})">${own.parts.join("")}</g>`);
    top += box.height + 6;
  };
  legends.forEach((legend) => add(legend, (own) => own.node(legend)));
  if (axis) add(axis, (own) => own.chart(axis));
  charts.forEach((chart) => add(chart, (own) => own.chart(chart)));
  const height = Math.ceil(top + PAD - 6);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<title>${escaped(title)}</title><rect width="100%" height="100%" fill="${theme("--dt-ground")}"/>${parts.join("")}</svg>`;
  return { svg: unique(svg), width, height };
}

/** Number the clips anew: those of several charts bear the same names. */
function unique(svg: string): string {
  let count = 0;
  return svg
    .split(/(?=<g transform="translate)/)
    .map((piece) => {
      count += 1;
      return piece.replace(/(id="|url\(#)dt-part-/g, `$1dt-part-${count}-`);
    })
    .join("");
}

function png({ svg, width, height }: Made): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
      const context = canvas.getContext("2d")!;
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(url);
      canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))),
        "image/png",
      );
    };
    image.onerror = () => reject(new Error("The picture could not be drawn."));
    image.src = url;
  });
}

export const panelPicture = {
  of: picture,
  /** Return whether a part of the page shows anything that is a picture. */
  has: (part: HTMLElement): boolean => pictured(part).length > 0,
  svg: (part: HTMLElement, title: string): Promise<Blob> =>
    Promise.resolve(new Blob([picture(part, title).svg], { type: "image/svg+xml" })),
  png: (part: HTMLElement, title: string): Promise<Blob> => png(picture(part, title)),
};
