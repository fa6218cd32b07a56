// The link that forks the run: it asks for the iteration under the cursor.

import { offer } from "#app/web/index.ts";

/** Return the address `href` with the iteration of the cursor, or without one. */
export function forkAddress(selection: { cursor?: number | null } | null, href: string): string {
  const [path, query = ""] = href.split("?");
  const asked = new URLSearchParams(query);
  asked.delete("iteration");
  if (selection?.cursor) asked.set("iteration", String(selection.cursor));
  return `${path}?${asked}`;
}

offer("overview", { forkAddress });
