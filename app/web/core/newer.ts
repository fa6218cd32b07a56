// What a tab does when the server is another one than that which made its page: a newer build after
// an upgrade, or another store (a restored backup, another DATABASE_URL).
//
// The page says in a meta element by which build it was made, on which store (app/build.py); every
// request says so, every answer says who answers. A notice then stays until the page is reloaded,
// which only the person does: what is typed is kept. What another store answers is never shown, and
// the next link is followed as if it were typed, so that the page comes anew; links to runs of the
// store before lead nowhere.

import { connection, type Notice } from "./connection.ts";
import { onPush } from "./navigation.ts";
import { hasPage } from "./page.ts";

const ANSWERS = "X-DeepTracker-Build";
const ASKS = "X-DeepTracker-Page";
const CALLBACK = "/_dash-update-component";
const OF_RUNS = /\/(run\/\d|compare\b)/;
const TEXTS = {
  build:
    "DeepTracker was updated. Reload the page to use the new version; what you have typed is kept until then.",
  store:
    "The server now shows another database than the one this page was loaded from. " +
    "Reload the page to see it; what you have typed is kept until then.",
};

/** What is another one than that which made the page. */
type Other = keyof typeof TEXTS;

const own = hasPage() ? ownBuild() : "";
let stale: Other | null = null; // "build" or "store" once that was seen; never again null
let shown = hasPage() ? location.pathname : ""; // the page that is there

/** Return by which build the page was made, on which store; "" where it does not say. */
function ownBuild(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=deeptracker-page]")?.content || "";
}

/** Take note that the server is another one, and say so; `kind` is "build" or "store". */
function found(kind: Other): void {
  if (stale === "store" || stale === kind) return;
  stale = kind;
  say();
}

function say() {
  const notice = {
    kind: "newer",
    text: TEXTS[stale!],
    button: "Reload",
    act: () => location.reload(),
  };
  if (connection?.say) connection.say(notice);
  else banner(notice);
}

/** Show the notice; said once more, it is read out once more. */
function banner({ text, button, act }: Required<Pick<Notice, "text" | "button" | "act">>): void {
  document.querySelector(".newer")?.remove();
  const place = document.createElement("div");
  place.className = "newer";
  place.setAttribute("role", "alert");
  const words = document.createElement("span");
  words.textContent = text;
  const reload = document.createElement("button");
  reload.type = "button";
  reload.textContent = button;
  reload.addEventListener("click", act);
  place.append(words, reload);
  document.body.append(place);
}

/** Look at who answered; returns whether the answer may be shown on this page. */
function check(answer: Response): boolean {
  const theirs = answer.headers.get(ANSWERS);
  if (!own || !theirs || theirs === own) return true;
  const [[build, store], [newBuild, newStore]] = [own.split("-"), theirs.split("-")];
  const other = Boolean(store && newStore && store !== newStore);
  if (other) found("store");
  else if (build !== newBuild) found("build");
  return !other;
}

const addressOf = (input: RequestInfo | URL): URL =>
  new URL(
    typeof input === "string" ? input : (input as Request).url || String(input),
    location.href,
  );

/** Let every request say which page asks, and look at every answer. */
function watchRequests(): void {
  const plainFetch = window.fetch;
  window.fetch = async (input: RequestInfo | URL, options: RequestInit = {}) => {
    const address = addressOf(input);
    if (!own || address.origin !== location.origin) return plainFetch.call(window, input, options);
    const headers = new Headers(
      options.headers || (input instanceof Request ? input.headers : undefined),
    );
    headers.set(ASKS, own);
    const answer = await plainFetch.call(window, input, { ...options, headers });
    // The page stays as it is: 204 tells Dash that nothing has changed.
    if (!check(answer) && address.pathname.endsWith(CALLBACK))
      return new Response(null, { status: 204 });
    return answer;
  };
}

/** Let the page of a link come as a whole; one to a run of the store before leads nowhere. */
function follow(event: MouseEvent): void {
  const link =
    stale && event.target instanceof Element && event.target.closest<HTMLAnchorElement>("a[href]");
  if (!link || link.origin !== location.origin) return;
  if (link.pathname === location.pathname && link.hash) return;
  const { button, ctrlKey, metaKey, shiftKey, altKey } = event;
  const elsewhere =
    button ||
    ctrlKey ||
    metaKey ||
    shiftKey ||
    altKey ||
    link.target ||
    link.hasAttribute("download");
  const another = stale === "store" && OF_RUNS.test(link.pathname);
  if (elsewhere && !another) return;
  event.stopImmediatePropagation(); // React does not hear of it
  if (!another) return;
  event.preventDefault(); // its number means another run there
  say();
}

function watchLinks(): void {
  for (const name of ["click", "auxclick"] as const) window.addEventListener(name, follow, true);
  // Back and forward, too: the callback that would fill the page is not answered any more.
  window.addEventListener("popstate", () => {
    if (stale === "store" && location.pathname !== shown) location.reload();
    shown = location.pathname;
  });
  onPush(() => (shown = location.pathname));
}

if (hasPage()) {
  watchRequests();
  watchLinks();
}

export const newer = { check, found, stale: () => stale };
