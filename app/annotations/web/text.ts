// Texts that people wrote, as nodes: plain text always, links to http(s) and to our own pages only,
// mentions marked. And small parts that all of the annotations' scripts use.

import { make, tooltip } from "#app/web/index.ts";
import { addressAt, ago, partsOf } from "./parts.ts";

/** What a preview says of an annotation. */
interface Told {
  author: string;
  body: string;
  about: string;
}

const ARROWS: Partial<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
};

export function button(
  text: string,
  action: (event: MouseEvent) => void,
  kind = "dt-button",
): HTMLButtonElement {
  const made = make("button", kind, text);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

export function field(label: string, control: HTMLElement): HTMLElement {
  return make("label", "annotation-field", make("span", "", label), control);
}

export function input(kind: string, attributes: object): HTMLInputElement {
  return Object.assign(make("input", kind), attributes);
}

function link(text: string): Node {
  const url = addressAt(text, location.origin);
  if (!url) return document.createTextNode(text);
  const made = make("a", "annotation-link", text);
  made.href = url.href;
  if (url.origin !== location.origin) {
    made.target = "_blank";
    made.rel = "noopener noreferrer nofollow";
  }
  return made;
}

/** Return the nodes of a text; `handles`: who can be mentioned. */
export function nodes(text: string, handles: readonly string[] = []): (Node | string)[] {
  return partsOf(text, handles).map((part) => {
    if (part.kind === "link") return link(part.text);
    return part.kind === "mention" ? make("span", "annotation-mention", part.text) : part.text;
  });
}

export function time(iso: string): HTMLTimeElement {
  const made = make("time", "annotation-time", ago(iso));
  made.dateTime = iso;
  made.title = `${iso.slice(0, 19).replace("T", " ")} UTC`;
  return made;
}

/** Let one of many buttons take part in the tab order; arrow keys move among them. */
export function roving(holder: HTMLElement, selector: string): () => void {
  const all = () => [...holder.querySelectorAll<HTMLElement>(selector)];
  holder.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    const buttons = all();
    const at = buttons.findIndex((one) => one === document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)];
    buttons.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
    next.focus();
  });
  return () => all().forEach((one, at) => (one.tabIndex = at ? -1 : 0));
}

/** Say what some annotations are about, in the tooltip at a place of the screen. */
export function preview(x: number, y: number, annotations: readonly Told[]): void {
  const short = (text: string) => (text.length > 140 ? `${text.slice(0, 140)}…` : text);
  const lines: [string][] = annotations
    .slice(0, 4)
    .map((one) => [`${one.author}: ${short(one.body)}`]);
  if (annotations.length > 4) lines.push([`and ${annotations.length - 4} more`]);
  const title =
    annotations.length === 1 ? `On ${annotations[0].about}` : `${annotations.length} annotations`;
  tooltip.show(x, y, title, lines);
}
