// The annotations of the run beside its views: list, threads, the form for a new one; and the key `a`.

import { keyTable, make, selectionStore, tooltip, visit, writes } from "#app/web/index.ts";
import type { Annotation, Meant } from "./annotation.ts";
import { AnnotationCard } from "./card.ts";
import { Drafts } from "./drafts.ts";
import { AnnotationForm } from "./form.ts";
import { drawHeader } from "./header.ts";
import { has } from "./kept.ts";
import { annotationLane } from "./lane.ts";
import { buildPanel, type Panel } from "./panelelements.ts";
import { annotationStore, type PanelActs } from "./store.ts";
import * as annotationTargets from "./targets.ts";
import * as annotationParts from "./text.ts";

const MOST = 100; // cards at once
let panel: Panel | null = null; // once it was opened
let isOpen = false;
let only: number[] | null = null; // ids that a mark asked for
const drafts = new Drafts();
let handles: string[] = [];
let cameFrom: HTMLElement | null = null; // what had the focus
const cards = new Map<number, AnnotationCard>(); // by id
const acts: PanelActs["panel"] = { toggle: () => setOpen(!isOpen), isOpen: () => isOpen };
const thread = (): number | null =>
  annotationStore.state.run ? (selectionStore.get().annotation ?? null) : null;

/** Return the annotation that the address asks for where the run has none like it. */
function goneThread(): number | null {
  const id = thread();
  const known = annotationStore.state.version >= 0;
  return id !== null && known && !annotationStore.get(id) ? id : null;
}

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

function setOpen(open: boolean): void {
  if (open && !panel) panel = buildPanel(() => setOpen(false), update);
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
  return annotationStore
    .list()
    .reverse()
    .filter(
      (one) =>
        one.id === thread() ||
        cards.get(one.id)?.busy ||
        ((only ? only.includes(one.id) : annotationStore.isShown(one)) && has(one, words)),
    );
}

function update(): void {
  drawHeader(acts);
  if (drafts.follow(annotationStore.state.run)) only = null;
  const { form } = drafts;
  if (!panel || !isOpen) return;
  if (!annotationStore.state.run) {
    setOpen(false);
    return;
  }
  panel.write.hidden = !annotationStore.state.may.annotate || Boolean(form);
  panel.which.value = annotationStore.state.show;
  if (form && form.element.parentNode !== panel.holder) panel.holder.replaceChildren(form.element);
  if (!form) panel.holder.replaceChildren();
  const found = listed();
  arrange(cardsOf(found));
  narrow(found.length);
}

/** Return the cards of these annotations, and those with a text under way. */
function cardsOf(found: readonly Annotation[]): HTMLElement[] {
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
  return [...kept, ...shown];
}

/** Say how the list is narrowed, or why there is nothing in it. */
function narrow(found: number): void {
  const told: (string | HTMLElement)[] = [];
  if (only)
    told.push(
      `${found} at this mark.`,
      annotationParts.button("All of the run", showAll, "annotation-quiet"),
    );
  const soft = (text: string) => told.push(make("div", "dt-soft", text));
  const gone = goneThread();
  if (gone !== null)
    told.push(make("div", "", `Annotation ${gone} is not there any more: it has been deleted.`));
  if (found > MOST) soft(`${MOST} of ${found} are listed; search for the others.`);
  if (!found && !drafts.form)
    soft(
      annotationStore.list().length
        ? "None of them."
        : "No annotations of this run yet. Point at something and press A.",
    );
  panel!.narrowed.replaceChildren(...told);
}

function showAll(): void {
  only = null;
  update();
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
  const form = new AnnotationForm({
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
      drafts.end();
      update();
      panel!.element.querySelector<HTMLElement>(".annotation-open .annotation-title")?.focus();
    },
  });
  drafts.begin(form);
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
  } else if (id !== null && id !== lastThread && goneThread() === id) {
    lastThread = id;
    setOpen(true); // an old link leads here: the panel says what has become of it
  } else if (id === null) lastThread = null;
  update();
}

function start() {
  Object.assign(annotationStore, {
    annotate,
    open,
    panel: acts,
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
  new MutationObserver(() => drawHeader(acts)).observe(document.body, {
    childList: true,
    subtree: true,
  });
  update();
}

window.addEventListener("beforeunload", (event) => {
  const forms = [
    ...drafts.all(),
    ...[...cards.values()].flatMap((card) => [...card.forms.values()]),
  ];
  if (forms.some((one) => one.dirty && !one.saved)) event.preventDefault();
});

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
