// The frame of the page comes with Dash, after this script: what waits for it, waits here.

import { hasPage } from "./page.ts";

/** Call `act` with the place of the pages, once it is there; without a document never. */
export function framed(act: (page: HTMLElement) => void): void {
  if (!hasPage()) return;
  const begin = (): boolean => {
    const page = document.getElementById("shell-page");
    if (page) act(page);
    return page !== null;
  };
  if (begin()) return;
  const observer = new MutationObserver(() => begin() && observer.disconnect());
  observer.observe(document.documentElement, { childList: true, subtree: true });
}
