// The menu "Download" of a panel: the full data of its charts as CSV and Parquet, its picture.
//
// A chart that has a table says so by its option `table`: the template of the address of its data;
// a panel that is one, by data-table.
// The file comes from the server, complete, whatever the chart shows of it.

import { addressOf, chartRegistry, live, make, marks } from "#app/web/index.ts";
import { panelPicture } from "./picture.ts";

const FORMS = { csv: "CSV", parquet: "Parquet" };
const PICTURES = { png: "PNG", svg: "SVG" };
let menu: { element: HTMLElement; button: HTMLElement } | null = null;

const safe = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 60);

/** Return the address of a table: that of the data, as a file. */
function address(template: string, form: string): string {
  const [path, query] = addressOf(template).split("?");
  const kept = new URLSearchParams(query);
  kept.delete("v");
  const given = kept.toString();
  return `${path}/table.${form}${given ? `?${given}` : ""}`;
}

// A button of the menu stands in what it is about.
const panelOf = (button: HTMLElement): HTMLElement =>
  button.closest<HTMLElement>(".dt-panel, [data-downloads]")!;
const titleOf = (panel: HTMLElement): string =>
  panel.querySelector("h1, h2, h3")?.textContent.trim() || panel.dataset.downloads || "chart";

/** Return the tables of a panel, {template of the address: name}. */
function tablesOf(panel: HTMLElement): Map<string, string> {
  const found = new Map<string, string>();
  if (panel.dataset.table) found.set(panel.dataset.table, "Data");
  for (const element of panel.querySelectorAll<HTMLElement>("[data-chart]")) {
    const chart = chartRegistry.of(element);
    const table = chart?.options.table;
    if (!table || element.dataset.state === "message") continue;
    found.set(table, "Data");
    // The curves have beside them what has a name on their axis.
    const base = chart.handler.hasMarks && live.baseOf(table);
    if (base && marks.of(base).length) found.set(`${base}marks`, "Events");
  }
  return found;
}

function items(panel: HTMLElement): HTMLElement[] {
  const made: HTMLElement[] = [];
  for (const [template, name] of tablesOf(panel)) {
    for (const [form, word] of Object.entries(FORMS)) {
      const link = make("a", "export-item", `${name}, ${word}`);
      link.href = address(template, form);
      link.download = "";
      made.push(link);
    }
  }
  if (panelPicture.has(panel)) {
    for (const [form, word] of Object.entries(PICTURES) as [keyof typeof PICTURES, string][]) {
      const button = make("button", "export-item", `Picture, ${word}`);
      button.type = "button";
      button.addEventListener("click", () => keep(panel, form));
      made.push(button);
    }
  }
  for (const item of made) {
    item.setAttribute("role", "menuitem");
    item.tabIndex = -1;
  }
  return made;
}

async function keep(panel: HTMLElement, form: keyof typeof PICTURES): Promise<void> {
  const title = titleOf(panel);
  const page = location.pathname.split("/").filter(Boolean);
  const name = [...page, title].map(safe).filter(Boolean).join("-");
  // The document's title says run and page; the page may be what the panel is called.
  const words = [
    title,
    ...document.title
      .split(" · ")
      .slice(0, -1)
      .filter((word) => word !== title),
  ];
  const blob = await panelPicture[form](panel, words.join(" · "));
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}

function close({ focus = false } = {}): void {
  if (!menu) return;
  menu.element.remove();
  menu.button.setAttribute("aria-expanded", "false");
  if (focus) menu.button.focus();
  menu = null;
}

function open(button: HTMLElement): void {
  close();
  const element = make("div", "export-menu");
  element.setAttribute("role", "menu");
  element.setAttribute("aria-label", `Download ${titleOf(panelOf(button))}`);
  const found = items(panelOf(button));
  if (found.length) element.append(...found);
  else element.append(make("p", "dt-soft", "There is nothing to download yet."));
  document.getElementById("shell-portal")!.append(element);
  const place = button.getBoundingClientRect();
  const box = element.getBoundingClientRect();
  const below = place.bottom + 4 + box.height <= innerHeight;
  const left = Math.min(Math.max(8, place.right - box.width), innerWidth - box.width - 8);
  element.style.left = `${left + scrollX}px`;
  element.style.top = `${(below ? place.bottom + 4 : place.top - 4 - box.height) + scrollY}px`;
  button.setAttribute("aria-expanded", "true");
  menu = { element, button };
  found[0]?.focus();
}

// What a whole run can be had as, on its overview: closes as menus do.
function closeWhole(keep: Element | null, focus = false): void {
  for (const one of document.querySelectorAll<HTMLDetailsElement>(
    "details.overview-export[open]",
  )) {
    if (one.contains(keep) && !keep?.closest(".overview-export-item")) continue;
    one.open = false;
    if (focus) one.querySelector("summary")?.focus();
  }
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  closeWhole(event.target);
  const button = event.target.closest<HTMLElement>("[data-download]");
  if (button && menu?.button !== button) open(button);
  else if (!menu?.element.contains(event.target) || event.target.closest(".export-item"))
    close({ focus: Boolean(button) });
});

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape") closeWhole(null, true);
    if (!menu) return;
    const found = [...menu.element.querySelectorAll<HTMLElement>(".export-item")];
    const at = found.indexOf(document.activeElement as HTMLElement);
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + found.length,
      Home: 0,
      End: found.length - 1,
    }[event.key];
    if (to !== undefined && found.length) found[to % found.length].focus();
    else if (event.key === "Escape") close({ focus: true });
    else if (event.key === "Tab") {
      close();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);
