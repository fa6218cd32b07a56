// Elements of the page that the server or we ourselves made, and that therefore must be there.

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
