// The drawing of the graph: frames of stages and blocks, edges, nodes, and their names where there
// is room for them.

import { colours, type DrawingContext, type Scale } from "#app/web/index.ts";
import type { Graph } from "./graph.ts";
import type { Box } from "./types.ts";
import type { Viewport } from "./viewport.ts";
import * as words from "./words.ts";

/** What is drawn of the graph besides itself. */
export interface Look {
  view: Viewport;
  width: number;
  height: number;
  /** The colours; null while the values have not come. */
  scale: Scale | null;
  /** Return the value of a node, NaN where there is none. */
  value(node: number): number;
  /** The nodes that a search found; null: no search. */
  found: Set<number> | null;
  chosen: Set<number>;
  pointed: number | null;
}

const NAMES = 0.58; // from this scale on nodes have names
const TINTS = 6;
const FADED = 0.22;
const font = (size: number, weight = "") => `${weight} ${size}px system-ui, sans-serif`.trim();

export function paint(context: DrawingContext, graph: Graph, look: Look): void {
  context.fillStyle = colours.theme("--dt-ground");
  context.fillRect(0, 0, look.width, look.height);
  frames(context, graph, look);
  edges(context, graph, look);
  for (let node = 0; node < graph.count; node++) drawNode(context, graph, look, node);
  frameNames(context, graph, look);
}

const placed = ({ view }: Look, { left, top, width, height }: Box): Box => ({
  left: view.x(left),
  top: view.y(top),
  width: width * view.scale,
  height: height * view.scale,
});

const outside = ({ width, height }: Look, box: Box): boolean =>
  box.left > width || box.top > height || box.left + box.width < 0 || box.top + box.height < 0;

/** Make the path of a box with round corners. */
function rounded(context: DrawingContext, box: Box, radius: number): void {
  const { left, top, width, height } = box;
  const [right, bottom] = [left + width, top + height];
  const r = Math.min(radius, width / 2, height / 2);
  context.beginPath();
  context.moveTo(left + r, top);
  context.lineTo(right - r, top);
  context.quadraticCurveTo(right, top, right, top + r);
  context.lineTo(right, bottom - r);
  context.quadraticCurveTo(right, bottom, right - r, bottom);
  context.lineTo(left + r, bottom);
  context.quadraticCurveTo(left, bottom, left, bottom - r);
  context.lineTo(left, top + r);
  context.quadraticCurveTo(left, top, left + r, top);
  context.closePath();
}

const tint = (stage: number) => colours.theme(`--network-stage-${Math.max(0, stage) % TINTS}`);

const boxesOf = (graph: Graph): Box[] => graph.meta.frames.name.map((_, at) => graph.frameOf(at));

function frames(context: DrawingContext, graph: Graph, look: Look): void {
  const { frames } = graph.meta;
  boxesOf(graph).forEach((box, at) => {
    const here = placed(look, box);
    if (outside(look, here)) return;
    const stage = frames.kind[at] === "stage";
    rounded(context, here, 8 * Math.min(1, look.view.scale));
    context.fillStyle = tint(frames.stage[at]);
    context.globalAlpha = stage ? 0.1 : 0.12;
    context.fill();
    context.globalAlpha = stage ? 0.75 : 0.4;
    context.strokeStyle = tint(frames.stage[at]);
    context.lineWidth = 1;
    context.stroke();
    context.globalAlpha = 1;
  });
}

/** Names of frames: above what they hold, or over it where nodes are too small for names. */
function frameNames(context: DrawingContext, graph: Graph, look: Look): void {
  const { frames } = graph.meta;
  const boxes = boxesOf(graph);
  const readable = look.view.scale >= NAMES;
  const blocks = boxes.some(
    (box, at) =>
      frames.kind[at] === "block" && fitting(context, placed(look, box), frames.name[at]),
  );
  boxes.forEach((box, at) => {
    const here = placed(look, box);
    if (outside(look, here)) return;
    if (readable) {
      const name = frames.group[at] < 0 ? frames.name[at] : `▾ ${frames.name[at]}`;
      nameAbove(context, here, name, frames.kind[at], look);
    } else if ((frames.kind[at] === "block") === blocks) nameOver(context, here, frames.name[at]);
  });
}

/** Return a name, or the end of it, as far as a box has room for it; "": it has none. */
function fitting(context: DrawingContext, box: Box, name: string): string {
  if (box.height < 15) return "";
  context.font = font(11, "600");
  const parts = name.split(".");
  for (let from = 0; from < parts.length; from++) {
    const text = parts.slice(from).join(".");
    // A mere number says too little.
    if (/[a-z]/i.test(text) && context.measureText(text).width + 8 <= box.width) return text;
  }
  return "";
}

function nameAbove(
  context: DrawingContext,
  box: Box,
  name: string,
  kind: string,
  { view }: Look,
): void {
  const size = Math.min(11, (kind === "stage" ? 11 : 10) * view.scale);
  context.font = font(size, kind === "stage" ? "600" : "");
  context.textAlign = "left";
  context.textBaseline = "top";
  // An edge may pass there: it does not strike the name out.
  const [left, top] = [box.left + 6 * view.scale, box.top + view.scale];
  context.fillStyle = colours.theme("--dt-ground");
  context.globalAlpha = 0.75;
  context.fillRect(left - 1, top, context.measureText(name).width + 2, size);
  context.globalAlpha = 1;
  context.fillStyle = colours.theme("--dt-text-soft");
  context.fillText(name, left, top);
}

function nameOver(context: DrawingContext, box: Box, whole: string): void {
  const name = fitting(context, box, whole);
  if (!name) return;
  const wide = context.measureText(name).width + 8;
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  rounded(context, { left: x - wide / 2, top: y - 8, width: wide, height: 16 }, 4);
  context.fillStyle = colours.theme("--dt-ground");
  context.globalAlpha = 0.88;
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = colours.theme("--dt-text");
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(name, x, y);
}

function edges(context: DrawingContext, graph: Graph, look: Look): void {
  const { source, target } = graph.arrays;
  const { found, pointed, view } = look;
  const lit: number[] = [];
  for (let edge = 0; edge < source.length; edge++) {
    if (source[edge] === pointed || target[edge] === pointed) lit.push(edge);
    else {
      const faded = found && !found.has(source[edge]) && !found.has(target[edge]);
      context.globalAlpha = faded ? FADED : 0.75;
      context.strokeStyle = colours.theme("--dt-text-soft");
      context.lineWidth = Math.max(0.6, Math.min(1.2, view.scale * 1.2));
      line(context, graph, look, edge);
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = colours.theme("--dt-range-edge");
  context.lineWidth = 2;
  for (const edge of lit) line(context, graph, look, edge);
}

/** Draw an edge through its points, turning in curves, with an arrow where it ends. */
function line(context: DrawingContext, { arrays }: Graph, look: Look, edge: number): void {
  const { points, starts } = arrays;
  const { view } = look;
  const x = (at: number) => view.x(points[2 * at]);
  const y = (at: number) => view.y(points[2 * at + 1]);
  const [first, last] = [starts[edge], starts[edge + 1] - 1];
  context.beginPath();
  context.moveTo(x(first), y(first));
  for (let at = first + 1; at < last; at++) {
    const reach = 10 * view.scale;
    const [ax, ay] = toward(x(at), y(at), x(at - 1), y(at - 1), reach);
    const [bx, by] = toward(x(at), y(at), x(at + 1), y(at + 1), reach);
    context.lineTo(ax, ay);
    context.quadraticCurveTo(x(at), y(at), bx, by);
  }
  context.lineTo(x(last), y(last));
  context.stroke();
  if (view.scale < 0.4) return;
  const size = 4 * Math.min(1, view.scale);
  context.beginPath();
  context.moveTo(x(last), y(last));
  context.lineTo(x(last) - size, y(last) - 1.5 * size);
  context.lineTo(x(last) + size, y(last) - 1.5 * size);
  context.closePath();
  context.fillStyle = context.strokeStyle;
  context.fill();
}

/** Return the point on the way from one to another, at most half of it. */
function toward(
  x: number,
  y: number,
  otherX: number,
  otherY: number,
  reach: number,
): [number, number] {
  const length = Math.hypot(otherX - x, otherY - y) || 1;
  const share = Math.min(reach / length, 0.5);
  return [x + (otherX - x) * share, y + (otherY - y) * share];
}

function drawNode(context: DrawingContext, graph: Graph, look: Look, node: number): void {
  const box = placed(look, graph.boxOf(node));
  if (outside(look, box)) return;
  const kind = graph.nodes.kind[node];
  const { found, chosen, pointed, view } = look;
  const value = look.value(node);
  const colour = look.scale && Number.isFinite(value) ? colourOf(look.scale, value) : null;
  context.globalAlpha = found && !found.has(node) ? FADED : 1;
  const holds = kind === "layer" || kind === "folded";
  if (kind === "folded") pile(context, box, view.scale);
  rounded(context, box, holds ? 3 * view.scale : box.height / 2);
  context.fillStyle = colour?.fill ?? colours.theme(holds ? "--dt-missing" : "--dt-band");
  context.fill();
  const strong = chosen.has(node) || pointed === node || found?.has(node);
  context.strokeStyle = colours.theme(
    strong ? (chosen.has(node) ? "--dt-pin" : "--dt-range-edge") : "--dt-text-soft",
  );
  context.lineWidth = strong ? 2.5 : Math.max(0.4, Math.min(0.8, view.scale));
  context.stroke();
  if (view.scale >= NAMES) nameNode(context, graph, look, node, box, colour?.ink);
  context.globalAlpha = 1;
}

/** Draw what lies under a folded node: there is more in it. */
function pile(context: DrawingContext, box: Box, scale: number): void {
  context.fillStyle = colours.theme("--dt-band");
  context.strokeStyle = colours.theme("--dt-text-soft");
  context.lineWidth = Math.max(0.4, Math.min(0.8, scale));
  for (const under of [6, 3]) {
    const apart = under * scale;
    rounded(context, { ...box, left: box.left + apart, top: box.top + apart }, 3 * scale);
    context.fill();
    context.stroke();
  }
}

function nameNode(
  context: DrawingContext,
  graph: Graph,
  { view }: Look,
  node: number,
  box: Box,
  ink: string | undefined,
): void {
  const { label, kind } = graph.nodes;
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const room = box.width - 8;
  const second = words.second(graph, node);
  const two = second && view.scale >= 0.85;
  context.fillStyle = ink ?? colours.theme("--dt-text");
  context.textAlign = "center";
  context.textBaseline = "middle";
  const size = Math.min(12, 11 * Math.max(0.8, view.scale));
  context.font = font(size);
  context.fillText(
    cut(context, kind[node] === "folded" ? `▸ ${label[node]}` : label[node], room),
    x,
    two ? y - box.height * 0.2 : y,
  );
  if (!two) return;
  context.font = font(Math.min(11, 9.5 * view.scale));
  context.fillText(cut(context, second, room), x, y + box.height * 0.24);
}

/** Return a text that fits, its beginning left out: the end of a dotted name says more. */
function cut(context: DrawingContext, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 1 && context.measureText(`…${kept}`).width > room) kept = kept.slice(1);
  return `…${kept}`;
}

/** Return the colour of a value, and that of words on it. */
function colourOf(scale: Scale, value: number): { fill: string; ink: string } {
  const colour = scale.colours[scale.index(value)];
  const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const light = (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
  return { fill: colours.css(colour), ink: light > 0.55 ? "#14181f" : "#ffffff" };
}
