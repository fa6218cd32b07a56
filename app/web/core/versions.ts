// The newest known version of each run: whatever is shown of a run is loaded anew where it is newer.

const versions = new Map<string | null, number>(); // "/data/run/3/" -> newest known version
const subscribers = new Set<() => void>();
const baseOf = (url: string): string | null => /^.*\/data\/run\/\d+\//.exec(url)?.[0] ?? null;

export const live = {
  /** Return the newest known version of the run that an address is about, or null. */
  versionOf: (url: string): number | null => versions.get(baseOf(url)) ?? null,

  /** Tell a version; whatever is shown of the run is loaded again where it is newer. */
  learn(url: string, version: number): void {
    const base = baseOf(url);
    if (version <= (versions.get(base) ?? -1)) return;
    versions.set(base, version);
    subscribers.forEach((subscriber) => subscriber());
  },

  /** Call `subscriber` whenever a newer version is known. */
  subscribe: (subscriber: () => void): void => {
    subscribers.add(subscriber);
  },
};
