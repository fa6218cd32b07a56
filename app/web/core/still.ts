// Elements that no callback touches, as one component (app/still.py): Dash has none of them to watch.

import { libraries, type Node, offerComponents } from "./react.ts";

/**
 * An element as [tag, attributes, children...], a text, or 0: the next of the other components. The
 * tag "" holds elements that stand side by side.
 */
type Written = Element | string | boolean | null | 0;
type Element = [tag: string, attributes: Record<string, unknown>, ...children: Written[]];

interface Props {
  /** A Written as JSON. */
  tree: string;
  /** The other components, in the order in which they stand in it. */
  children?: Node | Node[];
}

const treeOf = (tree: string): Element => JSON.parse(tree);

/** Return the attributes of those elements in a tree that have one of this name. */
export function attributesIn(tree: string, name: string): Record<string, unknown>[] {
  const found = (part: Written): Record<string, unknown>[] => {
    if (!Array.isArray(part)) return [];
    const [, attributes, ...below] = part;
    return attributes[name] ? [attributes] : below.flatMap(found);
  };
  return found(treeOf(tree));
}

function Still({ tree, children }: Props): Node {
  const { createElement, Fragment } = libraries().React;
  const others = Array.isArray(children) ? children : [children];
  let next = 0;
  const made = (part: Written): Node => {
    if (part === 0) return others[next++];
    return Array.isArray(part) ? element(part) : part;
  };
  const element = ([tag, attributes, ...below]: Element, more?: object): Node =>
    createElement(
      tag || Fragment,
      { ...attributes, ...safe(attributes), ...more },
      ...below.map(made),
    );
  // Another page is other elements: what scripts have put into them goes with the old ones.
  return element(treeOf(tree), { key: tree });
}

/** Return the address of a link as Dash lets it through. */
function safe({ href }: Record<string, unknown>): object | null {
  return href ? { href: window.dash_clientside?.clean_url?.(href) } : null;
}

offerComponents({ Still });
