// Maps and kernels as pictures of a few pixels: from codes to values, from values to colours.

import { colours, type Scale } from "#app/web/index.ts";
import { decoded } from "./model.ts";

/**
 * Return the scale of values between two ends, on which 0 is the colour of the ground: around it
 * where some lie below, else from it on.
 */
export function scaleOf(low: number, high: number): Scale {
  const end = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const around = colours.scale({ palette: "diverging", low: -end, high: end });
  if (low < 0) return around;
  const steps = around.colours.length;
  const above = around.colours.map((_, at) => around.colours[(steps + at) >> 1]);
  return { ...colours.scale({ palette: "diverging", low: 0, high: end }), colours: above };
}

/** Return a canvas with the map of codes [height, width]. */
export function mapCanvas(
  codes: Uint8Array,
  [height, width]: readonly [number, number],
  [low, high]: readonly [number, number],
  scale: Scale,
): HTMLCanvasElement {
  const missing = colours.packed("--dt-missing-line");
  return canvasOf(width, height, (at) => {
    const index = scale.index(decoded(codes[at], low, high));
    return index < 0 ? missing : scale.colours[index];
  });
}

/** Return a canvas with a kernel of codes [height, width, channels]: grey, or red, green and blue. */
export function kernelCanvas(
  codes: Uint8Array,
  [height, width, channels]: readonly number[],
): HTMLCanvasElement {
  return canvasOf(width, height, (at) => {
    const [red, green, blue] = [0, 1, 2].map((c) => codes[at * channels + (channels > 1 ? c : 0)]);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

function canvasOf(
  width: number,
  height: number,
  colourAt: (at: number) => number,
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = "probe-map";
  [canvas.width, canvas.height] = [width, height];
  canvas.setAttribute("aria-hidden", "true");
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < pixels.length; at++) pixels[at] = colourAt(at);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
