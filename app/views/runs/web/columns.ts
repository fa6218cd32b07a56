// The table of runs: its address, the groups that fold, the small curves.

import { drawCurve } from "./curve.ts";

const setProps = (id: string, props: Record<string, unknown>) =>
  window.dash_clientside?.set_props?.(id, props);

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
  document.querySelectorAll<HTMLElement>("[data-curve]").forEach(drawCurve);
  address();
}

document.addEventListener("click", ({ target }) => {
  const button = target instanceof Element && target.closest<HTMLElement>("[data-fold]");
  if (!button) return;
  const open = [...document.querySelectorAll<HTMLElement>("[data-fold][aria-expanded='true']")];
  const names = new Set(open.map(({ dataset }) => dataset.fold));
  if (!names.delete(button.dataset.fold)) names.add(button.dataset.fold);
  setProps("runs-unfolded", { data: [...names] });
});

new MutationObserver(show).observe(document.documentElement, {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["data-address", "data-curve"],
});
