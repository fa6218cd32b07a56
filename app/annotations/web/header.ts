// What the page's header has of annotations: the button of the panel, and how often one is mentioned.

import { make, numbers } from "#app/web/index.ts";
import { annotationStore, type PanelActs } from "./store.ts";
import * as annotationParts from "./text.ts";

export function drawHeader({ isOpen, toggle }: PanelActs["panel"]): void {
  const holder = document.getElementById("annotation-header");
  if (!holder) return;
  const { run, gone, unread } = annotationStore.state;
  const count = annotationStore.list().filter(({ resolved_at: at }) => !at).length;
  const key = [run, gone, unread, count, isOpen()].join();
  if (holder.dataset.key === key) return;
  holder.dataset.key = key;
  const focused = holder.contains(document.activeElement);
  const shown: HTMLElement[] = [];
  if (unread) shown.push(mentions(unread));
  if (run && !gone) shown.push(toggled(count, isOpen(), toggle));
  holder.replaceChildren(...shown);
  if (focused) holder.querySelector<HTMLElement>(".annotation-toggle")?.focus();
}

/** Return the link to what mentions the reader and was not read yet. */
function mentions(unread: number): HTMLElement {
  const link = make("a", "annotation-mentions", `@ ${unread}`);
  link.href = `${annotationStore.root()}/annotations?mentions=me`;
  link.setAttribute(
    "aria-label",
    `${numbers.plural(unread, "annotation mentions", "annotations mention")} you`,
  );
  link.title = link.getAttribute("aria-label")!;
  return link;
}

function toggled(count: number, isOpen: boolean, toggle: () => void): HTMLElement {
  const made = annotationParts.button(`✎ ${count}`, toggle, "annotation-toggle");
  made.setAttribute("aria-expanded", String(isOpen));
  made.setAttribute("aria-controls", "annotation-panel");
  made.setAttribute("aria-label", `Annotations of this run: ${count} open`);
  made.title = `${numbers.plural(count, "open annotation", "open annotations")} of this run (a writes one)`;
  return made;
}
