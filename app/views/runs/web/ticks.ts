// @ts-nocheck
// Ticking runs in the table of runs. Ticks survive sorting, searching and new rows; the bar acts on
// those in sight alone, and says how many more are ticked out of sight.

const MOST = 10;
const MOST_NAMED = 3;
const ticked = new Map(); // id of a run -> its name, in the order of ticking
let shelf = null;
let only = false; // whether nothing but what was ticked is listed
let known = null; // the bar, another one whenever the page is opened

const boxes = () => [...document.querySelectorAll("[data-compare-run]")];
const setProps = (id, props) => window.dash_clientside?.set_props?.(id, props);
const runs = (number) => `${number} run${number === 1 ? "" : "s"}`;

/** Return the ids of the ticked runs in sight, in the order of the table. */
const seen = () =>
  boxes()
    .map((box) => box.dataset.compareRun)
    .filter((id) => ticked.has(id));

/** Set a property or attribute where it differs: whatever is written here is observed below. */
function put(element, name, value) {
  if (!element) return;
  if (name in element ? element[name] === value : element.getAttribute(name) === String(value))
    return;
  if (name in element) element[name] = value;
  else element.setAttribute(name, value);
}

function show() {
  const bar = document.getElementById("runs-bulk");
  if (!bar) return;
  if (bar !== known) only = false;
  known = bar;
  // A run in the trash is another thing: nothing is done to both kinds at once.
  const trash = bar.dataset.shelf === "trash";
  if (shelf !== null && shelf !== trash) ticked.clear();
  shelf = trash;
  const now = boxes();
  for (const box of now) {
    const { compareRun: id, name } = box.dataset;
    if (ticked.has(id)) ticked.set(id, name);
    put(box, "aria-checked", ticked.has(id));
  }
  const shown = seen();
  const all = document.querySelector("[data-choose-all]");
  put(all, "aria-checked", !shown.length ? "false" : shown.length < now.length ? "mixed" : "true");
  put(bar, "hidden", !ticked.size && !only);
  tell(bar, shown);
  link(shown.length);
  if (only && !ticked.size) list(null);
}

/** Say what the buttons are about, and what is ticked out of sight. */
function tell(bar, shown) {
  const names = shown.map((id) => ticked.get(id));
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  const said = bar.querySelector("[data-bulk-said]");
  put(
    said,
    "textContent",
    shown.length
      ? `${runs(shown.length)} ticked: ${names.slice(0, MOST_NAMED).join(", ")}${more}`
      : "",
  );
  put(said, "title", names.join("\n"));
  put(bar.querySelector(".runs-bulk-acts"), "hidden", !shown.length);
  const away = [...ticked].filter(([id]) => !shown.includes(id));
  const hidden = bar.querySelector("[data-bulk-hidden]");
  const of = shown.length ? `${away.length} more` : runs(away.length);
  const why = document.getElementById("runs-search")?.value
    ? "hidden by the search"
    : "on another page";
  put(hidden, "textContent", `${of} ticked, ${why}`);
  put(hidden, "title", away.map(([, name]) => name).join("\n"));
  put(hidden?.parentElement, "hidden", !away.length);
  put(bar.querySelector("[data-bulk='all']"), "hidden", !only);
}

/** The link to the comparison: reading harms nothing, so that it takes the hidden ones along. */
function link(shown) {
  const found = document.getElementById("runs-compare");
  if (!found) return;
  const base = found.getAttribute("href").split("?")[0];
  put(found, "hidden", !ticked.size || Boolean(shelf));
  const address = `${base}?runs=${[...ticked.keys()].join()}`;
  if (found.getAttribute("href") !== address) found.setAttribute("href", address);
  const away = ticked.size - shown;
  let text = ticked.size < 2 ? "Tick another run to compare" : `Compare ${ticked.size} runs`;
  if (ticked.size > MOST) text = `At most ${MOST} runs can be compared`;
  else if (ticked.size > 1 && away) text += `, ${away} hidden`;
  put(found, "textContent", text);
}

function tick(box) {
  const { compareRun: id, name } = box.dataset;
  if (!ticked.delete(id)) ticked.set(id, name);
  show();
}

function tickAll() {
  const now = boxes();
  const whole = now.every(({ dataset }) => ticked.has(dataset.compareRun));
  for (const { dataset } of now) {
    if (whole) ticked.delete(dataset.compareRun);
    else ticked.set(dataset.compareRun, dataset.name);
  }
  show();
}

/** List these runs alone, all runs for null. */
function list(ids) {
  only = Boolean(ids);
  if (ids) setProps("runs-search", { value: "" });
  setProps("runs-only", { data: ids });
}

/** Do what a button of the bar says to the runs in sight; these are ticked no more. */
function act(name) {
  if (name === "show") list([...ticked.keys()]);
  else if (name === "all") list(null);
  else {
    const shown = seen();
    if (name === "untick")
      [...ticked.keys()].forEach((id) => shown.includes(id) || ticked.delete(id));
    else if (shown.length) {
      shown.forEach((id) => ticked.delete(id));
      setProps("runs-asked", { data: { act: name, runs: shown, at: Date.now() } });
    }
  }
  show();
}

/** Go to an address of ours without loading everything anew, as the other links do. */
function follow(event, found) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (ticked.size < 2 || ticked.size > MOST) return;
  history.pushState({}, "", found.href);
  window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  scrollTo(0, 0);
  ticked.clear();
  only = false;
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest?.(selector);
  const box = at("[data-compare-run]");
  if (box) tick(box);
  if (at("[data-choose-all]")) tickAll();
  const button = at("#runs-bulk [data-bulk]");
  if (button) act(button.dataset.bulk);
  const found = at("#runs-compare");
  if (found) follow(event, found);
});

// Rows come and go by callbacks, which know nothing of what is ticked.
new MutationObserver(show).observe(document.documentElement, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["data-shelf"],
});
