// What is kept of a run's annotations: answers taken over, chosen by what shall be shown, put in
// order by what they are about. Needs no page.

import type { Annotation, Changes, Target } from "./annotation.ts";

/** Which are shown. */
export type Shown = "open" | "resolved" | "all";
export type Kept = Map<number, Annotation>;

/** Return what stands for a target, whenever it is. */
export const keyOf = ({ kind, id, filter }: Pick<Target, "kind" | "id"> & Partial<Target>) =>
  kind === "filter" ? `filter ${id}.${filter}` : `${kind} ${id}`;

/** Take an answer over into what is kept, which may be ahead of it where we wrote ourselves. */
export function merge(kept: Kept, { ids, annotations = [], version }: Changes): void {
  if (!ids) return;
  const alive = new Set(ids);
  for (const [id, one] of kept) if (!alive.has(id) && one.changed <= version) kept.delete(id);
  for (const one of annotations) {
    const before = kept.get(one.id);
    if (!before || one.changed >= before.changed) kept.set(one.id, one);
  }
}

export const isShown = ({ resolved_at }: Annotation, show: Shown): boolean =>
  show === "all" || Boolean(resolved_at) === (show === "resolved");

/** Return whether every one of these words, in lower case, stands in an annotation or its replies. */
export function has(
  { body, tag, author, about, replies }: Annotation,
  words: readonly string[],
): boolean {
  const text = [body, tag, author, about, ...replies.map((reply) => reply.body)]
    .join(" ")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Return the shown ones by the key of their target. */
export function byTarget(kept: Kept, show: Shown): Map<string, Annotation[]> {
  const found = new Map<string, Annotation[]>();
  for (const one of kept.values()) {
    if (!isShown(one, show)) continue;
    const key = keyOf(one.target);
    const others = found.get(key);
    if (others) others.push(one);
    else found.set(key, [one]);
  }
  return found;
}
