// Which link of the frame leads to the page that is shown: marked here, not by the server, so that
// the frame is the same on every page of a run and stays as it is (app/frame.py).

let current = "";

const tabs = () => document.querySelectorAll<HTMLAnchorElement>(".shell-header .shell-tab");

/** Mark the tab and the entry of the menu that lead to a path; without one: to what is shown. */
export function markCurrent(path = current): void {
  for (const tab of tabs()) mark(tab, "aria-current", tab.pathname === path ? "page" : "false");
  for (const item of document.querySelectorAll<HTMLAnchorElement>(".shell-pages a"))
    mark(item, "data-current", String(item.pathname === path));
}

function mark(link: HTMLAnchorElement, name: string, value: string): void {
  if (link.getAttribute(name) !== value) link.setAttribute(name, value);
}

let watching = false;

/** Note the path of the page that has come, and mark what leads to it, also where links come later. */
export function pageCame(path: string): void {
  current = path;
  markCurrent();
  if (watching) return;
  watching = true;
  const watch = new MutationObserver(() => markCurrent());
  // A menu's list is in the portal while it is open; new links replace those of another page.
  for (const id of ["shell-tabs", "shell-path", "shell-portal"]) {
    const place = document.getElementById(id);
    if (place) watch.observe(place, { childList: true });
  }
}
