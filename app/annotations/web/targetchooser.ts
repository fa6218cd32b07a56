// The chooser of what a new annotation is about: a thing of the page, and iterations.

import { make, makeChoices, type Range, type Thing } from "#app/web/index.ts";
import { targetOf, timeWords, wordsOf } from "./about.ts";
import type { Meant, Target } from "./annotation.ts";
import * as annotationTargets from "./targets.ts";
import * as annotationParts from "./text.ts";

export class TargetChooser {
  declare private readonly things: readonly Thing[];
  declare readonly element: HTMLElement;
  declare private readonly what: HTMLSelectElement;
  declare private readonly first: HTMLInputElement;
  declare private readonly last: HTMLInputElement;
  declare private readonly words: HTMLElement;

  constructor({ things, thing, when }: Meant) {
    const { button } = annotationParts;
    this.things = things;
    this.element = make("fieldset", "annotation-target");
    const { holder, list } = makeChoices("annotation-what");
    this.what = list;
    this.what.append(new Option("nothing in particular: the run, or its iterations", ""));
    things.forEach((one, at) => this.what.append(new Option(wordsOf(one), String(at))));
    const { keyOf } = annotationTargets;
    const at = thing ? things.findIndex((one) => keyOf(one) === keyOf(thing)) : -1;
    this.what.value = at < 0 ? "" : String(at);
    const number = { type: "number", min: 0, max: 2 ** 31 - 1, step: 1, placeholder: "any" };
    this.first = annotationParts.input("annotation-iteration", number);
    this.last = annotationParts.input("annotation-iteration", number);
    this.first.setAttribute("aria-label", "First iteration");
    this.last.setAttribute("aria-label", "Last iteration");
    const times = make(
      "div",
      "annotation-times",
      this.first,
      "to",
      this.last,
      button("at the cursor", () => this.times(annotationTargets.when()), "annotation-quiet"),
      button("any", () => this.times(null), "annotation-quiet"),
    );
    this.words = make("div", "annotation-about");
    this.words.setAttribute("aria-live", "polite");
    this.element.append(
      make("legend", "", "About"),
      this.words,
      annotationParts.field("What", holder),
      annotationParts.field("Iterations", times),
    );
    this.times(when);
    for (const control of [this.what, this.first, this.last])
      control.addEventListener("input", () => this.say());
  }

  times(when: Range | null): void {
    [this.first.value, this.last.value] = (when ? [when[0], when[1]] : ["", ""]) as [
      string,
      string,
    ]; // the page makes them text
    this.say();
  }

  /** What is chosen; null: nothing in particular, whose value is empty. */
  get thing(): Thing | null {
    return this.things[Number.parseInt(this.what.value, 10)] || null;
  }

  /** Return the target as the server takes it. */
  get value(): Target {
    return targetOf(this.thing, this.first.value, this.last.value);
  }

  say(): void {
    const { first, last } = this.value;
    const { thing } = this;
    const when = first === null ? "" : timeWords([first, last!]);
    this.words.textContent = thing
      ? [wordsOf(thing), when].filter(Boolean).join(" at ")
      : when || "the run";
  }
}
