// What the address says of single charts and groups: short keys in a text of limited length.

import type { Range } from "../core/fields.ts";

const LONGEST = 200; // of a text in the address: app/fields.py MAX_TEXT
const SHORT = 8; // characters that a key is told by

/** What a chart has of its own: the ends of its scale, a logarithm, what it shows of time. */
export interface Own {
  low: number | null;
  high: number | null;
  log: boolean;
  zoom: Range | null;
}
export const PLAIN: Readonly<Own> = { low: null, high: null, log: false, zoom: null };

export const shortKey = (key: string): string => key.slice(0, SHORT);

/** Return the short keys of a list. */
export const listOf = (text: string): string[] => text.split(",").filter(Boolean);

/** Return a list with or without a key; null where the address has no room for it. */
export function withKey(text: string, key: string, wanted: boolean): string | null {
  const others = listOf(text).filter((one) => one !== key);
  const next = (wanted ? [...others, key] : others).join(",");
  return next.length <= LONGEST ? next : null;
}

const number = (text: string | undefined): number | null =>
  text && Number.isFinite(Number(text)) ? Number(text) : null;

function range(text: string | undefined): Range | null {
  const ends = /^(\d{1,10})_(\d{1,10})$/.exec(text ?? "");
  return ends && Number(ends[1]) < Number(ends[2]) ? [Number(ends[1]), Number(ends[2])] : null;
}

/** Return what charts have of their own, by their short keys; what cannot be read is left out. */
export function readOwn(text: string): Map<string, Own> {
  const found = new Map<string, Own>();
  for (const part of listOf(text)) {
    const [key, low, high, log, zoom] = part.split(":");
    if (!/^[0-9a-f]+$/.test(key)) continue;
    found.set(key, { low: number(low), high: number(high), log: log === "1", zoom: range(zoom) });
  }
  return found;
}

// Few digits: nobody sees more of a scale, and the text is short.
const digits = (value: number | null): string => (value === null ? "" : `${+value.toPrecision(4)}`);

/** Write what charts have of their own; null where the address has no room for it. */
export function writeOwn(all: ReadonlyMap<string, Own>): string | null {
  const parts = [...all]
    .filter(([, { low, high, log, zoom }]) => low !== null || high !== null || log || zoom)
    .map(([key, { low, high, log, zoom }]) =>
      [key, digits(low), digits(high), log ? "1" : "", zoom ? zoom.join("_") : ""]
        .join(":")
        .replace(/:+$/, ""),
    );
  const text = parts.join(",");
  return text.length <= LONGEST ? text : null;
}

/** Return a short name of a group: groups may be called anything, at any length. */
export function groupKey(group: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(group)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}

/** The group that is folded until somebody opens it: the machine has a page of its own. */
const FOLDED_FIRST = "machine";
const OPENED = "!"; // before the key of that group: somebody opened it

/**
 * Whether a group is folded: "*" before a list turns it round, all but those. `first`: whether the
 * group is folded that nobody has opened.
 */
export function isFolded(text: string, group: string, first = false): boolean {
  const turned = text.startsWith("*");
  const list = listOf(turned ? text.slice(1) : text);
  if (list.includes(groupKey(group))) return !turned;
  return turned || (first && group === FOLDED_FIRST && !list.includes(OPENED + groupKey(group)));
}

/** Fold or unfold a group; null where the address has no room for it. */
export function fold(text: string, group: string, folded: boolean): string | null {
  const turned = text.startsWith("*");
  const key = groupKey(group);
  let list = withKey(turned ? text.slice(1) : text, key, folded !== turned);
  if (list !== null && group === FOLDED_FIRST && !turned)
    list = withKey(list, OPENED + key, !folded);
  return list === null || list.length >= LONGEST ? null : (turned ? "*" : "") + list;
}
