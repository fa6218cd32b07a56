// While a page cannot be opened, address, tab and title say the page that was asked for, and its
// place says when it opens: never one page under the address of another.

import { connection } from "./connection.ts";
import { markCurrent } from "./currentlink.ts";

const WHEN = {
  offline: "opens as soon as there is a network again.",
  server: "opens as soon as the server answers.",
  database: "opens as soon as the server reaches its database again.",
  session: "opens as soon as you are logged in again.",
  online: "did not open: the connection broke while the server made the page.",
};

const LONGEST_MS = 1_000; // from the answer to the page

/** What lies in the page's place, and what was before. */
interface Cover {
  element: HTMLElement;
  /** The address of the page that was shown, and its title. */
  shown: string | null;
  title: string;
  /** Whether it goes as soon as the new page is there. */
  lifting?: boolean;
}
let cover: Cover | null = null;

const tabs = () => document.querySelectorAll<HTMLAnchorElement>(".shell-header .shell-tab");

function nameOf(path: string): string {
  const link = [...tabs(), ...document.querySelectorAll<HTMLAnchorElement>(".shell-header a")].find(
    ({ pathname }) => pathname === path,
  );
  return link?.textContent.trim() || "This page";
}

function lay() {
  const element = document.createElement("div");
  element.className = "connection-cover";
  element.setAttribute("role", "status");
  cover = { element, shown: connection.shown(), title: document.title };
  const page = document.getElementById("shell-page")!;
  page.dataset.waits = "true";
  page.before(element);
  window.scrollTo(0, 0);
}

function lift() {
  if (!cover) return;
  delete document.getElementById("shell-page")!.dataset.waits;
  cover.element.remove();
  cover = null;
}

/** One came back to the page that is still there, or the new one has been answered. */
function uncover() {
  if (!cover || cover.lifting) return;
  if (connection.shown() === cover.shown) {
    document.title = cover.title;
    markCurrent();
    lift();
    return;
  }
  cover.lifting = true;
  const observer = new MutationObserver(done);
  observer.observe(document.getElementById("shell-page")!, { childList: true, subtree: true });
  const late = setTimeout(done, LONGEST_MS);
  function done() {
    observer.disconnect();
    clearTimeout(late);
    lift();
  }
}

function say({ stuck }: { stuck?: boolean }): void {
  const name = nameOf(location.pathname);
  const state = stuck ? "online" : connection.state;
  const text = `${name} ${WHEN[state]}`;
  markCurrent(location.pathname); // that of the page is marked when it is there
  if (document.title !== `${name} · DeepTracker`) document.title = `${name} · DeepTracker`;
  if (cover!.element.dataset.text === text) return;
  cover!.element.dataset.text = text;
  const words = Object.assign(document.createElement("p"), { textContent: text });
  cover!.element.replaceChildren(words);
  if (!stuck) return;
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "dt-button",
    textContent: "Try again",
  });
  button.addEventListener("click", () => connection.retry());
  cover!.element.append(button);
}

connection.subscribe(() => {
  const asked = connection.page();
  if (!asked) uncover();
  else if (!document.getElementById("shell-page"))
    return; // before the first page
  else if (asked.stuck || connection.state !== "online") {
    if (!cover) lay();
    say(asked);
  }
});
