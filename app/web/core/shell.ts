// The frame: page titles, colours of the system, logging out, and what a lost session looks like.

import { offer } from "./page.ts";

const SCHEME = "mantine-color-scheme-value";

offer("shell", {
  /** Set the title of the document, and bring the new page into view. */
  title(title: string | null): string | null {
    document.title = title ? `${title} · DeepTracker` : "DeepTracker";
    window.scrollTo(0, 0);
    return title;
  },
});

function followSystem() {
  localStorage.setItem(SCHEME, "auto");
  // As if another tab had chosen it: Mantine listens to that.
  window.dispatchEvent(
    new StorageEvent("storage", {
      key: SCHEME,
      newValue: "auto",
      storageArea: localStorage,
    }),
  );
}

function logOut() {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/logout";
  document.body.append(form);
  form.submit();
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("[data-scheme='auto']")) followSystem();
  if (event.target.closest("[data-log-out]")) logOut();
});

// A callback that is refused because the session is over leads to the login page, and back.
const plainFetch = window.fetch;
window.fetch = async (input, options) => {
  const answer = await plainFetch.call(window, input, options);
  const address = input instanceof Request ? input.url : String(input);
  if (answer.status === 401 && address.includes("/_dash-update-component")) {
    const here = location.pathname + location.search;
    location.assign(`/login?next=${encodeURIComponent(here)}`);
  }
  return answer;
};
