// What annotations ask of the validation rows: which class or image a row is, and where it lies.

import type { PlacedRow, Thing } from "#app/web/index.ts";
import type { ValidationRows } from "./rows.ts";
import type { Hit } from "./types.ts";

/** Return the class or image of a row; null: none, or a row of several. */
export function thing(view: ValidationRows, hit: Hit | null): Thing | null {
  if (!hit) return null;
  const { names } = view.model;
  const { block, row } = hit;
  if (block.kind === "class") return { kind: "class", id: row, name: names[row] };
  if (block.kind !== "image") return null;
  const name = `image ${row + 1} of ${names[block.classId]}`;
  return { kind: "image", id: block.opened.images[row], name };
}

/** Return the name of a class, or of an image of a class that is open. */
export function name(view: ValidationRows, kind: Thing["kind"], id: number): string | undefined {
  const { names, opened } = view.model;
  if (kind === "class") return names?.[id];
  if (kind !== "image") return undefined;
  for (const [classId, { images }] of opened) {
    const at = images.indexOf(id);
    if (at >= 0) return `image ${at + 1} of ${names[classId]}`;
  }
  return undefined;
}

/** Return the rows of classes or images in sight: a pinned class twice. */
export function rows(view: ValidationRows, kind: Thing["kind"]): PlacedRow[] {
  const { place, blocks, offset } = view;
  const found: PlacedRow[] = [];
  if (!place) return found;
  for (const block of blocks) {
    if (block.kind !== kind) continue;
    block.order.forEach((row: number, at: number) => {
      const top = block.top + at * block.rowHeight - offset;
      if (top + block.rowHeight < 0 || top > place.height) return;
      const id = block.kind === "image" ? block.opened.images[row] : row;
      found.push([String(id), { top, height: block.rowHeight }]);
    });
  }
  return found;
}
