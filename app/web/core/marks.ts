// What has a name on the time axis of a run: events that the script marked, and where a training was
// resumed. Asked for once for all charts of a page, and again when the run has a newer version.

import { type Answer, fetchArrays, type Numbers } from "../base/fetch.ts";
import { numbers } from "../base/numbers.ts";
import { addressOf, chartRegistry } from "./chart.ts";
import { live } from "./versions.ts";

/** A mark of app/data/overview.py; a resume lies at the iteration after which it went on. */
export interface Mark {
  iteration: number;
  kind: "event" | "resume";
  text: string;
}
type Given = Answer<{ kinds: Mark["kind"][]; texts: string[] }, { at: Numbers }>;
/** What is known of a run, and what it was asked by. */
interface Known {
  address: string;
  marks: readonly Mark[];
}

const known = new Map<string, Known>(); // "/data/run/3/" -> its marks
const NONE: readonly Mark[] = [];

/** How a mark is drawn, and what stands before its text. */
export const SIGNS: Readonly<Record<Mark["kind"], string>> = { event: "◆", resume: "↻" };

async function ask(base: string, address: string): Promise<void> {
  try {
    const { arrays, meta } = await fetchArrays<Given>(address);
    if (known.get(base)?.address !== address) return;
    const { kinds, texts } = meta;
    const marks = Array.from(arrays.at, (iteration, index) => ({
      iteration,
      kind: kinds[index],
      text: texts[index],
    }));
    const before = known.get(base)!.marks;
    known.set(base, { address, marks });
    if (JSON.stringify(before) !== JSON.stringify(marks)) chartRegistry.redraw();
  } catch {
    // The charts say what is wrong; without marks the axis is as it was.
  }
}

export const marks = {
  /** Return the marks of the run that an address is about, as far as they are known, rising. */
  of(url: string | undefined): readonly Mark[] {
    const base = url ? live.baseOf(url) : null;
    if (!base || live.versionOf(base) === null) return NONE;
    const address = addressOf(`${base}marks`);
    const found = known.get(base);
    if (found?.address !== address) {
      known.set(base, { address, marks: found?.marks ?? NONE });
      ask(base, address);
    }
    return found?.marks ?? NONE;
  },
};

/** Return a mark in words. */
export const said = ({ iteration, kind, text }: Mark): string =>
  kind === "resume" ? text : `${numbers.integer(iteration)}: ${text}`;
