// Annotations at the cards of findings: the button that writes one about what the finding is about,
// and what people have written about that already.
//
// A card's [data-finding-about] says {things, when} as app/views/findings/targets.py has it. An
// annotation belongs to it that is about the same thing, or about the iterations alone, and begins
// with the finding.

import type { Annotation } from "#app/annotations/web/annotation.ts";
import { annotationStore } from "#app/annotations/web/store.ts";
import * as annotationTargets from "#app/annotations/web/targets.ts";
import * as annotationParts from "#app/annotations/web/text.ts";
import { make, numbers, type Range, type Thing } from "#app/web/index.ts";

const MOST = 3; // at a card

/** What a finding is about. */
interface About {
  things: Thing[];
  when: Range;
}

const aboutOf = (element: HTMLElement): About => JSON.parse(element.dataset.findingAbout!);

/** Return the annotations of a card, the newest first. */
function written({ things, when }: About): Annotation[] {
  const { keyOf } = annotationTargets;
  const keys = new Set(things.map(keyOf));
  return annotationStore
    .list()
    .reverse()
    .filter(
      ({ target }) =>
        target.first === when[0] && (target.kind === "iteration" || keys.has(keyOf(target))),
    );
}

function note(one: Annotation): HTMLElement {
  const { nodes, time } = annotationParts;
  const open = make("button", "finding-note", make("b", "", one.author), " ", time(one.created_at));
  open.type = "button";
  open.dataset.annotation = String(one.id);
  open.title = "Open the annotation and its replies";
  if (one.resolved_at) open.append(make("span", "annotation-state", "✓ resolved"));
  // A link within a button would be two things at one place: the text alone.
  open.append(
    make(
      "span",
      "finding-note-text",
      ...nodes(one.body).map((node) => (node as Node).textContent ?? node),
    ),
  );
  const replies = one.replies.length;
  if (replies) open.append(make("span", "dt-soft", numbers.plural(replies, "reply", "replies")));
  open.addEventListener("click", () => annotationStore.open([one.id]));
  return open;
}

function show(holder: HTMLElement): void {
  const found = written(aboutOf(holder));
  const key = JSON.stringify(found.map(({ id, changed }) => [id, changed]));
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  const { button } = annotationParts;
  const more = found.length - MOST;
  holder.replaceChildren(
    ...(found.length ? [make("h4", "", "Annotations")] : []),
    ...found.slice(0, MOST).map(note),
    ...(more > 0
      ? [
          button(
            `${more} more`,
            () => annotationStore.open(found.map(({ id }) => id)),
            "annotation-quiet",
          ),
        ]
      : []),
  );
}

let frame = 0;
function soon(): void {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    document.querySelectorAll<HTMLElement>(".finding-notes").forEach(show);
  });
}

function annotate(button: HTMLElement): void {
  const { things, when } = aboutOf(button);
  annotationStore.annotate({ things, thing: things[0] || null, when });
}

document.addEventListener("click", (event) => {
  const button =
    event.target instanceof Element && event.target.closest<HTMLElement>(".finding-annotate");
  if (button) annotate(button);
});

function start() {
  annotationStore.subscribe(soon);
  // Cards come with the page, and anew with what is filtered.
  new MutationObserver(
    (records) =>
      records.some(({ type, addedNodes }) => type === "attributes" || addedNodes.length) && soon(),
  ).observe(document.body, {
    subtree: true,
    childList: true,
    attributeFilter: ["data-finding-about"],
  });
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
