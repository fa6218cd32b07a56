// Every control says in a sentence what it does, where the pointer rests on it or the focus comes.

import { tooltip } from "../base/tooltip.ts";
import { framed } from "../core/frame.ts";
import { controls } from "./facts.ts";

const PAUSE_MS = 600;

/** Return what the help may call an element: its id, of a pattern the part that names, its data, its classes. */
function* namesOf(element: Element): Iterable<string> {
  const id = element instanceof HTMLLabelElement ? element.control?.id : element.id;
  if (id?.startsWith("{")) {
    const { at, type } = JSON.parse(id) as { at?: string; type: string };
    yield at ?? type;
  } else if (id) yield id;
  for (const { name, value } of element.attributes)
    if (name.startsWith("data-")) yield `${name.slice("data-".length)}-${value}`;
  yield* element.classList;
}

/** Return the sentence about the control that an element is, or lies in. */
export function sentenceOf(start: Element): string | undefined {
  for (let at: Element | null = start; at && at.id !== "shell-page"; at = at.parentElement) {
    if (at.getAttribute("title")) return undefined; // the browser shows it
    for (const name of namesOf(at)) if (Object.hasOwn(controls, name)) return controls[name];
  }
  return undefined;
}

let waiting: ReturnType<typeof setTimeout> | undefined;
let shown = false;

function hide(): void {
  clearTimeout(waiting);
  if (shown) tooltip.hide();
  shown = false;
}

function show(sentence: string, x: number, y: number): void {
  tooltip.show(x, y, "", [[sentence]]);
  shown = true;
}

function over(event: PointerEvent): void {
  hide();
  if (event.pointerType === "touch" || !(event.target instanceof Element)) return;
  const sentence = sentenceOf(event.target);
  if (sentence) waiting = setTimeout(() => show(sentence, event.clientX, event.clientY), PAUSE_MS);
}

function focused({ target }: FocusEvent): void {
  hide();
  if (!(target instanceof Element)) return;
  const sentence = sentenceOf(target);
  if (!sentence) return;
  target.setAttribute("aria-description", sentence);
  if (!target.matches(":focus-visible") || target.matches("input, textarea")) return;
  const { left, bottom } = target.getBoundingClientRect();
  show(sentence, left, bottom);
}

framed(() => {
  document.addEventListener("pointerover", over);
  document.addEventListener("focusin", focused);
  for (const end of ["focusout", "pointerdown", "keydown", "scroll"])
    document.addEventListener(end, hide, { capture: true, passive: true });
});
