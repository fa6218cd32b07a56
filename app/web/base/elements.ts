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
