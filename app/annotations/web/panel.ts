// The annotations of the run beside its views: list, threads, the form for a new one; its button and
// the mark of mentions in the header; the key `a` and the menu of the right mouse button.

import {
  keyTable,
  make,
  makeChoices,
  numbers,
  selectionStore,
  tooltip,
  visit,
  writes,
} from "#app/web/index.ts";
import type { Annotation, Meant } from "./annotation.ts";
import { AnnotationCard } from "./card.ts";
import { AnnotationForm } from "./form.ts";
import { annotationLane } from "./lane.ts";
import { annotationStore, type PanelActs } from "./store.ts";
import * as annotationTargets from "./targets.ts";
import * as annotationParts from "./text.ts";

const MOST = 100; // cards at once
type Shown = typeof annotationStore.state.show;

const SHOWN: Record<Shown, string> = { open: "Open", resolved: "Resolved", all: "All" };

/** The panel and what of it changes. */
interface Panel {
  element: HTMLElement;
  list: HTMLElement;
  search: HTMLInputElement;
  which: HTMLSelectElement;
  write: HTMLButtonElement;
  problem: HTMLElement;
  narrowed: HTMLElement;
  holder: HTMLElement;
}

let panel: Panel | null = null; // once it was opened
let isOpen = false;
let only: number[] | null = null; // ids that a mark asked for
let form: AnnotationForm | null = null; // of a new annotation
const drafts = new Map<string | null, AnnotationForm>(); // run -> its form, while another run is on the page
let formRun: string | null = null;
let handles: string[] = [];
let cameFrom: HTMLElement | null = null; // what had the focus
const cards = new Map<number, AnnotationCard>(); // by id
const thread = (): number | null =>
  annotationStore.state.run ? (selectionStore.get().annotation ?? null) : null;

function openThread(id: number | null): void {
  if ("annotation" in selectionStore.fields()) selectionStore.set({ annotation: id });
  if (id !== null && annotationStore.get(id)?.unread)
    annotationStore.send(`/${id}/seen`).then(
      () => {
        const found = annotationStore.get(id);
        if (found) found.unread = false;
        update();
      },
      () => {},
    );
}

// The panel ------------------------------------------------------------------------------------

function build(): void {
  const { button } = annotationParts;
  const element = make("aside", "annotation-panel");
  element.id = "annotation-panel";
  element.setAttribute("aria-label", "Annotations of the run");
  const title = make("h2", "", "Annotations");
  const close = button("×", () => setOpen(false), "annotation-close");
  close.setAttribute("aria-label", "Close the annotations");
  const search = make("input", "annotation-search");
  Object.assign(search, { type: "search", placeholder: "Search these", maxLength: 200 });
  search.setAttribute("aria-label", "Search the annotations of this run");
  search.addEventListener("input", () => update());
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
    make("div", "annotation-panel-head", title, close),
    make("div", "annotation-panel-tools", search, choices, write),
  );
  element.append(top, holder, problem, narrowed, list);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) setOpen(false);
    event.stopPropagation();
  });
  document.body.append(element);
  panel = { element, list, search, which, write, problem, narrowed, holder };
}

function setOpen(open: boolean): void {
  if (open && !panel) build();
  if (open === isOpen) return;
  isOpen = open;
  document.body.classList.toggle("annotation-beside", open);
  if (panel) panel.element.hidden = !open;
  if (open) {
    cameFrom = document.activeElement as HTMLElement | null;
    annotationStore.words().then(({ people }) => {
      handles = people
        .map(({ handle }) => handle.toLowerCase())
        .sort((a, b) => b.length - a.length);
      update();
    });
  } else {
    only = null;
    if (thread() !== null) openThread(null);
    annotationLane.dark();
    if (cameFrom?.isConnected) cameFrom.focus();
    else document.querySelector<HTMLElement>(".annotation-toggle")?.focus();
  }
  update();
}

/** Return the annotations to list, the newest first; the open thread is always among them. */
function listed(): Annotation[] {
  const words = panel!.search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (one: Annotation) =>
    [one.body, one.tag, one.author, one.about, ...one.replies.map(({ body }) => body)]
      .join(" ")
      .toLowerCase();
  return annotationStore
    .list()
    .reverse()
    .filter(
      (one) =>
        one.id === thread() ||
        cards.get(one.id)?.busy ||
        ((only ? only.includes(one.id) : annotationStore.isShown(one)) &&
          words.every((word) => text(one).includes(word))),
    );
}

/** Texts under way stay with the run that they are about. */
function keepDrafts(): void {
  const { run } = annotationStore.state;
  if (run === formRun) return;
  if (form && formRun) drafts.set(formRun, form);
  form = drafts.get(run) || null;
  drafts.delete(run);
  formRun = run;
  only = null;
}

function update(): void {
  updateHeader();
  keepDrafts();
  if (!panel || !isOpen) return;
  if (!annotationStore.state.run) {
    setOpen(false);
    return;
  }
  const { button } = annotationParts;
  panel.write.hidden = !annotationStore.state.may.annotate || Boolean(form);
  panel.which.value = annotationStore.state.show;
  if (form && form.element.parentNode !== panel.holder) panel.holder.replaceChildren(form.element);
  if (!form) panel.holder.replaceChildren();
  const found = listed();
  const alive = new Set(found.map(({ id }) => id));
  for (const id of cards.keys())
    if (!annotationStore.get(id) && !cards.get(id)!.busy) cards.delete(id);
  const shown = found.slice(0, MOST).map((one) => {
    if (!cards.has(one.id))
      cards.set(one.id, new AnnotationCard(one, { toggle, problem, changed: update }));
    const card = cards.get(one.id)!;
    card.show(one, { open: one.id === thread() || card.busy, handles });
    return card.element;
  });
  // A card with a text under way stays, though somebody else has deleted its annotation.
  const kept = [...cards.values()]
    .filter((card) => card.busy && card.run === annotationStore.state.run && !alive.has(card.id))
    .map(({ element }) => element);
  arrange([...kept, ...shown]);
  const more =
    found.length > MOST ? `${MOST} of ${found.length} are listed; search for the others.` : "";
  const none =
    found.length || form
      ? ""
      : annotationStore.list().length
        ? "None of them."
        : "No annotations of this run yet. Point at something and press A.";
  panel.narrowed.replaceChildren(
    ...(only
      ? [
          `${found.length} at this mark.`,
          button(
            "All of the run",
            () => {
              only = null;
              update();
            },
            "annotation-quiet",
          ),
        ]
      : []),
    ...[more, none].filter(Boolean).map((text) => make("div", "dt-soft", text)),
  );
}

/** Put the cards in order without moving those in place: what has the focus keeps it. */
function arrange(elements: readonly HTMLElement[]): void {
  const { list } = panel!;
  const wanted = new Set<Element>(elements);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] || null);
  });
}

function problem(text: string): void {
  panel!.problem.textContent = text;
  setTimeout(() => {
    if (panel!.problem.textContent === text) panel!.problem.textContent = "";
  }, 8000);
}

const toggle = (id: number): void => openThread(thread() === id ? null : id);

// A new one ------------------------------------------------------------------------------------

function annotate(meant: Meant = annotationTargets.meant("selection")): void {
  if (!annotationStore.state.run || !annotationStore.state.may.annotate) return;
  tooltip.hide();
  const draft = form?.dirty ? form : null; // what is written already is kept, with its new target
  form = new AnnotationForm({
    label: "New annotation",
    target: meant,
    tagged: true,
    saves: "Annotate",
    text: "",
    save: async (given, signal) => {
      const view = /\/run\/\d+\/([a-z-]+)/.exec(location.pathname)?.[1] || "";
      const { annotation } = await annotationStore.send("/new", { ...given, view }, signal);
      openThread(annotation!.id);
    },
    done: () => {
      form = null;
      update();
      panel!.element.querySelector<HTMLElement>(".annotation-open .annotation-title")?.focus();
    },
  });
  if (draft) {
    form.area.value = draft.area.value;
    form.tag!.value = draft.tag!.value;
  }
  setOpen(true);
  panel!.holder.replaceChildren(form.element);
  update();
  panel!.element.scrollTop = 0;
  form.focus();
}

/** Show the threads of some annotations; a single one is opened. */
function open(ids: number[]): void {
  only = ids.length > 1 ? ids : null;
  setOpen(true);
  openThread(ids.length === 1 ? ids[0] : null);
  update();
  const first = cards.get(ids[0])?.element;
  first?.scrollIntoView({ block: "nearest" });
  first?.querySelector<HTMLElement>(".annotation-title")?.focus();
}

// The header -----------------------------------------------------------------------------------

function updateHeader(): void {
  const holder = document.getElementById("annotation-header");
  if (!holder) return;
  const { button } = annotationParts;
  const { run, unread } = annotationStore.state;
  const count = annotationStore.list().filter(({ resolved_at: at }) => !at).length;
  const key = [run, unread, count, isOpen].join();
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  const focused = holder.contains(document.activeElement);
  const shown: HTMLElement[] = [];
  if (unread) {
    const link = make("a", "annotation-mentions", `@ ${unread}`);
    link.href = `${annotationStore.root()}/annotations?mentions=me`;
    link.setAttribute(
      "aria-label",
      `${numbers.plural(unread, "annotation mentions", "annotations mention")} you`,
    );
    link.title = link.getAttribute("aria-label")!;
    shown.push(link);
  }
  if (run) {
    const toggled = button(`✎ ${count}`, () => setOpen(!isOpen), "annotation-toggle");
    toggled.setAttribute("aria-expanded", String(isOpen));
    toggled.setAttribute("aria-controls", "annotation-panel");
    toggled.setAttribute("aria-label", `Annotations of this run: ${count} open`);
    toggled.title = `${numbers.plural(count, "open annotation", "open annotations")} of this run (a writes one)`;
    shown.push(toggled);
  }
  holder.replaceChildren(...shown);
  if (focused) holder.querySelector<HTMLElement>(".annotation-toggle")?.focus();
}

// Key, and what follows the selection ------------------------------------------------------------

const mayAnnotate = () => Boolean(annotationStore.state.run && annotationStore.state.may.annotate);
const pressed = keyTable<null>(
  { title: "Anywhere on a page of a run", within: ".annotation-toggle", when: mayAnnotate },
  [
    {
      keys: ["a"],
      says: "annotate what the pointer is on, or what is chosen",
      act: () => annotate(annotationTargets.meant()),
    },
  ],
);

document.addEventListener("keydown", (event) => {
  if (event.shiftKey || event.defaultPrevented || writes(event.target) || !mayAnnotate()) return;
  if (pressed(null, event)) event.preventDefault();
});

let lastThread: number | null = null;
function follow(): void {
  const id = thread();
  if (id !== null && id !== lastThread && annotationStore.get(id)) {
    lastThread = id;
    openThread(id); // notes that it was read
    setOpen(true);
    update();
    cards.get(id)?.element.scrollIntoView({ block: "nearest" });
  } else if (id === null) lastThread = null;
  update();
}

function start() {
  Object.assign(annotationStore, {
    annotate,
    open,
    panel: { toggle: () => setOpen(!isOpen), isOpen: () => isOpen },
  } satisfies PanelActs);
  annotationStore.subscribe(follow);
  selectionStore.subscribe((_selection, names) => names.has("annotation") && follow());
  document.addEventListener("click", (event) => {
    const link =
      event.target instanceof Element &&
      event.target.closest<HTMLAnchorElement>("a.annotation-mentions, a.annotation-link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
    event.preventDefault();
    visit(link.href);
  });
  // The header comes with the page's frame.
  new MutationObserver(updateHeader).observe(document.body, { childList: true, subtree: true });
  update();
}

window.addEventListener("beforeunload", (event) => {
  const forms = [
    form,
    ...drafts.values(),
    ...[...cards.values()].flatMap((card) => [...card.forms.values()]),
  ];
  if (forms.some((one) => one?.dirty && !one.saved)) event.preventDefault();
});

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
