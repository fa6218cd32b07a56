// @ts-nocheck
// Ticking runs in the table of runs: what is ticked survives sorting, searching, and new rows.

const MOST = 10;
const ticked = new Set(); // ids of runs, in the order of ticking

function show() {
  const link = document.getElementById("runs-compare");
  if (!link) return;
  for (const box of document.querySelectorAll("[data-compare-run]")) {
    const on = String(ticked.has(box.dataset.compareRun));
    if (box.getAttribute("aria-checked") !== on) box.setAttribute("aria-checked", on);
  }
  link.hidden = !ticked.size;
  tell();
  const base = link.getAttribute("href").split("?")[0];
  const address = `${base}?runs=${[...ticked].join()}`;
  if (link.getAttribute("href") !== address) link.setAttribute("href", address);
  let text = ticked.size < 2 ? "Tick another run to compare" : `Compare ${ticked.size} runs`;
  if (ticked.size > MOST) text = `At most ${MOST} runs can be compared`;
  if (link.textContent !== text) link.textContent = text;
}

function tick(id) {
  if (!ticked.delete(id)) ticked.add(id);
  show();
}

/** Show the buttons for all that is ticked, and tell their callback what that is. */
function tell() {
  const bar = document.getElementById("runs-bulk");
  const now = [...ticked].join();
  if (!bar || bar.dataset.ticked === now) return;
  bar.dataset.ticked = now;
  bar.hidden = !ticked.size;
  window.dash_clientside?.set_props?.("runs-ticked", { data: [...ticked] });
}

/** Go to an address of ours without loading everything anew, as the other links do. */
function follow(event, link) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (ticked.size < 2 || ticked.size > MOST) return;
  history.pushState({}, "", link.href);
  window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  scrollTo(0, 0);
  ticked.clear();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-compare-run]");
  if (box) tick(box.dataset.compareRun);
  const link = event.target.closest?.("#runs-compare");
  if (link) follow(event, link);
  // Once the callback has them on their way, nothing is ticked any more.
  if (event.target.closest?.("#runs-archive-all, #runs-trash-all")) {
    setTimeout(() => {
      ticked.clear();
      show();
    }, 400);
  }
});

// Rows come and go by callbacks, which know nothing of what is ticked.
new MutationObserver(show).observe(document.documentElement, { childList: true, subtree: true });
