// Pictures of the validation images, cut from one contact sheet a class.

import { type DrawingContext, sizeCanvas } from "../base/canvas.ts";
import { type Answer, fetchArrays } from "../base/fetch.ts";

/** Pictures of one size in the rows of one image, as many in a row as there are rows. */
export interface Sheet {
  bitmap: ImageBitmap;
  /** Width and height of a picture. */
  tile: readonly [number, number];
  columns: number;
}
type SheetAnswer = Answer<Pick<Sheet, "tile">, { sheet: Uint8Array<ArrayBuffer> }>;

const sheets = new Map<string, Promise<Sheet | null>>(); // address -> promise of {bitmap, tile, columns}, null where none is

async function loadSheet(address: string, count: number): Promise<Sheet | null> {
  try {
    const { arrays, meta } = await fetchArrays<SheetAnswer>(address);
    if (!arrays.sheet.length) return null;
    const bitmap = await createImageBitmap(new Blob([arrays.sheet], { type: "image/webp" }));
    return { bitmap, tile: meta.tile, columns: Math.ceil(Math.sqrt(count)) };
  } catch {
    return null; // no sheet was recorded, or it is no picture: the names do without
  }
}

/** Whether the page says that the run below `base` recorded no pictures (app/selection.py). */
function hasNone(base: string): boolean {
  const { run, pictures } = document.getElementById("selection-fields")?.dataset ?? {};
  return pictures === "none" && base.endsWith(`/run/${run}`);
}

/** Return a promise of the contact sheet of a class with `count` images; null: it has none. */
export function sheetOf(base: string, classId: number, count: number): Promise<Sheet | null> {
  if (hasNone(base)) return Promise.resolve(null);
  const address = `${base}/contact-sheet?class=${classId}`;
  if (!sheets.has(address)) {
    if (sheets.size > 400) sheets.delete(sheets.keys().next().value!);
    sheets.set(address, loadSheet(address, count));
  }
  return sheets.get(address)!;
}

/** Draw picture `position` of a sheet into the square at x, y of a context. */
export function drawPicture(
  context: DrawingContext,
  sheet: Sheet,
  position: number,
  x: number,
  y: number,
  size: number,
): void {
  const [width, height] = sheet.tile;
  const column = position % sheet.columns;
  const row = Math.floor(position / sheet.columns);
  const scale = size / Math.max(width, height);
  context.imageSmoothingEnabled = scale < 1;
  context.drawImage(
    sheet.bitmap,
    column * width,
    row * height,
    width,
    height,
    x + (size - width * scale) / 2,
    y + (size - height * scale) / 2,
    width * scale,
    height * scale,
  );
}

const wanted = new WeakMap<Element, () => void>(); // canvas -> what draws it
let sight: IntersectionObserver | undefined;

/** Return what watches for canvases that come into sight: made when first asked, for it needs a page. */
function watcher(): IntersectionObserver {
  sight ??= new IntersectionObserver((entries, own) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      own.unobserve(target);
      wanted.get(target)?.();
    }
  });
  return sight;
}

/** Return a canvas of `size` CSS pixels with one picture; empty until its sheet is there. */
export function picture(
  base: string,
  classId: number,
  count: number,
  position: number,
  size: number,
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = "validation-picture";
  const { context } = sizeCanvas(canvas, size, size);
  // Asked for when it comes into sight: a list shows a few of its pictures only.
  wanted.set(canvas, () =>
    sheetOf(base, classId, count).then((sheet) => {
      if (sheet) drawPicture(context, sheet, position, 0, 0, size);
      else canvas.hidden = true;
    }),
  );
  watcher().observe(canvas);
  return canvas;
}
