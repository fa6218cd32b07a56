// Elements of the page: how they are made, and those that are there and therefore must be found.

/** Return the element of a kind within `root` that a selector finds; an error where there is none. */
export function found<Kind extends Element>(
  root: ParentNode,
  selector: string,
  kind: new () => Kind,
): Kind {
  const element = root.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(`The page has no ${kind.name} at ${selector}.`);
}

/**
 * Put other children into a holder; the focus stays on what has the same data-`key` among them.
 * `key` is written as in `dataset`, of one word.
 */
export function replaceKept(
  holder: HTMLElement,
  key: string,
  ...children: (Node | string)[]
): void {
  const active = document.activeElement;
  const focused =
    active instanceof HTMLElement && holder.contains(active) ? active.dataset[key] : undefined;
  holder.replaceChildren(...children);
  if (focused === undefined) return;
  holder.querySelector<HTMLElement>(`[data-${key}="${CSS.escape(focused)}"]`)?.focus();
}

/** A list to choose from as the controls above the charts have it: what stands on the page, and it. */
export interface ListOfChoices {
  holder: HTMLElement;
  list: HTMLSelectElement;
}

/**
 * Return an empty list to choose from that looks like those of the controls, open and closed.
 * It is the browser's own, for charts are no part of what draws Mantine's, and open in less time.
 */
export function makeChoices(kind = ""): ListOfChoices {
  const list = make("select", "dt-choice-field");
  return { list, holder: make("span", kind ? `dt-choice ${kind}` : "dt-choice", list) };
}

/** Return a new element of a class ("": none) with children, nodes or texts; a button sends no form. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  kind = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (made instanceof HTMLButtonElement) made.type = "button";
  made.append(...children);
  return made;
}
