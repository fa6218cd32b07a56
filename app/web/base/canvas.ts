// Canvases sized for the screen, and drawings that go elsewhere: into a picture to be exported.

/** What is drawn on: the screen, or a picture under way. */
export type DrawingContext = CanvasRenderingContext2D;
/** A context that counts in CSS pixels, and how many pixels of the screen one of them is. */
export interface Surface {
  context: DrawingContext;
  ratio: number;
}
export type MakeSurface = (canvas: HTMLCanvasElement, width: number, height: number) => Surface;

let surface: MakeSurface | null = null; // what gives the contexts while a picture is drawn

/** Let `action` draw into what `make(canvas, width, height)` gives: {context, ratio}. */
export function drawnInto<Result>(make: MakeSurface, action: () => Result): Result {
  const before = surface;
  surface = make;
  try {
    return action();
  } finally {
    surface = before;
  }
}

/** Size a canvas for the screen; returns its context, scaled to CSS pixels, and the ratio. */
export function sizeCanvas(canvas: HTMLCanvasElement, width: number, height: number): Surface {
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  if (surface) return surface(canvas, width, height);
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d") as DrawingContext;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, ratio };
}
