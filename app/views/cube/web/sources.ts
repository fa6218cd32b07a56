// Where the cube's data comes from: what each route was last asked, and its answer.

import { addressOf, fetchArrays, fetched } from "#app/web/index.ts";
import type { Answers } from "./types.ts";

export type Name = keyof Answers;
interface Source<Found> {
  address?: string;
  answer?: Found;
  waiting?: boolean;
}

export class Sources {
  private readonly base: string;
  private readonly told: () => void;
  private readonly failed: (error: unknown) => void;
  private readonly sources: { [Key in Name]: Source<Answers[Key]> } = {
    errors: {},
    order: {},
    correlation: {},
    anomalies: {},
    detail: {},
    single: {},
  };

  /** `told()` is called when something has come, `failed(error)` when it could not. */
  constructor(base: string, told: () => void, failed: (error: unknown) => void) {
    this.base = base;
    this.told = told;
    this.failed = failed;
  }

  /** Ask for an answer where it is not there; the old one stays meanwhile. */
  ask<Key extends Name>(name: Key, template: string): void {
    const address = addressOf(`${this.base}/${template}`);
    const source: Source<Answers[Key]> = this.sources[name];
    if (source.address === address) return;
    const there = fetched<Answers[Key]>(address);
    if (there) {
      this.keep(name, { address, answer: there });
      return;
    }
    this.keep(name, { ...source, address, waiting: true });
    const current = () => this.sources[name].address === address;
    fetchArrays<Answers[Key]>(address).then(
      (answer) => current() && this.came(name, { address, answer }),
      (error) => {
        if (!current()) return;
        this.keep(name, { answer: source.answer }); // so that the next load tries again
        this.failed(error);
      },
    );
  }

  private keep<Key extends Name>(name: Key, source: Source<Answers[Key]>): void {
    Object.assign(this.sources, { [name]: source });
  }

  private came<Key extends Name>(name: Key, source: Source<Answers[Key]>): void {
    this.keep(name, source);
    this.told();
  }

  ready<Key extends Name>(name: Key): Answers[Key] | null {
    return this.sources[name].answer || null;
  }

  /** Return the answer to what is asked for now, or null; `ready` may still hold the one before. */
  current<Key extends Name>(name: Key): Answers[Key] | null {
    const source: Source<Answers[Key]> = this.sources[name];
    return !source.waiting ? source.answer || null : null;
  }

  waiting(name: Name): boolean {
    return Boolean(this.sources[name].waiting);
  }
}
