// Which scalars are shown, and which of them share a chart.

/**
 * A scalar: its key in addresses, its name, the part before the first "/" ("": none), and, of
 * several runs, how many have it.
 */
export type Scalar = readonly [key: string, name: string, group: string, count?: number];
/**
 * A chart: its key is that of its first line. `labels` are what its lines are called there, where it
 * is not their names that say it; `low` is where its scale begins, where nobody chose.
 */
export interface Plot {
  key: string;
  title: string;
  group: string;
  lines: readonly Scalar[];
  labels?: readonly string[];
  low?: number;
}

/** Return what tells whether every word of a search occurs in a name, in upper or lower case. */
export function searched(search: string): (name: string) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (name) => words.every((word) => name.toLowerCase().includes(word));
}

const PARTS = /train(?:ing)?|val(?:id(?:ation)?)?|test|eval(?:uation)?/i;
const PART = new RegExp(`(^|[/_.\\- ])(${PARTS.source})(?=$|[/_.\\- ])`, "i");

/** Return a name without the part of the data that it is about: "train/loss" -> "loss". */
export function withoutPart(name: string): string {
  return name.replace(PART, "$1").replace(/^[/_.\- ]+|[/_.\- ]+$|([/_.\- ])[/_.\- ]+/g, "$1");
}

/** Return which part of the data a name is about; the name itself where it says none. */
export const partOf = (name: string): string => PART.exec(name)?.[2] ?? name;

/** Return what the legend of a chart calls one of its lines. */
export const labelOf = ({ lines, labels }: Plot, at: number): string =>
  labels?.[at] ?? partOf(lines[at][1]);

/** Return a chart for each scalar; `joined`: one for those that differ in the part of the data. */
export function plots(scalars: readonly Scalar[], joined: boolean): Plot[] {
  const found = new Map<string, Scalar[]>();
  for (const scalar of scalars) {
    const common = joined && PART.test(scalar[1]) ? withoutPart(scalar[1]) : "";
    const place = common ? `joined ${common}` : `alone ${scalar[0]}`;
    found.set(place, [...(found.get(place) ?? []), scalar]);
  }
  return [...found.values()].map((lines) => {
    const [key, name, group] = lines[0];
    if (lines.length === 1) return { key, title: name, group, lines };
    const title = withoutPart(name);
    const slash = title.indexOf("/");
    return { key, title, group: slash < 0 ? "" : title.slice(0, slash), lines };
  });
}

/** A part of the page: what stands above it, and its charts. */
export interface Part {
  kind: "pinned" | "group";
  group: string;
  plots: Plot[];
}

/** Return the pinned charts, in the order in which they were pinned, then those of every group. */
export function parts(all: readonly Plot[], isPinned: (key: string) => number): Part[] {
  const pinned = all
    .filter(({ key }) => isPinned(key) >= 0)
    .sort((a, b) => isPinned(a.key) - isPinned(b.key));
  const groups = new Map<string, Plot[]>();
  for (const plot of all) {
    if (isPinned(plot.key) >= 0) continue;
    const members = groups.get(plot.group);
    if (members) members.push(plot);
    else groups.set(plot.group, [plot]);
  }
  const found = [...groups].map(([group, plots]): Part => ({ kind: "group", group, plots }));
  return pinned.length ? [{ kind: "pinned", group: "", plots: pinned }, ...found] : found;
}
