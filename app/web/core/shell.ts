// The frame: page titles, colours of the system, logging out.

import { connection } from "./connection.ts";
import { pageCame } from "./currentlink.ts";
import { follow } from "./navigation.ts";
import { say } from "./notices.ts";
import { offer } from "./page.ts";

const SCHEME = "mantine-color-scheme-value";

/** What of the frame stands there (app/frame.py), and the path of the page in it. */
interface Stands {
  path: string;
  parts: string[];
}

offer("shell", {
  /** Set the title of the document, bring the new page into view, and mark what leads to it. */
  arrived(title: string | null, stands: Stands | null): string | null {
    document.title = title ? `${title} · DeepTracker` : "DeepTracker";
    window.scrollTo(0, 0);
    pageCame(stands?.path ?? "");
    connection.ahead.standing(stands);
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

async function logOut(): Promise<void> {
  // A form that nobody answers would leave a page of the browser's own in the place of ours.
  const state = await connection.probe();
  if (state !== "online" && state !== "session") {
    say("You are still logged in: the server does not answer. Log out when it does.", {
      failed: true,
    });
    return;
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/logout";
  document.body.append(form);
  form.submit();
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const tab = event.target.closest<HTMLAnchorElement>("a.shell-tab");
  if (tab) follow(event, tab);
  if (event.target.closest("[data-scheme='auto']")) followSystem();
  if (event.target.closest("[data-log-out]")) logOut();
});
