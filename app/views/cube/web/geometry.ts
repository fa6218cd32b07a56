// The cube's geometry as pure functions: sizes, views, where a point of a face lies on the screen.
//
// Scene coordinates are CSS pixels: x to the right, y down, z towards the reader. The front face is
// (0..W, 0..H) at z = 0; the top one hinges on its upper edge, the right one on its right edge. Fully
// folded they lie on the cube 0..W x 0..H x -D..0; unfolded all three lie flat at z = 0, edge to edge.
// There is no perspective: cells of one kind have one size, and a point of the screen one cell.

export const MODES = ["turned", "front", "top", "right", "unfolded"] as const;
export type Mode = (typeof MODES)[number];
export type FaceName = "front" | "top" | "right";
export type Dimension = "layers" | "classes" | "columns";
/** The sides of the cube, CSS pixels. */
export interface Size {
  W: number;
  H: number;
  D: number;
}
/** What the cube is drawn in, CSS pixels. */
export interface Stage {
  width: number;
  height: number;
}
/** A pixel of the stage, or a place of a face. */
export type Pixel = [x: number, y: number];
/** A point of the scene. */
export type Point = [x: number, y: number, z: number];
/** The angles that the cube is turned by, degrees 0..90. */
export type Angles = [yaw: number, pitch: number];
/** The shown cells [first, after) of a dimension; fractions of columns while one zooms. */
export type Cells = readonly [first: number, after: number];
export type Ranges = Record<Dimension, Cells>;
/** What the reader sees: the scene's `centre` lies at the pixel `at`. */
export interface View {
  yaw: number;
  pitch: number;
  folded: boolean;
  scale: number;
  centre: Point;
  at: Pixel;
}
// Left of the layers' names, below the iterations, and so on; CSS pixels.
export const MARGINS = { left: 134, right: 92, top: 22, bottom: 62 };
const LEAST = 60; // no side of the cube is shorter
const RADIANS = Math.PI / 180;

/** Return {W, H, D}: unfolded they fill the stage. Without classes D is 0: only the front. */
export function sizesFor(stage: Stage, { depth = true } = {}): Size {
  const wide = Math.max(3 * LEAST, Math.floor(stage.width - MARGINS.left - MARGINS.right));
  const high = Math.max(2 * LEAST, Math.floor(stage.height - MARGINS.top - MARGINS.bottom));
  const D = depth ? Math.max(LEAST, Math.round(Math.min(0.34 * wide, 0.44 * high))) : 0;
  return { W: wide - D, H: high - D, D };
}

const ANGLES: Record<Exclude<Mode, "turned">, Angles> = {
  front: [0, 0],
  top: [0, 90],
  right: [90, 0],
  unfolded: [0, 0],
};

/** Return the angles kept to where all three faces can be seen: nothing is on the others. */
export const keep = ([yaw, pitch]: readonly number[]): Angles => [kept(yaw), kept(pitch)];

const kept = (angle: number): number => Math.min(90, Math.max(0, angle));

/** Return what the reader sees: {yaw, pitch, folded, scale, centre, at} for a mode. */
export function viewOf(mode: Mode, turn: readonly number[], size: Size, stage: Stage): View {
  const { W, H, D } = size;
  const folded = mode !== "unfolded";
  const [yaw, pitch] = mode === "turned" ? keep(turn) : ANGLES[mode];
  const view: View = {
    yaw,
    pitch,
    folded,
    scale: 1,
    at: [0, 0],
    centre: folded ? [W / 2, H / 2, -D / 2] : [(W + D) / 2, (H - D) / 2, 0],
  };
  const corners = [0, W].flatMap((x) =>
    [0, H].flatMap((y) => [0, -D].map((z): Point => [x, y, z])),
  );
  const spread = (axis: 0 | 1) => {
    const places = corners.map((corner) => project(view, corner)[axis]);
    return Math.max(...places) - Math.min(...places);
  };
  const [wide, high] = folded ? [spread(0), spread(1)] : [W + D, H + D];
  const room = [
    stage.width - MARGINS.left - MARGINS.right,
    stage.height - MARGINS.top - MARGINS.bottom,
  ];
  view.scale = folded ? Math.min(room[0] / Math.max(1, wide), room[1] / Math.max(1, high)) : 1;
  view.at = [MARGINS.left + room[0] / 2, MARGINS.top + room[1] / 2];
  // Whole pixels where faces lie flat, so that their cells are as sharp as the screen.
  if (!folded) view.at = [MARGINS.left + (W + D) / 2, MARGINS.top + (H + D) / 2];
  return view;
}

/** Return the pixel of the stage on which a point of the scene is seen. */
export function project({ yaw, pitch, scale, centre, at }: View, [px, py, pz]: Point): Pixel {
  const [x, y, z] = [px - centre[0], py - centre[1], pz - centre[2]];
  const [sinY, cosY] = [Math.sin(-yaw * RADIANS), Math.cos(yaw * RADIANS)];
  const [sinX, cosX] = [Math.sin(-pitch * RADIANS), Math.cos(pitch * RADIANS)];
  const turnedX = x * cosY + z * sinY;
  const turnedZ = z * cosY - x * sinY;
  return [at[0] + scale * turnedX, at[1] + scale * (y * cosX - turnedZ * sinX)];
}

/** Return the CSS transform of the scene for a view; its list of functions is always the same. */
export const transformOf = ({ yaw, pitch, scale, centre, at }: View): string =>
  `translate(${at[0]}px, ${at[1]}px) scale(${scale}) rotateX(${-pitch}deg) rotateY(${-yaw}deg) ` +
  `translate3d(${-centre[0]}px, ${-centre[1]}px, ${-centre[2]}px)`;

/** Return the point of the scene at a place (u, v) of a face, pixels from its left upper corner. */
export function pointOf(
  face: FaceName,
  u: number,
  v: number,
  { W, D }: Size,
  folded: boolean,
): Point {
  if (face === "front") return [u, v, 0];
  if (face === "top") return folded ? [u, 0, v - D] : [u, v - D, 0];
  return folded ? [W, v, -u] : [W + u, v, 0];
}

/** Return the width and height of a face, CSS pixels. */
export function sidesOf(face: FaceName, { W, H, D }: Size): [width: number, height: number] {
  if (face === "front") return [W, H];
  return face === "top" ? [W, D] : [D, H];
}

/** Return where the corner of a face is seen, and the places (u, 0) and (0, v). */
function cornersOf(face: FaceName, u: number, v: number, size: Size, view: View) {
  const seen = (x: number, y: number) => project(view, pointOf(face, x, y, size, view.folded));
  return [seen(0, 0), seen(u, 0), seen(0, v)] as const;
}

/** Return the area that a face takes on the screen, in pixels; 0 where it is seen from its edge. */
export function areaOf(face: FaceName, size: Size, view: View): number {
  const [width, height] = sidesOf(face, size);
  const [o, a, b] = cornersOf(face, width, height, size, view);
  return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
}

/** Return the place (u, v) of a face seen at a pixel of the stage; null beside it unless `beyond`. */
export function placeOn(
  face: FaceName,
  [x, y]: Pixel,
  size: Size,
  view: View,
  beyond = false,
): Pixel | null {
  const [width, height] = sidesOf(face, size);
  const [o, a, b] = cornersOf(face, 1, 1, size, view);
  const [ax, ay, bx, by] = [a[0] - o[0], a[1] - o[1], b[0] - o[0], b[1] - o[1]];
  const area = ax * by - ay * bx;
  if (Math.abs(area) < 1e-3) return null;
  const u = ((x - o[0]) * by - (y - o[1]) * bx) / area;
  const v = ((y - o[1]) * ax - (x - o[0]) * ay) / area;
  return beyond || (u >= 0 && v >= 0 && u < width && v < height) ? [u, v] : null;
}

// Which dimension runs along a face's rows and columns; classes count upwards on the top face, so
// that the first lies on the edge shared with the front, as on the right one.
interface FaceCells {
  across: Dimension;
  down: Dimension;
  upwards?: boolean;
}
export const FACES: Record<FaceName, FaceCells> = {
  front: { across: "columns", down: "layers" },
  top: { across: "columns", down: "classes", upwards: true },
  right: { across: "classes", down: "layers" },
};

/** Return the pixels [from, to] of cell `at` where the cells [first, after) share `length`. */
export function cellEdges(
  at: number,
  [first, after]: Cells,
  length: number,
  upwards = false,
): [from: number, to: number] {
  const step = length / Math.max(1, after - first);
  const [from, to] = [(at - first) * step, (at - first + 1) * step];
  return upwards ? [length - to, length - from] : [from, to];
}

/** Return the cell at a pixel, the other way round. */
export function cellAt(
  pixel: number,
  [first, after]: Cells,
  length: number,
  upwards = false,
): number {
  const along = (upwards ? length - pixel : pixel) / length;
  const at = Math.floor(first + along * (after - first));
  return Math.min(Math.max(at, first), after - 1);
}
