// What a chart asks for beside its own answer, as it is told by a choice: the last question counts.

import { type Answer, fetchArrays, fetched } from "../base/fetch.ts";

/** Who is told: a chart, or what stands for one. */
interface Asker {
  invalidate(): void;
  failed(error: unknown): void;
}

/** What came of the last question; answers and errors of those before it are nobody's concern. */
export class LastAnswer<Given = Answer> {
  private readonly asker: Asker;
  private readonly fetched: (address: string) => Promise<Given>;
  /** The address that was asked for last; "" where it failed, so that it can be asked again. */
  asked = "";
  /** The answer that came last; of an earlier question while `waiting`. */
  value: Given | null = null;
  waiting = false;

  /** `fetched` says how an answer is got that is more than that of its address. */
  constructor(
    asker: Asker,
    fetched = fetchArrays as unknown as (address: string) => Promise<Given>,
  ) {
    this.asker = asker;
    this.fetched = fetched;
  }

  /** Ask, unless that was asked last; `came` takes the answer before the chart is drawn. */
  ask(address: string, came?: (answer: Given) => void): void {
    if (address === this.asked) return;
    this.asked = address;
    this.waiting = true;
    this.fetched(address).then(
      (answer) => {
        if (this.asked !== address) return;
        this.value = answer;
        this.waiting = false;
        came?.(answer);
        this.asker.invalidate();
      },
      (error) => {
        if (this.asked !== address) return;
        this.forget();
        this.asker.failed(error);
      },
    );
  }

  /** Ask from within a drawing: what has come already is there at once, and asks for no other one. */
  askNow(address: string): void {
    const there = fetched(address) as Given | null;
    if (address === this.asked || !there) {
      this.ask(address);
      return;
    }
    this.asked = address;
    this.value = there;
    this.waiting = false;
  }

  /** Ask for nothing any more. */
  forget(): void {
    this.asked = "";
    this.waiting = false;
  }
}
