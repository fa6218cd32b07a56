// Elements from a tree of JSON, as app/components/tree.py writes it, and into elements that are
// there already: what stays keeps its focus, its place in a scrolled frame and its chart.

/** A text, or [tag, attributes, ...children]. */
export type Tree = string | [tag: string, attributes: Record<string, string>, ...children: Tree[]];

/** Let the children of an element be those that the trees say. */
export function grow(parent: Element, trees: readonly Tree[]): void {
  const there = [...parent.childNodes];
  for (const [place, wanted] of trees.entries()) {
    const now = there.at(place);
    if (now && becomes(now, wanted)) continue;
    const made = grown(wanted);
    if (now) now.replaceWith(made);
    else parent.append(made);
  }
  for (const node of there.slice(trees.length)) node.remove();
}

function grown(wanted: Tree): Node {
  if (typeof wanted === "string") return document.createTextNode(wanted);
  const [tag, attributes, ...children] = wanted;
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.map(grown));
  return made;
}

/** Change a node to what is wanted; false: it is of another kind. */
function becomes(node: Node, wanted: Tree): boolean {
  if (typeof wanted === "string") {
    if (!(node instanceof Text)) return false;
    if (node.data !== wanted) node.data = wanted;
    return true;
  }
  const [tag, attributes, ...children] = wanted;
  if (!(node instanceof Element) || node.localName !== tag) return false;
  if (node.hasAttribute("data-chart") || attributes["data-chart"])
    return sameChart(node, attributes);
  for (const { name } of [...node.attributes])
    if (!(name in attributes)) node.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes))
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  grow(node, children);
  return true;
}

/** A chart takes over other options by itself; its class, its state and what is in it are its own. */
function sameChart(node: Element, attributes: Record<string, string>): boolean {
  const same = ["data-chart", "id"].every(
    (name) => node.getAttribute(name) === (attributes[name] ?? null),
  );
  const options = attributes["data-options"];
  if (same && node.getAttribute("data-options") !== options)
    node.setAttribute("data-options", options);
  return same;
}
