// Answers that come in pieces: each is asked for once, when what it is about comes into sight.

import { type Answer, fetchArrays, fetched } from "../base/fetch.ts";

export class Pieces<Given extends Answer> {
  private readonly changed: (error: unknown) => void;
  private readonly most: number;
  /** By address what has come; null: under way. */
  private readonly known = new Map<string, Given | null>();

  /**
   * `changed(error)` is called whenever a piece has come (null), or failed: then it is asked for
   * again. More than `most` pieces are forgotten together.
   */
  constructor(changed: (error: unknown) => void, most = 400) {
    this.changed = changed;
    this.most = most;
  }

  /** Return what is at an address; null while it is under way: it is asked for where it was not. */
  of(address: string): Given | null {
    const found = this.known.get(address);
    return found === undefined ? this.ask(address) : found;
  }

  private ask(address: string): Given | null {
    if (this.known.size >= this.most) this.known.clear();
    const there = fetched<Given>(address);
    this.known.set(address, there);
    if (there) return there;
    fetchArrays<Given>(address).then(
      (answer) => {
        this.known.set(address, answer);
        this.changed(null);
      },
      (error) => {
        this.known.delete(address);
        this.changed(error);
      },
    );
    return null;
  }
}
