// Which rows the validation view shows, from top to bottom, as blocks of rows of one kind.

import { anomalousClasses, type Order, type Selection } from "#app/web/index.ts";
import type { Block, BlockKind, ClassBlock, Hit, Model, OpenedBlock, Values } from "./types.ts";

/** What a block is about, besides its rows. */
type About = Partial<Pick<ClassBlock, "cluster" | "pinned">>;
type AddClasses = (order: Int32Array, rowHeight: number, about: About) => void;
type Add = (
  kind: BlockKind,
  matrix: Values,
  order: Order,
  rowHeight: number,
  about?: About | Pick<OpenedBlock<"image">, "classId" | "opened">,
  gap?: number,
) => void;
/** The classes to show, the room for them, and how they are added. */
interface Adding {
  order: Int32Array;
  room: number;
  add: Add;
  addClasses: AddClasses;
}

const HEIGHTS = { overall: 24, cluster: 26, image: 8, partner: 12 };
const GAP = 4;

function classHeight(wanted: string, count: number, room: number): number {
  if (wanted === "fit") return Math.min(16, Math.max(0.25, room / Math.max(1, count)));
  if (wanted !== "auto") return Number(wanted) || 16;
  return Math.min(22, Math.max(6, Math.floor(room / Math.max(1, count))));
}

/** Return the classes to show, in the chosen order: those searched for, or anomalous, only. */
function ordered(model: Model, selection: Selection): Int32Array {
  const { groups, names } = model;
  const every =
    groups?.arrays[`order_${selection.classorder}` as const] ||
    Int32Array.from(names, (_, at) => at);
  const anomalous =
    selection.onlyanomalous && model.anomalies && anomalousClasses(model.anomalies.arrays);
  const order = anomalous ? every.filter((id) => anomalous.has(id)) : every;
  const wanted = selection.find.trim().toLocaleLowerCase();
  return wanted ? order.filter((id) => names[id].toLocaleLowerCase().includes(wanted)) : order;
}

/**
 * Return {blocks, height}. A block has kind, matrix {data, width, rows}, order (rows of the
 * matrix), rowHeight, top, and what it is about (cluster or classId).
 *
 * model: {names, sizes, accuracy, overall, groups, opened: Map class -> images}.
 */
export function build(
  model: Model,
  selection: Selection,
  room: number,
): { blocks: Block[]; height: number } {
  const blocks: Block[] = [];
  let top = 0;
  const add: Add = (kind, matrix, order, rowHeight, about = {}, gap = 0) => {
    if (!order.length) return;
    blocks.push({ kind, matrix, order, rowHeight, top, ...about } as Block);
    top += order.length * rowHeight + gap;
  };
  const addClasses: AddClasses = (order, rowHeight, about) => {
    let from = 0;
    order.forEach((id, at) => {
      if (!selection.openclasses.includes(id)) return;
      // A pinned class is open where it is pinned, not a second time in its cluster.
      if (!about.pinned && selection.classes.includes(id)) return;
      add("class", model.accuracy, order.slice(from, at + 1), Math.max(rowHeight, 1), about);
      from = at + 1;
      addOpened(id);
    });
    add("class", model.accuracy, order.slice(from), rowHeight, about, GAP);
  };
  const addOpened = (id: number) => {
    const opened = model.opened.get(id);
    if (!opened) return;
    add("partner", opened.partners, opened.partnerOrder, HEIGHTS.partner, { classId: id, opened });
    const height =
      selection.rowheight === "auto" || selection.rowheight === "fit"
        ? HEIGHTS.image
        : Number(selection.rowheight);
    add("image", opened.correct, opened.order, height, { classId: id, opened }, GAP);
  };
  const order = ordered(model, selection);
  const height = classHeight(selection.rowheight, order.length, room);
  add("overall", model.overall, [0], HEIGHTS.overall, {}, GAP);
  const pinned = selection.classes.filter((id) => id < model.names.length);
  if (pinned.length) addClasses(Int32Array.from(pinned), 16, { pinned: true });
  if (selection.find.trim() || selection.group === "all") {
    addClasses(order, height, {});
  } else if (model.groups) {
    addClusters(model, selection, { order, room, add, addClasses });
  }
  return { blocks, height: top };
}

function addClusters(
  model: Model,
  selection: Selection,
  { order, room, add, addClasses }: Adding,
): void {
  const { label } = model.groups!.arrays;
  for (let cluster = 0; cluster < model.means!.rows; cluster++) {
    add("cluster", model.means!, [cluster], HEIGHTS.cluster, { cluster }, 2);
    if (!selection.open.includes(cluster)) continue;
    const members = order.filter((id) => label[id] === cluster);
    addClasses(members, classHeight(selection.rowheight, members.length, room), { cluster });
  }
}

/** Return {block, at, row} of the row at `y` (counted from the first row's top), or null. */
export function rowAt(blocks: readonly Block[], y: number): Hit | null {
  for (const block of blocks) {
    const at = Math.floor((y - block.top) / block.rowHeight);
    if (at >= 0 && at < block.order.length) return { block, at, row: block.order[at] };
  }
  return null;
}
