// What the page that a link leads to asks for first, asked for with the click: while the server
// makes that page and the browser builds it, its data is on the way. The charts then find it there.
//
// A link says the templates of these addresses as data-asks (app/shell.py).

import { fetchArrays } from "../base/fetch.ts";
import { addressOf } from "./chart.ts";
import { selectionStore } from "./selection.ts";

function ask(event: Event): void {
  if (!(event instanceof MouseEvent)) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // another tab
  const link = event.target instanceof Element && event.target.closest<HTMLElement>("a[data-asks]");
  if (!link || link.getAttribute("aria-current") === "page") return;
  if (!Object.keys(selectionStore.fields()).length) return;
  for (const template of JSON.parse(link.dataset.asks ?? "[]")) {
    // Whoever shows it says what is wrong.
    fetchArrays(addressOf(template)).catch(() => {});
  }
}

// A finger or button goes down before the click comes; the keyboard and scripts only click.
for (const name of ["pointerdown", "click"])
  document.addEventListener(name, ask, { capture: true, passive: true });
