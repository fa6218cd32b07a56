// What stands in a text that people wrote, and when: plain text, links and mentions. Needs no page.

/** A stretch of a text; all of them in order give the text again. */
export interface Part {
  kind: "text" | "link" | "mention";
  text: string;
}

const LINK =
  /https?:\/\/[^\s<>"'`]+|(?<![\w/.:])\/(?:run|annotations|jobs)(?:\/[\w\-./]*)?(?:\?[\w\-.,=&%+]*)?/g;
const STEPS: readonly (readonly [limit: number, unit: number, word: string])[] = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86400, 3600, "hour"],
];
const DAYS = [Infinity, 86400, "day"] as const;

/** Return the address of a link in a text of a page of `origin` where it may be one, else null. */
export function addressAt(text: string, origin: string): URL | null {
  try {
    const url = new URL(text, origin);
    return ["http:", "https:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Return text with the mentions of `handles` (lower case, longest first) marked. */
function withMentions(text: string, handles: readonly string[]): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const { index } of text.matchAll(/(?<![\p{L}\p{N}_.-])@/gu)) {
    if (index < from) continue;
    const rest = text.slice(index + 1).toLowerCase();
    const handle = handles.find(
      (one) => rest.startsWith(one) && !/^[\p{L}\p{N}_]/u.test(rest.slice(one.length)),
    );
    if (!handle) continue;
    const to = index + 1 + handle.length;
    parts.push({ kind: "text", text: text.slice(from, index) });
    parts.push({ kind: "mention", text: text.slice(index, to) });
    from = to;
  }
  return [...parts, { kind: "text" as const, text: text.slice(from) }].filter((part) => part.text);
}

/** Return the parts of a text; `handles` (lower case, longest first): who can be mentioned. */
export function partsOf(text: string, handles: readonly string[] = []): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match[0].replace(/[.,;:!?)\]]+$/, "");
    parts.push(...withMentions(text.slice(from, match.index), handles));
    parts.push({ kind: "link", text: found });
    from = match.index + found.length;
  }
  return [...parts, ...withMentions(text.slice(from), handles)];
}

/** Return "3 minutes ago" of an ISO time; the day itself after a month. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (seconds < 10) return "just now";
  const [, unit, word] = STEPS.find(([limit]) => seconds < limit) ?? DAYS;
  const count = Math.round(seconds / unit);
  return count > 30 && word === "day"
    ? iso.slice(0, 10)
    : `${count} ${word}${count === 1 ? "" : "s"} ago`;
}
