// The newest known version of each run: whatever is shown of a run is loaded anew where it is newer.

import { newer } from "./newer.ts";

/** The token of a version (app/versions.py), and when it was asked for. */
interface Known {
  token: string;
  at: number;
}

const versions = new Map<string | null, Known>(); // "/data/run/3/" -> what is known
const subscribers = new Set<() => void>();
const baseOf = (url: string): string | null => /^.*\/data\/run\/\d+\//.exec(url)?.[0] ?? null;

/** Return [run, number] of a token (app/versions.py): the beginning of its UUID, its version. */
function partsOf(token: string): [run: string, number: number] {
  const [run, number] = token.split(".");
  return [run, Number(number)];
}

/** Whether a token tells more than what is known: asked for later, or a later version. */
function isNews(token: string, at: number, known: Known | undefined): boolean {
  if (!known) return true;
  if (token === known.token) return false;
  return at > known.at || partsOf(token)[1] > partsOf(known.token)[1];
}

export const live = {
  /** Return "/data/run/3/" of an address that is about a run, else null. */
  baseOf,

  /** Return the token of the newest known version of the run that an address is about, or null. */
  versionOf: (url: string): string | null => versions.get(baseOf(url))?.token ?? null,

  /**
   * Tell the token of a version, asked for at the time `at`; whatever is shown of the run is
   * loaded again where it is news.
   */
  learn(url: string, token: string, at = 0): void {
    const base = baseOf(url);
    const known = versions.get(base);
    if (!isNews(token, at, known)) return;
    if (known && partsOf(token)[0] !== partsOf(known.token)[0]) {
      // The number is another run's now: a copy of the database was put back.
      newer.found("store");
      return;
    }
    versions.set(base, { token, at });
    for (const subscriber of subscribers) subscriber();
  },

  /** Call `subscriber` whenever a newer version is known. */
  subscribe: (subscriber: () => void): void => {
    subscribers.add(subscriber);
  },
};
