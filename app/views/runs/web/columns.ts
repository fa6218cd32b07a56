// The heads of the table of runs: a click sorts, dragging or Alt+arrow moves a column;
// the address says what the table shows.

import { drawCurve } from "./curve.ts";

const setProps = (id: string, props: Record<string, unknown>) =>
  window.dash_clientside?.set_props?.(id, props);
const USUAL = [
  "state",
  "name",
  "model",
  "dataset",
  "snapshots",
  "error",
  "findings",
  "owner",
  "created",
];
let dragged: string | null = null;
let focused: string | null = null; // the column that the keyboard moves: it keeps the focus

const heads = () => [...document.querySelectorAll<HTMLElement>("#runs-head [data-column]")];
const nameOf = (head: Element | null) =>
  head instanceof HTMLElement ? (head.dataset.column ?? null) : null;

/** Put a column where another one is; the others move on. */
function move(name: string, onto: string): void {
  const names = heads().map((head) => head.dataset.column ?? "");
  const [from, to] = [names.indexOf(name), names.indexOf(onto)];
  if (from < 0 || to < 0 || from === to) return;
  names.splice(to, 0, ...names.splice(from, 1));
  setProps("runs-columns", { value: names });
}

/** Write what the table shows into the address, unless the page is another one by now. */
function address(): void {
  const table = document.getElementById("runs-table");
  const query = table?.dataset.address;
  if (query === undefined || table?.dataset.written === query) return;
  if (table) table.dataset.written = query;
  const search = query && `?${query}`;
  if (location.search !== search)
    history.replaceState(history.state, "", location.pathname + search + location.hash);
}

/** A head that stands elsewhere by now lost the focus. */
function refocus(): void {
  const head = heads().find((one) => one.dataset.column === focused);
  if (focused !== null && document.activeElement === document.body)
    head?.querySelector("button")?.focus();
}

function show(): void {
  refocus();
  for (const head of heads()) if (!head.draggable) head.draggable = true;
  document.querySelectorAll<HTMLElement>("[data-curve]").forEach(drawCurve);
  address();
}

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element)) return;
  const by = target.closest<HTMLElement>("#runs-head [data-runs-sort]")?.dataset.runsSort;
  if (by) setProps("runs-sorted", { data: { by, at: Date.now() } });
  if (target.closest("[data-usual]")) setProps("runs-columns", { value: USUAL });
  // The panels close as menus do.
  const inside = target.closest("[data-portal]") || !document.contains(target);
  for (const panel of document.querySelectorAll<HTMLDetailsElement>("details.runs-columns[open]"))
    if (!panel.contains(target) && !inside) panel.open = false;
});

document.addEventListener("keydown", (event) => {
  const { target, key, altKey } = event;
  if (!(target instanceof Element)) return;
  const panel = target.closest<HTMLDetailsElement>("details.runs-columns[open]");
  if (panel && key === "Escape") {
    panel.open = false;
    panel.querySelector("summary")?.focus();
  }
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const head = target.closest<HTMLElement>("#runs-head [data-column]");
  if (!altKey || !step || !head) return;
  event.preventDefault(); // the browser would go back
  const all = heads();
  const [name, onto] = [nameOf(head), nameOf(all[all.indexOf(head) + step] ?? null)];
  focused = name;
  if (name && onto) move(name, onto);
});

document.addEventListener("focusin", ({ target }) => {
  const head = target instanceof Element ? target.closest("#runs-head [data-column]") : null;
  if (nameOf(head) !== focused) focused = null;
});

document.addEventListener("dragstart", ({ target }) => {
  const head = target instanceof Element ? target.closest("#runs-head [data-column]") : null;
  dragged = nameOf(head);
});
document.addEventListener("dragover", (event) => {
  const { target } = event;
  if (dragged && target instanceof Element && target.closest("#runs-head [data-column]"))
    event.preventDefault(); // it may be dropped here
});
document.addEventListener("drop", (event) => {
  const { target } = event;
  const onto = target instanceof Element ? target.closest("#runs-head [data-column]") : null;
  const name = nameOf(onto);
  if (dragged && name) {
    event.preventDefault();
    move(dragged, name);
  }
  dragged = null;
});

new MutationObserver(show).observe(document.documentElement, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["data-address", "data-curve"],
});
