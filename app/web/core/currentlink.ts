// Which link of the frame leads to the page that is shown: marked here, not by the server, so that
// the frame is the same on every page of a run and stays as it is (app/frame.py).

let current = "";

const tabs = () => document.querySelectorAll<HTMLAnchorElement>(".shell-header .shell-tab");

/** Mark the tab and the entry of the menu that lead to a path; without one: to what is shown. */
export function markCurrent(path = current): void {
  for (const tab of tabs()) {
    const here = tab.pathname === path;
    if (mark(tab, "aria-current", here ? "page" : "false") && here) bringIntoSight(tab);
  }
  for (const item of document.querySelectorAll<HTMLAnchorElement>(".shell-pages a"))
    mark(item, "data-current", String(item.pathname === path));
}

/** Mark a link; false where it is marked so already. */
function mark(link: HTMLAnchorElement, name: string, value: string): boolean {
  if (link.getAttribute(name) === value) return false;
  link.setAttribute(name, value);
  return true;
}

// Wider windows have room for all tabs, and need not be measured.
const narrow = window.matchMedia("(max-width: 74.99em)");

/** Scroll the tabs to the one of the page where not all have room (shell.css). */
function bringIntoSight(tab: HTMLAnchorElement): void {
  if (narrow.matches) tab.scrollIntoView({ block: "nearest", inline: "center" });
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
