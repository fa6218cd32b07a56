// The panel beside the charts of a page of a run; in a narrow window a drawer that a button opens.

import { make } from "../base/elements.ts";
import { framed } from "./frame.ts";

const ASIDE = "#shell-page > * > * > aside"; // of a page: in the workspace asides lie in panes
const narrow = matchMedia("(max-width: 51.24em)");
const toggle = make("button", "inspector-toggle");
let aside: HTMLElement | null = null;

/** Whether the drawer is open; a page without one has it closed. */
const isOpen = (): boolean => Boolean(aside?.matches("[popover]:popover-open"));

function say(): void {
  toggle.textContent = isOpen() ? "Close details" : "Details";
  toggle.setAttribute("aria-expanded", String(isOpen()));
}

/** Find the panel of the page that is there now; a drawer only where there is no room beside. */
function follow(): void {
  const found = document.querySelector<HTMLElement>(ASIDE);
  if (aside && (aside !== found || !narrow.matches)) {
    aside.removeAttribute("popover");
    aside = null;
  }
  if (found && narrow.matches && !aside) {
    aside = found;
    // In the top layer: no box of the page cuts it off, and what is touched beside leaves it open.
    aside.popover = "manual";
  }
  toggle.hidden = !aside;
  say();
}

function turn(): void {
  aside?.togglePopover();
  say();
}

framed((page) => {
  toggle.setAttribute("aria-haspopup", "true");
  toggle.addEventListener("click", turn);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isOpen()) return;
    turn();
    toggle.focus();
  });
  narrow.addEventListener("change", follow);
  // Within the page's main part, as everything that is not of the header.
  page.after(toggle);
  new MutationObserver(follow).observe(page, { childList: true });
  follow();
});
