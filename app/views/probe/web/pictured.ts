// Validation images as buttons that open them large, with the part that a filter sees framed.

import { make, pictures } from "#app/web/index.ts";
import { framed, type Where } from "./model.ts";

/** An image by its id, the id of its class, its place among the images of that class. */
export interface Who {
  image: number;
  classId: number;
  position: number;
  /** How many images the class has. */
  count: number;
}

/** Return a button with the picture of an image; `where` is framed in it. */
export function picturedButton(
  base: string,
  who: Who,
  size: number,
  where: Where | null,
  ...words: Node[]
): HTMLButtonElement {
  const picture = pictures.picture(base, who.classId, who.count, who.position, size);
  const holder = make("span", "probe-pictured", picture);
  holder.style.width = holder.style.height = `${size}px`;
  const button = make("button", "", holder, ...words);
  button.dataset.image = String(who.image);
  pictures.sheetOf(base, who.classId, who.count).then((sheet) => {
    // The words do without the picture where none was recorded.
    if (!sheet) holder.remove();
    else if (where) holder.append(frame(where, sheet.tile));
  });
  return button;
}

function frame(where: Where, tile: readonly [number, number]): HTMLElement {
  const made = make("i", "probe-frame");
  const { left, top, width, height } = framed(where, tile);
  Object.assign(made.style, {
    left: `${left}%`,
    top: `${top}%`,
    width: `${width}%`,
    height: `${height}%`,
  });
  return made;
}
