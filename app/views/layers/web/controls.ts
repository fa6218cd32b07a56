// Buttons of the layer view that are no Dash controls: how deep the tree is open, what it is sorted
// by; and the order of the controls that depends on what is shown.

import { type Selection, selectionStore } from "#app/web/index.ts";

/** The next state of a column's sorting: rising, falling, the network's own order. */
export function nextSort(column: string, now: string): string {
  if (column === "network") return "network";
  if (now === column) return `-${column}`;
  return now === `-${column}` ? "network" : column;
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const level = event.target.closest<HTMLElement>("[data-level]");
  if (level)
    selectionStore.set({ level: Number(level.dataset.level), toggled: [], sort: "network" });
  const sort = event.target.closest<HTMLElement>("[data-sort]")?.dataset.sort;
  if (sort) selectionStore.set({ sort: nextSort(sort, selectionStore.get().sort) });
});

export function show(selection: Selection): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-sort]")) {
    const { sort } = button.dataset;
    const state =
      selection.sort === sort ? "ascending" : selection.sort === `-${sort}` ? "descending" : "none";
    if (button.dataset.state !== state) button.dataset.state = state;
  }
  for (const page of document.querySelectorAll<HTMLElement>(".layers")) {
    page.dataset.measure = selection.measure;
    page.dataset.encoding = selection.encoding;
  }
}
