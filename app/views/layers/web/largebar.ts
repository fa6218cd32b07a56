// What stands beside the chart of one layer that is shown large: to its neighbours, and back to all.

import { make, numbers } from "#app/web/index.ts";

export interface BarActs {
  step(by: number): void;
  close(): void;
}

export class LargeBar {
  private readonly element = make("div", "layers-largebar");
  private readonly place = make("span", "dt-soft");
  private readonly above: HTMLButtonElement;
  private readonly below: HTMLButtonElement;

  constructor(parent: HTMLElement, acts: BarActs) {
    this.above = button("← Previous", "The chart above (arrow up)", () => acts.step(-1));
    this.below = button("Next →", "The chart below (arrow down)", () => acts.step(1));
    const back = button("All charts", "Back to all charts (Escape)", acts.close);
    this.element.hidden = true;
    this.element.append(this.above, this.place, this.below, back);
    parent.append(this.element);
  }

  /** Show it for the chart [at, of so many rows]; null: no chart is large. */
  show(place: readonly [at: number, count: number] | null): void {
    this.element.hidden = !place;
    if (!place) return;
    const [at, count] = place;
    const { integer } = numbers;
    // What a search leaves out has no place among the others.
    this.place.textContent = at < 0 ? "" : `${integer(at + 1)} of ${integer(count)}`;
    this.above.disabled = at <= 0;
    this.below.disabled = at < 0 || at + 1 >= count;
  }
}

function button(text: string, title: string, act: () => void): HTMLButtonElement {
  const made = make("button", "dt-button", text);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", act);
  return made;
}
