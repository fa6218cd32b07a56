// Names of runs that begin alike, shortened in the middle so that what differs stays in sight.

import { make } from "#app/web/index.ts";

const SHORT = 14; // letters that there is always room for
const LONG = 20; // letters of what differs that are never cut

/** Return how many letters all names begin with. */
export function common(names: readonly string[]): number {
  let end = 0;
  while (
    names.length > 1 &&
    names.every((name) => end < name.length && name[end] === names[0][end])
  )
    end += 1;
  return end;
}

/**
 * Return a name as two parts: the first is cut where there is no room for it, the second is not.
 * `start` is how many letters all names begin with.
 */
export function parts(name: string, start: number): [cut: string, kept: string] {
  if (name.length <= SHORT) return ["", name];
  const own = name.length - start;
  const at = name.length - (own > 0 && own <= LONG ? Math.max(own, SHORT / 2) : SHORT);
  return [name.slice(0, at), name.slice(at)];
}

/** Return the elements of a name; whoever shows them gives the whole name on hover. */
export function differing(name: string, start: number): HTMLElement[] {
  const [cut, kept] = parts(name, start);
  return [make("span", "compare-name-cut", cut), make("span", "compare-name-kept", kept)];
}
