// Changes of the page's address: going to another one of ours, and hearing that a link went there.

/** Go to an address of ours without loading everything: dcc.Location hears it like back and forward. */
export function visit(href: string): void {
  history.pushState({}, "", href);
  window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
}

/** Go where a link of the page leads, as Dash's own links do. */
export function follow(event: MouseEvent, link: HTMLAnchorElement): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // another tab
  event.preventDefault();
  history.pushState({}, "", link.href);
  window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  window.scrollTo(0, 0);
}

/**
 * Call `listener` when an entry was added to the history: by a link of Dash, by `visit`, by us.
 * Back and forward are the browser's own `popstate`.
 */
export function onPush(listener: () => void): void {
  // Browsers of before 2026 may lack it: there a page hears of its address when its charts appear.
  window.navigation?.addEventListener("currententrychange", ({ navigationType }) => {
    if (navigationType === "push") listener();
  });
}
