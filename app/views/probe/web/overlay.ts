// A saliency map over the grey picture of its image: the stronger a value, the more opaque.

import { pictures, type Scale, type Sheet } from "#app/web/index.ts";
import { decoded } from "./model.ts";

/** Pixels of the picture's longer side: so many that each of a thumbnail's is several. */
const SIDE = 320;

export interface Overlay {
  /** The contact sheet with the picture at `position`; null: the map stands alone. */
  sheet: Sheet | null;
  position: number;
  codes: Uint8Array;
  /** Height and width of the map. */
  size: readonly [number, number];
  ends: readonly [number, number];
  scale: Scale;
  /** Of the strongest value, 0 to 1. */
  opacity: number;
}

/** Paint picture and map into a canvas, which takes the picture's sides. */
export function paintOverlay(canvas: HTMLCanvasElement, overlay: Overlay): void {
  const { sheet, size, position } = overlay;
  const [width, height] = sheet ? sheet.tile : [size[1], size[0]];
  const by = SIDE / Math.max(width, height);
  [canvas.width, canvas.height] = [Math.round(width * by), Math.round(height * by)];
  const context = canvas.getContext("2d")!;
  if (sheet) {
    // The square that holds the picture in its middle.
    const [left, top] = [(canvas.width - SIDE) / 2, (canvas.height - SIDE) / 2];
    pictures.drawPicture(context, sheet, position, left, top, SIDE);
    context.globalCompositeOperation = "saturation";
    context.fillStyle = "#808080";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "source-over";
  }
  context.imageSmoothingEnabled = false;
  context.drawImage(mapOf(overlay), 0, 0, canvas.width, canvas.height);
}

function mapOf({ codes, size: [height, width], ends, scale, opacity }: Overlay): OffscreenCanvas {
  const map = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const most = Math.max(Math.abs(scale.low), Math.abs(scale.high)) || 1;
  for (let at = 0; at < pixels.length; at++) {
    const value = decoded(codes[at], ...ends);
    const index = scale.index(value);
    if (index < 0) continue;
    // By its root, so that what is weaker shows, too.
    const alpha = Math.round(255 * opacity * Math.sqrt(Math.min(Math.abs(value) / most, 1)));
    pixels[at] = ((alpha << 24) | (scale.colours[index] & 0xffffff)) >>> 0;
  }
  map.getContext("2d")!.putImageData(image, 0, 0);
  return map;
}
