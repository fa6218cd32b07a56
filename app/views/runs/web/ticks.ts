// Ticking runs in the table of runs. Ticks survive sorting, searching and new rows; the bar acts on
// those in sight alone, and says how many more are ticked out of sight.

import { visit } from "#app/web/index.ts";

const MOST = 100; // app/data/aligned.py MOST_RUNS
const MOST_NAMED = 3;
const ticked = new Map<string, string>(); // id of a run -> its name, in the order of ticking
let shelf: boolean | null = null; // whether the trash is listed
let only = false; // whether nothing but what was ticked is listed
let whole: { match: string; ids: Set<string> } | null = null; // all that match, of every page
let told = ""; // what the server said last of those that match
let known: HTMLElement | null = null; // the bar, another one whenever the page is opened

const boxes = () => [...document.querySelectorAll<HTMLElement>("[data-compare-run]")];
/** Return the id and the name of the run of a box. */
const runOf = ({ dataset }: HTMLElement): [id: string, name: string] => [
  dataset.compareRun ?? "",
  dataset.name ?? "",
];
const setProps = (id: string, props: Record<string, unknown>) =>
  window.dash_clientside?.set_props?.(id, props);
const runs = (number: number) => `${number} run${number === 1 ? "" : "s"}`;

/**
 * Return the ids of the ticked runs in sight, in the order of the table; where all that match were
 * ticked at once, all of these.
 */
function seen(): string[] {
  const here = boxes().map((box) => runOf(box)[0]);
  const all = whole ? [...new Set([...whole.ids, ...here])] : here;
  return all.filter((id) => ticked.has(id));
}

/** Tick what the server says that matches; other runs match once the search is another one. */
function take(bar: HTMLElement): void {
  const { matched = "", match = "" } = bar.dataset;
  if (matched && matched !== told) {
    const given = JSON.parse(matched) as { match: string; runs: [string, string][] };
    if (given.match === match) {
      for (const [id, name] of given.runs) ticked.set(id, name);
      whole = { match, ids: new Set(given.runs.map(([id]) => id)) };
    }
  }
  told = matched;
  if (whole && whole.match !== match) whole = null;
}

/** Set a property where it differs: whatever is written here is observed below. */
function put<Name extends "textContent" | "title" | "hidden">(
  element: HTMLElement | null | undefined,
  name: Name,
  value: HTMLElement[Name],
): void {
  if (element && element[name] !== value) element[name] = value;
}

/** Say how much of what a box stands for is ticked, where it says something else. */
function check(element: Element | null, value: "true" | "false" | "mixed"): void {
  if (element && element.getAttribute("aria-checked") !== value)
    element.setAttribute("aria-checked", value);
}

function show(): void {
  const bar = document.getElementById("runs-bulk");
  if (!bar) return;
  if (bar !== known) {
    only = false;
    whole = null;
  }
  known = bar;
  // A run in the trash is another thing: nothing is done to both kinds at once.
  const trash = bar.dataset.shelf === "trash";
  if (shelf !== null && shelf !== trash) ticked.clear();
  shelf = trash;
  take(bar);
  const now = boxes();
  for (const box of now) {
    const [id, name] = runOf(box);
    if (ticked.has(id)) ticked.set(id, name);
    check(box, ticked.has(id) ? "true" : "false");
  }
  const shown = seen();
  const here = now.filter((box) => ticked.has(runOf(box)[0])).length;
  const all = document.querySelector("[data-choose-all]");
  check(all, !here ? "false" : here < now.length ? "mixed" : "true");
  offer(bar, now.length > 0 && here === now.length, shown.length);
  put(bar, "hidden", !ticked.size && !only);
  tell(bar, shown);
  link(shown.length);
  if (only && !ticked.size) list(null);
}

/** Offer to tick all that match where all in sight are ticked, and there are more. */
function offer(bar: HTMLElement, every: boolean, shown: number): void {
  const button = bar.querySelector<HTMLElement>("[data-bulk='matching']");
  const matching = Number(bar.dataset.matching);
  const most = Number(button?.dataset.most);
  const first = matching > most ? `the first ${most} of ${matching}` : `all ${matching}`;
  put(button, "textContent", `Select ${first} that match`);
  put(button, "hidden", !every || whole !== null || shown >= matching);
}

/** Say what the buttons are about, and what is ticked out of sight. */
function tell(bar: HTMLElement, shown: string[]): void {
  const names = shown.map((id) => ticked.get(id));
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const said = bar.querySelector<HTMLElement>("[data-bulk-said]");
  put(
    said,
    "textContent",
    shown.length
      ? `${runs(shown.length)} ticked${whole ? ", on all pages" : ""}: ${names.slice(0, MOST_NAMED).join(", ")}${more}`
      : "",
  );
  put(said, "title", names.join("\n"));
  put(bar.querySelector<HTMLElement>(".runs-bulk-acts"), "hidden", !shown.length);
  const away = [...ticked].filter(([id]) => !shown.includes(id));
  const hidden = bar.querySelector<HTMLElement>("[data-bulk-hidden]");
  const of = shown.length ? `${away.length} more` : runs(away.length);
  const search = document.querySelector<HTMLInputElement>("#runs-search");
  const why = search?.value ? "hidden by the search" : "on another page";
  put(hidden, "textContent", `${of} ticked, ${why}`);
  put(hidden, "title", away.map(([, name]) => name).join("\n"));
  put(hidden?.parentElement, "hidden", !away.length);
  put(bar.querySelector<HTMLElement>("[data-bulk='all']"), "hidden", !only);
}

/** The link to the comparison: reading harms nothing, so that it takes the hidden ones along. */
function link(shown: number): void {
  const found = document.getElementById("runs-compare");
  if (!found) return;
  const base = (found.getAttribute("href") ?? "").split("?")[0];
  put(found, "hidden", !ticked.size || Boolean(shelf));
  const address = `${base}?runs=${[...ticked.keys()].join()}`;
  if (found.getAttribute("href") !== address) found.setAttribute("href", address);
  const away = ticked.size - shown;
  let text = ticked.size < 2 ? "Tick another run to compare" : `Compare ${ticked.size} runs`;
  if (ticked.size > MOST) text = `At most ${MOST} runs can be compared`;
  else if (ticked.size > 1 && away) text += `, ${away} hidden`;
  put(found, "textContent", text);
}

function tick(box: HTMLElement): void {
  const [id, name] = runOf(box);
  if (!ticked.delete(id)) ticked.set(id, name);
  show();
}

function tickAll(): void {
  const now = boxes().map(runOf);
  const whole = now.every(([id]) => ticked.has(id));
  for (const [id, name] of now) {
    if (whole) ticked.delete(id);
    else ticked.set(id, name);
  }
  show();
}

/** List these runs alone, all runs for null. */
function list(ids: string[] | null): void {
  only = Boolean(ids);
  if (ids) setProps("runs-search", { value: "" });
  setProps("runs-only", { data: ids });
}

/** Do what a button of the bar says to the runs in sight; these are ticked no more. */
function act(name: string | undefined): void {
  if (name === "show") list([...ticked.keys()]);
  else if (name === "matching") setProps("runs-matching", { data: { at: Date.now() } });
  else if (name === "all") list(null);
  else {
    const shown = seen();
    if (name === "untick")
      [...ticked.keys()].forEach((id) => shown.includes(id) || ticked.delete(id));
    else if (shown.length) {
      shown.forEach((id) => ticked.delete(id));
      whole = null;
      setProps("runs-asked", { data: { act: name, runs: shown, at: Date.now() } });
    }
  }
  show();
}

/** Go to an address of ours without loading everything anew, as the other links do. */
function follow(event: MouseEvent, found: HTMLAnchorElement): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (ticked.size < 2 || ticked.size > MOST) return;
  visit(found.href);
  scrollTo(0, 0);
  ticked.clear();
  only = false;
}

document.addEventListener("click", (event) => {
  const { target } = event;
  if (!(target instanceof Element)) return;
  const box = target.closest<HTMLElement>("[data-compare-run]");
  if (box) tick(box);
  if (target.closest("[data-choose-all]")) tickAll();
  const button = target.closest<HTMLElement>("#runs-bulk [data-bulk]");
  if (button) act(button.dataset.bulk);
  const found = target.closest<HTMLAnchorElement>("#runs-compare");
  if (found) follow(event, found);
});

// Rows come and go by callbacks, which know nothing of what is ticked.
new MutationObserver(show).observe(document.documentElement, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["data-shelf", "data-matching", "data-match", "data-matched"],
});
