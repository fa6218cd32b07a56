// The help: a dialog with the keys and the words of the page that is open.

import { make } from "../base/elements.ts";
import { keysHere, keyTable, nameOfKey, writes } from "../core/keys.ts";
import { hasPage } from "../core/page.ts";
import { helpOf, pageAt } from "./facts.ts";
import { tour } from "./tour.ts";

function keyPart(): HTMLElement[] {
  return keysHere(document).flatMap(({ title, lines }) => [
    make("h4", "", title),
    make(
      "dl",
      "help-keys",
      ...lines.map(({ keys, says }) =>
        make(
          "div",
          "",
          make("dt", "", ...keys.map((key) => make("kbd", "", nameOfKey(key)))),
          make("dd", "", says),
        ),
      ),
    ),
  ]);
}

function wordPart(words: readonly [word: string, meaning: string][]): HTMLElement[] {
  if (!words.length) return [];
  const rows = words.map(([word, meaning]) =>
    make("div", "", make("dt", "", word), make("dd", "", meaning)),
  );
  return [make("h3", "", "Words"), make("dl", "help-words", ...rows)];
}

function button(text: string, act: () => void, kind = ""): HTMLButtonElement {
  const made = make("button", kind, text);
  made.addEventListener("click", act);
  return made;
}

/** Show the help of the page as it is now. */
export function openHelp(): void {
  if (document.querySelector("dialog[open]")) return;
  const { about, words } = helpOf(pageAt(location.pathname));
  const title = make("h2", "", `Help: ${document.title.replace(/ · DeepTracker$/, "")}`);
  title.id = "help-title";
  const dialog = make("dialog", "help-dialog");
  const close = button("×", () => dialog.close(), "help-close");
  close.setAttribute("aria-label", "Close the help");
  const start = button(
    tour.isDone() ? "Take the tour again" : "Take the tour: five steps",
    () => {
      dialog.close();
      tour.start();
    },
    "help-start",
  );
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(
    make("div", "help-head", title, close),
    ...(about ? [make("p", "", about)] : []),
    start,
    make("h3", "", "Keys"),
    ...keyPart(),
    ...wordPart(words),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const pressed = keyTable<null>({ title: "Anywhere", within: "body" }, [
  { keys: ["?"], says: "open this help", act: openHelp },
]);

if (hasPage()) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || writes(event.target)) return;
    if (pressed(null, event)) event.preventDefault();
  });
  document.addEventListener("click", ({ target }) => {
    const what = target instanceof Element && target.closest<HTMLElement>("[data-help]");
    if (!what) return;
    if (what.dataset.help === "tour") tour.start();
    else openHelp();
  });
}
