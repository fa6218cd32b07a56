// The one register of keys: what acts on a key, and what the help says of it, stand together.

/** What some keys do to a `Target`, and how the help says it; `act` returns false where nothing was done. */
export interface KeyLine<Target> {
  /** As KeyboardEvent.key has them; letters in lower case. */
  keys: readonly string[];
  says: string;
  act(target: Target, event: KeyboardEvent, key: string): unknown;
}
/** Where keys hold: on what `within` finds, while `when` says so. */
export interface KeyPlace {
  title: string;
  within: string;
  when?: () => boolean;
}
/** What the help says of the keys of a place. */
export interface KeyHelp {
  title: string;
  lines: readonly Pick<KeyLine<unknown>, "keys" | "says">[];
}

const places: (KeyPlace & KeyHelp)[] = [];
const NAMES: Partial<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  " ": "Space",
};

/** Return what a key is called on the keyboard. */
export const nameOfKey = (key: string): string =>
  NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);

/**
 * Register the keys of a place; returns what acts on an event, and says whether something was done.
 *
 * Keys with Ctrl, Alt or the command key are the browser's and never ours.
 */
export function keyTable<Target>(
  place: KeyPlace,
  lines: readonly KeyLine<Target>[],
): (target: Target, event: KeyboardEvent) => boolean {
  places.push({ ...place, lines });
  const acts = new Map(lines.flatMap((line) => line.keys.map((key) => [key, line] as const)));
  return (target, event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const line = acts.get(key);
    return line !== undefined && line.act(target, event, key) !== false;
  };
}

/** Whether an element is there to be used; without a layout of the page all are. */
const seen = (element: Element | null): boolean => element?.checkVisibility?.() ?? Boolean(element);

/** Return the keys that do something on the page as it is now. */
export const keysHere = (root: ParentNode): KeyHelp[] =>
  places
    .filter(({ within, when }) => seen(root.querySelector(within)) && (when?.() ?? true))
    .map(({ title, lines }) => ({ title, lines }));

/** Whether somebody writes there, so that a letter is a letter. */
export const writes = (node: EventTarget | null): boolean =>
  node instanceof Element &&
  Boolean(
    node.matches("input, textarea, select, [contenteditable='true']") ||
      node.closest("dialog, [role=dialog], [role=menu], [role=combobox]"),
  );
