// The elements of the panel of annotations: its head, what narrows the list, and where the rest goes.

import { make, makeChoices } from "#app/web/index.ts";
import { annotationStore } from "./store.ts";
import * as annotationParts from "./text.ts";

type Shown = typeof annotationStore.state.show;

const SHOWN: Record<Shown, string> = { open: "Open", resolved: "Resolved", all: "All" };

/** The panel and what of it changes. */
export interface Panel {
  element: HTMLElement;
  list: HTMLElement;
  search: HTMLInputElement;
  which: HTMLSelectElement;
  write: HTMLButtonElement;
  problem: HTMLElement;
  narrowed: HTMLElement;
  holder: HTMLElement;
}

/** Put the panel on the page; `changed` is called when another search is typed, `close` to close it. */
export function buildPanel(close: () => void, changed: () => void): Panel {
  const { button } = annotationParts;
  const element = make("aside", "annotation-panel");
  element.id = "annotation-panel";
  element.setAttribute("aria-label", "Annotations of the run");
  const title = make("h2", "", "Annotations");
  const closes = button("×", close, "annotation-close");
  closes.setAttribute("aria-label", "Close the annotations");
  const search = make("input", "annotation-search");
  Object.assign(search, { type: "search", placeholder: "Search these", maxLength: 200 });
  search.setAttribute("aria-label", "Search the annotations of this run");
  search.addEventListener("input", changed);
  const { holder: choices, list: which } = makeChoices("annotation-which");
  which.setAttribute("aria-label", "Which annotations");
  which.append(...Object.entries(SHOWN).map(([value, text]) => new Option(text, value)));
  which.addEventListener("change", () => annotationStore.show(which.value as Shown));
  const write = button("✎ Annotate", () => annotationStore.annotate(), "dt-button annotation-save");
  const problem = make("div", "annotation-problem");
  problem.setAttribute("role", "alert");
  const narrowed = make("div", "annotation-narrowed");
  const list = make("div", "annotation-list");
  const holder = make("div", "annotation-new-form");
  const top = make(
    "div",
    "annotation-panel-top",
    make("div", "annotation-panel-head", title, closes),
    make("div", "annotation-panel-tools", search, choices, write),
  );
  element.append(top, holder, problem, narrowed, list);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
    event.stopPropagation();
  });
  document.body.append(element);
  return { element, list, search, which, write, problem, narrowed, holder };
}
