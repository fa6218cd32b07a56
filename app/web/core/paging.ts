// The arrows of a list's pages have names: dash-mantine-components 2.8 draws them as icons alone.

import { framed } from "./frame.ts";

const CONTROL = ".mantine-Pagination-control";
const NAMES: Record<number, readonly string[]> = {
  2: ["Previous page", "Next page"],
  4: ["First page", "Previous page", "Next page", "Last page"],
};

/** Name what has no text among the buttons of every list of pages within `root`. */
export function nameArrows(root: ParentNode): void {
  for (const list of root.querySelectorAll(".mantine-Pagination-root")) {
    const arrows = [...list.querySelectorAll(CONTROL)].filter((one) => !one.textContent?.trim());
    const names = NAMES[arrows.length];
    arrows.forEach((arrow, at) => {
      if (names && arrow.getAttribute("aria-label") !== names[at])
        arrow.setAttribute("aria-label", names[at]);
    });
  }
}

// Those there are, and those to come.
framed((page) => {
  new MutationObserver(() => nameArrows(page)).observe(page, { childList: true, subtree: true });
  nameArrows(page);
});
