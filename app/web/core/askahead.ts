// What the page that a link leads to asks for first, asked for before it is there: while the server
// makes that page and the browser builds it, its data is on the way. The charts then find it there.
//
// A link says the templates of these addresses as data-asks (app/shell.py), and by data-version the
// version of the run. On a page that has no selection (the table of runs) they are plain addresses.

import { fetchArrays } from "../base/fetch.ts";
import { addressOf } from "./chart.ts";
import { hasPage } from "./page.ts";
import { selectionStore } from "./selection.ts";
import { live } from "./versions.ts";

/** A pointer that stays so long over a link may be about to press it. */
const DWELL_MS = 70;
let dwelling: ReturnType<typeof setTimeout> | 0 = 0;

const linkOf = ({ target }: Event): HTMLElement | null => {
  const link = target instanceof Element && target.closest<HTMLElement>("a[data-asks]");
  return link && link.getAttribute("aria-current") !== "page" ? link : null;
};

function ask(link: HTMLElement): void {
  const { asks, version } = link.dataset;
  const hasSelection = Object.keys(selectionStore.fields()).length > 0;
  for (const template of JSON.parse(asks ?? "[]")) {
    if (!hasSelection && template.includes("{")) continue;
    // Else the page would ask again, by the version, for what came under an address without it.
    if (version) live.learn(template, version);
    // Whoever shows it says what is wrong.
    fetchArrays(addressOf(template)).catch(() => {});
  }
}

function pressed(event: Event): void {
  if (!(event instanceof MouseEvent)) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // another tab
  const link = linkOf(event);
  if (link) ask(link);
}

function over(event: Event): void {
  clearTimeout(dwelling);
  const link = linkOf(event);
  if (link) dwelling = setTimeout(() => link.isConnected && ask(link), DWELL_MS);
}

if (hasPage()) {
  // A finger or button goes down before the click comes; the keyboard and scripts only click.
  for (const name of ["pointerdown", "click"])
    document.addEventListener(name, pressed, { capture: true, passive: true });
  document.addEventListener("pointerover", over, { passive: true });
}
