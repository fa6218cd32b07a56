// The menu of the right mouse button over charts and lists: annotate this row, this iteration, ...
// With Shift the browser's own menu comes.

import { make, numbers, selectionStore, tooltip } from "#app/web/index.ts";
import { timeWords, wordsOf } from "./about.ts";
import type { Annotation, Meant } from "./annotation.ts";
import { annotationStore } from "./store.ts";
import * as annotationTargets from "./targets.ts";
import * as annotationParts from "./text.ts";

let menu: HTMLElement | null = null;
let back: HTMLElement | null = null; // what had the focus

/** What can be annotated, and how it is called. */
interface Choice {
  text: string;
  meant: Meant;
}

/** Return the choices: the thing at the iterations, the thing, the iterations, the run. */
function choices(meant: Meant): Choice[] {
  const { integer } = numbers;
  const { thing } = meant;
  const when = meant.when || annotationTargets.when();
  const at = when && timeWords(when);
  const found: Choice[] = [];
  if (thing && meant.when) found.push({ text: `${wordsOf(thing)} at ${at}`, meant });
  if (thing) found.push({ text: wordsOf(thing), meant: { ...meant, when: null } });
  if (at) found.push({ text: at, meant: { ...meant, thing: null, when } });
  const { cursor } = selectionStore.get();
  if (when && when[0] !== when[1] && cursor !== null)
    found.push({
      text: `iteration ${integer(cursor)}`,
      meant: { ...meant, thing: null, when: [cursor, cursor] },
    });
  found.push({ text: "this run", meant: { ...meant, thing: null, when: null } });
  return found;
}

function close(focus = true): void {
  if (!menu) return;
  menu.remove();
  menu = null;
  if (focus && back?.isConnected) back.focus();
}

const written = ({ thing }: Meant): Annotation[] =>
  thing ? annotationStore.marksFor(thing.kind, thing.id, thing.filter) : [];

/** The item that opens what is written about the thing already. */
function reader(annotations: readonly Annotation[]): HTMLElement {
  const text = `Read ${numbers.plural(annotations.length, "annotation", "annotations")} of this`;
  const item = annotationParts.button(
    text,
    () => {
      close(false);
      annotationStore.open(annotations.map(({ id }) => id));
    },
    "annotation-menu-item",
  );
  item.setAttribute("role", "menuitem");
  return item;
}

function show(x: number, y: number, meant: Meant): void {
  const { button, roving } = annotationParts;
  close(false);
  back = document.activeElement as HTMLElement | null;
  menu = make("div", "annotation-menu");
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", "Annotate");
  const there = written(meant);
  if (there.length) menu.append(reader(there));
  if (annotationStore.state.may.annotate)
    menu.append(
      make("div", "annotation-menu-title", "Annotate"),
      ...choices(meant).map(({ text, meant: one }) => {
        const item = button(
          text,
          () => {
            close(false);
            annotationStore.annotate(one);
          },
          "annotation-menu-item",
        );
        item.setAttribute("role", "menuitem");
        return item;
      }),
    );
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") close();
    event.stopPropagation();
  });
  document.getElementById("shell-portal")!.append(menu);
  const settle = roving(menu, ".annotation-menu-item");
  settle();
  const { offsetWidth: width, offsetHeight: height } = menu;
  menu.style.left = `${Math.max(0, Math.min(x, innerWidth - width - 4))}px`;
  menu.style.top = `${Math.max(0, Math.min(y, innerHeight - height - 4))}px`;
  tooltip.hide();
  menu.querySelector<HTMLElement>(".annotation-menu-item")!.focus();
}

document.addEventListener("contextmenu", (event) => {
  const { state } = annotationStore;
  if (event.shiftKey || !state.run || !(event.target instanceof Element)) return;
  if (
    !event.target.closest(".shell-page [data-chart]") ||
    event.target.closest("a[href], input, textarea")
  )
    return;
  // The menu key has no place of its own: then it is about what the keyboard is at.
  const keyed = event.clientX === 0 && event.clientY === 0;
  const box = event.target.getBoundingClientRect();
  const meant = annotationTargets.meant(keyed ? undefined : event);
  if (!state.may.annotate && !written(meant).length) return;
  event.preventDefault();
  show(keyed ? box.left + 40 : event.clientX, keyed ? box.top + 40 : event.clientY, meant);
});
document.addEventListener(
  "pointerdown",
  (event) => menu && !menu.contains(event.target as Node) && close(false),
  true,
);
window.addEventListener("blur", () => close(false));
