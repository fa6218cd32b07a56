// The heads of the table of runs: a click sorts, dragging or Alt+arrow moves a column; the address
// says what the table shows, and the error of a run over time is drawn small.

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
const WIDTH = 96;
const HEIGHT = 22;
let dragged: string | null = null;

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

/** Return the path of the values of a curve from left to right; a gap where one is missing. */
export function curvePath(values: number[], width: number, height: number): string {
  const there = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...there), Math.max(...there)];
  const span = high - low || 1;
  let path = "";
  let pen = "M";
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return;
    }
    const x = values.length > 1 ? (at / (values.length - 1)) * (width - 2) + 1 : width / 2;
    const y = height - 2 - ((value - low) / span) * (height - 4);
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return path;
}

function draw(place: HTMLElement): void {
  const given = place.dataset.curve ?? "";
  if (place.dataset.drawn === given) return;
  place.dataset.drawn = given;
  const values = given.split(",").map((text) => (text === "" ? Number.NaN : Number(text)));
  const there = values.filter(Number.isFinite);
  if (!there.length) {
    place.textContent = "–";
    return;
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const first = there[0] ?? 0;
  const last = there.at(-1) ?? 0;
  const name = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(name, "svg");
  const path = document.createElementNS(name, "path");
  const said = `Error from ${percent(first)} to ${percent(last)}, least ${percent(Math.min(...there))}`;
  for (const [key, value] of Object.entries({
    width: WIDTH,
    height: HEIGHT,
    role: "img",
    "aria-label": said,
  }))
    svg.setAttribute(key, String(value));
  path.setAttribute("d", curvePath(values, WIDTH, HEIGHT));
  svg.append(path);
  place.title = said;
  place.replaceChildren(svg);
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

function show(): void {
  for (const head of heads()) if (!head.draggable) head.draggable = true;
  document.querySelectorAll<HTMLElement>("[data-curve]").forEach(draw);
  address();
}

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element)) return;
  const by = target.closest<HTMLElement>("#runs-head [data-sort]")?.dataset.sort;
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
  if (name && onto) move(name, onto);
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
