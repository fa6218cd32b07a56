// Tables whose heads sort (a click), move (dragged, Alt+arrow), widen (their edge, Alt+Shift+arrow)
// and stay in sight (Alt+P); on a phone every row is a card. app/components/data_table.py makes them.

import { type Facts, rules } from "./tablerules.ts";

const LEAST = 40; // px
const MOST = 1200;
const STEP = 16;
const HEAD = "[data-table] [data-column]";

const setProps = (id: string, props: Record<string, unknown>) =>
  window.dash_clientside?.set_props?.(id, props);
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);
let written = "";
let dragged: HTMLElement | null = null;
let focused: string | null = null; // the column that the keyboard moves: it keeps the focus
let widening: { head: HTMLElement; from: number; x: number; width: number } | null = null;

const tableOf = (head: Element): HTMLElement | null => head.closest<HTMLElement>("[data-table]");
const headOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>(HEAD) : null;
const nameOf = (head: HTMLElement | null): string => head?.dataset.column ?? "";
const headsOf = (table: HTMLElement): HTMLElement[] => [
  ...table.querySelectorAll<HTMLElement>("[data-column]"),
];

/** Tell the server what the columns of a table are now. */
function tell(table: HTMLElement, part: string, value: unknown): void {
  const property = part === "columns" || part === "pinned" ? "value" : "data";
  setProps(`${table.dataset.table}-${part}`, { [property]: value });
}

/** Put a column where another one is; the others move on. */
function move(head: HTMLElement, onto: HTMLElement): void {
  const table = tableOf(head);
  if (!table || tableOf(onto) !== table) return;
  const names = headsOf(table).map(nameOf);
  const [from, to] = [names.indexOf(nameOf(head)), names.indexOf(nameOf(onto))];
  if (from < 0 || to < 0 || from === to) return;
  names.splice(to, 0, ...names.splice(from, 1));
  tell(table, "columns", names);
}

/** Make a column so wide, null: as wide as its content. */
function widen(head: HTMLElement, width: number | null): void {
  const table = tableOf(head);
  if (!table) return;
  const widths: Record<string, number> = {};
  for (const one of headsOf(table))
    if (one.dataset.width) widths[nameOf(one)] = Number(one.dataset.width);
  if (width === null) delete widths[nameOf(head)];
  else widths[nameOf(head)] = Math.min(Math.max(Math.round(width), LEAST), MOST);
  if (width === null) delete head.dataset.width;
  else head.dataset.width = String(widths[nameOf(head)]);
  show();
  tell(table, "widths", widths);
}

/** Let a column stay in sight while the others scroll, or no longer. */
function pin(head: HTMLElement): void {
  const table = tableOf(head);
  if (!table) return;
  const others = headsOf(table).filter((one) => one !== head && one.dataset.pinned === "true");
  const names = others.map(nameOf);
  if (head.dataset.pinned !== "true") names.push(nameOf(head));
  tell(table, "pinned", names);
}

/** Sort by a column; what is sorted by it is turned round. */
function sort(button: HTMLElement): void {
  const head = headOf(button);
  const table = head && tableOf(head);
  if (!table) return;
  const now = head.getAttribute("aria-sort");
  const descending = now === "none" ? button.dataset.first === "descending" : now === "ascending";
  tell(table, "order", { by: button.dataset.sortBy, descending });
}

/** Return what the rules of a table are made of. */
function factsOf(table: HTMLElement): Facts {
  // Only what stays in sight is measured: that lays the page out.
  const measured = table.querySelector("[data-column][data-pinned=true]") !== null;
  const columns = headsOf(table).map((head) => ({
    place: [...(head.parentElement?.children ?? [])].indexOf(head) + 1,
    title: head.textContent ?? "",
    width: head.dataset.width ? Number(head.dataset.width) : null,
    pinned: head.dataset.pinned === "true",
    drawn: head.dataset.pinned === "true" ? head.offsetWidth : 0,
  }));
  const frame = measured ? (table.parentElement?.clientWidth ?? 0) : 0;
  return { name: table.dataset.table ?? "", columns, frame };
}

/** Draw the columns as wide as they are set, and those in sight beside each other. */
function show(): void {
  const tables = [...document.querySelectorAll<HTMLElement>("[data-table]")];
  if (!tables.length) return; // rules of a table that is not there do no harm; a new sheet styles all anew
  for (const table of tables) {
    for (const head of headsOf(table)) if (!head.draggable) head.draggable = true;
    refocus(table);
  }
  const text = tables.map((table) => rules(factsOf(table))).join("\n");
  if (text === written) return;
  written = text;
  sheet.replaceSync(text);
}

/** A head that stands elsewhere by now lost the focus. */
function refocus(table: HTMLElement): void {
  if (focused === null || document.activeElement !== document.body) return;
  const head = headsOf(table).find((one) => nameOf(one) === focused);
  head?.querySelector<HTMLElement>("button, [tabindex]")?.focus();
}

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element)) return;
  const button = target.closest<HTMLElement>("[data-table] [data-sort-by]");
  if (button) sort(button);
  const usual = target.closest<HTMLElement>("[data-usual]");
  const name = usual?.closest("details")?.querySelector("summary")?.id.split("-")[0];
  if (usual && name) {
    setProps(`${name}-columns`, { value: usual.dataset.usual?.split(" ") });
    setProps(`${name}-widths`, { data: {} });
    setProps(`${name}-pinned`, { value: [] });
  }
  // The panels close as menus do.
  const inside = target.closest("[data-portal]") || !document.contains(target);
  for (const panel of document.querySelectorAll<HTMLDetailsElement>("details.dt-columns[open]"))
    if (!panel.contains(target) && !inside) panel.open = false;
});

document.addEventListener("keydown", (event) => {
  const { target, key, altKey, shiftKey, code } = event;
  if (!(target instanceof Element)) return;
  const panel = target.closest<HTMLDetailsElement>("details.dt-columns[open]");
  if (panel && key === "Escape") {
    panel.open = false;
    panel.querySelector("summary")?.focus();
  }
  const head = headOf(target);
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (!altKey || !head || !(step || code === "KeyP")) return;
  event.preventDefault(); // the browser would go back
  focused = nameOf(head);
  if (!step) pin(head);
  else if (shiftKey) widen(head, head.offsetWidth + step * STEP);
  else {
    const all = headsOf(tableOf(head)!);
    const onto = all[all.indexOf(head) + step];
    if (onto) move(head, onto);
  }
});

document.addEventListener("focusin", ({ target }) => {
  if (nameOf(headOf(target)) !== focused) focused = null;
});

const onGrip = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches(".dt-grip");

document.addEventListener("pointerdown", (event) => {
  const head = headOf(event.target);
  if (!head || !onGrip(event.target)) return;
  event.preventDefault();
  (event.target as Element).setPointerCapture(event.pointerId);
  widening = { head, from: head.offsetWidth, x: event.clientX, width: head.offsetWidth };
});
document.addEventListener("pointermove", ({ clientX }) => {
  if (!widening) return;
  const width = widening.from + clientX - widening.x;
  widening.width = Math.min(Math.max(Math.round(width), LEAST), MOST);
  widening.head.dataset.width = String(widening.width);
  show();
});
document.addEventListener("pointerup", () => {
  if (widening && widening.width !== widening.from) widen(widening.head, widening.width);
  widening = null;
});
document.addEventListener("dblclick", ({ target }) => {
  const head = headOf(target);
  if (head && onGrip(target)) widen(head, null);
});

document.addEventListener("dragstart", (event) => {
  if (widening) event.preventDefault();
  dragged = widening ? null : headOf(event.target);
});
document.addEventListener("dragover", (event) => {
  if (dragged && headOf(event.target)) event.preventDefault(); // it may be dropped here
});
document.addEventListener("drop", (event) => {
  const onto = headOf(event.target);
  if (dragged && onto) {
    event.preventDefault();
    move(dragged, onto);
  }
  dragged = null;
});

// Once a frame: how wide columns are asks for a layout.
let due = false;
function soon(): void {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    show();
  });
}
addEventListener("resize", soon);
new MutationObserver(soon).observe(document.documentElement, { childList: true, subtree: true });
