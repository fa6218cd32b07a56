// Names that a regular expression finds. It is tried in a thread that ends after a while: some
// patterns take longer than anybody waits, and neither the page nor the server may hang by them.

const MOST_MS = 1_000;

/** The names that were found, or one sentence that says why not. */
export type Tried = { found: Set<string> } | { trouble: string };

/** Return what is wrong with a pattern; "" where it can be tried. */
export function troubleOf(pattern: string): string {
  try {
    new RegExp(pattern, "i");
    return "";
  } catch (error) {
    const why = (error instanceof Error ? error.message : "").split(": ").at(-1);
    return `“${pattern}” is no regular expression: ${why?.toLowerCase()}. A sign with a meaning, such as ( or [, is searched for with \\ before it.`;
  }
}

/** Return which names a pattern finds anywhere within them, in upper or lower case. */
export function tryPattern(
  matcher: string,
  pattern: string,
  names: readonly string[],
): Promise<Tried> {
  const trouble = troubleOf(pattern);
  if (trouble) return Promise.resolve({ trouble });
  const worker = new Worker(matcher);
  return new Promise<Tried>((resolve) => {
    const late = `“${pattern}” takes too long to try: a repetition within a repetition, as in (a+)+, has too many ways to fit.`;
    const failed = "The pattern could not be tried: the script for it did not come. Try again.";
    let clock: ReturnType<typeof setTimeout> | undefined;
    worker.onmessage = ({ data }: MessageEvent<boolean[] | "ready">) => {
      if (data === "ready") {
        clock = setTimeout(() => resolve({ trouble: late }), MOST_MS);
        worker.postMessage({ pattern, names });
        return;
      }
      clearTimeout(clock);
      resolve({ found: new Set(names.filter((_, at) => data[at])) });
    };
    worker.onerror = () => {
      clearTimeout(clock);
      resolve({ trouble: failed });
    };
  }).finally(() => worker.terminate());
}

/** The pattern that is searched for, and what it finds. */
export class Pattern {
  private readonly matcher: string;
  private readonly told: () => void;
  private asked = "";
  private found: Set<string> | null = null;
  /** Why it finds nothing; "" where it was tried. */
  trouble = "";

  /** `told()` is called once a pattern has been tried. */
  constructor(matcher: string, told: () => void) {
    this.matcher = matcher;
    this.told = told;
  }

  /** Return what a pattern finds; till it has been tried what the one before found, null without one. */
  of(pattern: string, names: readonly string[]): ((name: string) => boolean) | null {
    const asked = `${pattern} ${names.length}`;
    if (this.asked !== asked) {
      this.asked = asked;
      this.trouble = "";
      tryPattern(this.matcher, pattern, names).then((tried) => {
        if (this.asked !== asked) return;
        this.found = "found" in tried ? tried.found : new Set();
        this.trouble = "trouble" in tried ? tried.trouble : "";
        this.told();
      });
    }
    const { found } = this;
    return found && ((name) => found.has(name));
  }
}
