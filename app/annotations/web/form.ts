// Writing: what it is about, the text with completion of @names, the tag; and what happens where
// somebody else has changed the same text meanwhile.

import {
  type DataError,
  make,
  makeChoices,
  numbers,
  type Range,
  type Thing,
} from "#app/web/index.ts";
import type { Annotation, Meant, Target } from "./annotation.ts";
import { annotationStore } from "./store.ts";
import * as annotationTargets from "./targets.ts";
import * as annotationParts from "./text.ts";

const MAX_BODY = 4000;
const MAX_TAG = 40;
const MOST_PEOPLE = 6;
let count = 0;

type Words = Awaited<ReturnType<typeof annotationStore.words>>;
type Person = Words["people"][number];
/** What is sent. */
interface Given {
  text: string;
  tag: string;
  /** Of what the text was when writing began. */
  version?: number;
  target?: Target;
}
export interface FormOptions {
  label: string;
  /** What a new annotation is about. */
  target?: Meant;
  tagged?: boolean;
  text?: string;
  tag?: string;
  /** The word of the button. */
  saves?: string;
  version?: number;
  save(given: Given, signal: AbortSignal): Promise<unknown>;
  done(): void;
  /** Return what a conflicting answer says; undefined where the text is gone. */
  current?(now: Annotation): { text: string; tag: string; version: number } | undefined;
}

/** Complete "@na" in a text area from the accounts: arrows choose, Enter or Tab takes. */
class Completion {
  declare private readonly area: HTMLTextAreaElement;
  declare readonly list: HTMLElement;
  declare private people: Person[];
  /** Which of them the keyboard marks. */
  declare private at: number;

  constructor(area: HTMLTextAreaElement) {
    this.area = area;
    this.list = make("div", "annotation-completion");
    this.list.id = `annotation-completion-${++count}`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "People");
    this.list.hidden = true;
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", this.list.id);
    area.addEventListener("input", () => this.look());
    area.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    area.addEventListener("keydown", (event) => this.key(event));
  }

  begun(): string | null {
    const before = this.area.value.slice(0, this.area.selectionStart);
    return /(?:^|[^\w.-])@([^\n@]{0,40})$/.exec(before)?.[1] ?? null;
  }

  async look(): Promise<void> {
    const begun = this.begun();
    if (begun === null) return this.close();
    const { people } = await annotationStore.words();
    if (this.begun() !== begun) return undefined;
    const text = begun.toLowerCase();
    const fits = people.filter(
      ({ name, handle }) =>
        handle.toLowerCase() !== text.trim() &&
        (handle.toLowerCase().startsWith(text) ||
          name
            .toLowerCase()
            .split(/\s+/)
            .some((word) => word.startsWith(text))),
    );
    this.show(fits.slice(0, MOST_PEOPLE));
    return undefined;
  }

  show(people: Person[]): void {
    this.people = people;
    this.at = 0;
    this.list.hidden = !people.length;
    this.area.setAttribute("aria-expanded", String(!this.list.hidden));
    this.list.replaceChildren(
      ...people.map(({ name, handle }, at) => {
        const option = make("div", "annotation-person", name);
        if (handle !== name) option.append(make("small", "", handle));
        option.id = `${this.list.id}-${at}`;
        option.setAttribute("role", "option");
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          this.take(at);
        });
        return option;
      }),
    );
    this.mark();
  }

  mark(): void {
    [...this.list.children].forEach((option, at) =>
      option.setAttribute("aria-selected", String(at === this.at)),
    );
    if (this.list.hidden) this.area.removeAttribute("aria-activedescendant");
    else this.area.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
  }

  close(): void {
    if (!this.list.hidden) this.show([]);
  }

  key(event: KeyboardEvent): void {
    if (this.list.hidden) return;
    const step = ({ ArrowDown: 1, ArrowUp: -1 } as Partial<Record<string, number>>)[event.key];
    if (step) this.at = (this.at + step + this.people.length) % this.people.length;
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.mark();
  }

  take(at: number): void {
    const { area } = this;
    const from = area.selectionStart - this.begun()!.length;
    area.setRangeText(`${this.people[at].handle} `, from, area.selectionStart, "end");
    this.close();
  }
}

function field(label: string, control: HTMLElement, kind = "annotation-field"): HTMLElement {
  return make("label", kind, make("span", "", label), control);
}

function input(kind: string, attributes: object): HTMLInputElement {
  return Object.assign(make("input", kind), attributes);
}

/** The chooser of what a new annotation is about: a thing of the page, and iterations. */
class TargetChooser {
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
    this.first = input("annotation-iteration", number);
    this.last = input("annotation-iteration", number);
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
      field("What", holder),
      field("Iterations", times, "annotation-field"),
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
    const { thing } = this;
    const whole = (text: string) => (text === "" ? null : Math.round(Number(text)));
    let first = whole(this.first.value);
    let last = whole(this.last.value);
    first = first ?? last;
    last = last ?? first;
    if (first !== null && first > last!) [first, last] = [last, first];
    const kind = thing?.kind || (first === null ? "run" : "iteration");
    return { kind, id: thing?.id ?? null, filter: thing?.filter ?? null, first, last };
  }

  say(): void {
    const { first, last } = this.value;
    const { thing } = this;
    const { integer } = numbers;
    const when =
      first === null
        ? ""
        : first === last
          ? `iteration ${integer(first)}`
          : `iterations ${integer(first)} – ${integer(last)}`;
    this.words.textContent = thing
      ? [wordsOf(thing), when].filter(Boolean).join(" at ")
      : when || "the run";
  }
}

const wordsOf = ({ kind, name }: Thing): string =>
  ["class", "layer"].includes(kind) && !name.startsWith(`${kind} `) ? `${kind} ${name}` : name;

/** A form for a text. */
export class AnnotationForm {
  declare private readonly options: FormOptions;
  declare private version: number | undefined;
  declare readonly element: HTMLFormElement;
  declare private readonly chooser: TargetChooser | null;
  declare readonly area: HTMLTextAreaElement;
  declare private readonly completion: Completion;
  declare private readonly problem: HTMLElement;
  declare private readonly submit: HTMLButtonElement;
  /** Where it is tagged. */
  declare tag?: HTMLInputElement;
  declare private sending?: AbortController;
  declare saved?: boolean;

  constructor(options: FormOptions) {
    const { button } = annotationParts;
    this.options = options;
    this.version = options.version;
    this.element = make("form", "annotation-form");
    this.element.setAttribute("aria-label", options.label);
    this.chooser = options.target ? new TargetChooser(options.target) : null;
    this.area = make("textarea", "annotation-text");
    Object.assign(this.area, { value: options.text || "", maxLength: MAX_BODY, rows: 4 });
    this.area.placeholder = "What did you see? @name notifies somebody.";
    this.area.setAttribute("aria-label", options.label);
    this.completion = new Completion(this.area);
    this.problem = make("div", "annotation-problem");
    this.problem.setAttribute("role", "alert");
    this.submit = make("button", "dt-button annotation-save", options.saves || "Save");
    this.submit.type = "submit";
    const buttons = make(
      "div",
      "annotation-buttons",
      this.submit,
      button("Cancel", () => this.cancel()),
      make("span", "dt-soft", "Ctrl+Enter saves"),
    );
    this.element.append(
      ...(this.chooser ? [this.chooser.element] : []),
      this.area,
      this.completion.list,
      ...(options.tagged ? [this.tagField()] : []),
      this.problem,
      buttons,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  tagField(): HTMLElement {
    this.tag = input("annotation-tag-input", {
      value: this.options.tag || "",
      maxLength: MAX_TAG,
      placeholder: "optional",
    });
    const list = make("datalist", "");
    list.id = `annotation-tags-${++count}`;
    this.tag.setAttribute("list", list.id);
    annotationStore.words().then(({ tags }) => list.append(...tags.map((tag) => new Option(tag))));
    const made = field("Tag", this.tag);
    made.append(list);
    return made;
  }

  key(event: KeyboardEvent): void {
    event.stopPropagation(); // no keys of the charts while writing
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.save();
    } else if (event.key === "Escape") this.cancel();
  }

  /** Close the form; a text that still waits for the server is not sent any more. */
  cancel(): void {
    this.sending?.abort();
    this.options.done();
  }

  get dirty(): boolean | undefined {
    return (
      this.area.value !== (this.options.text || "") ||
      (this.tag && this.tag.value !== (this.options.tag || ""))
    );
  }

  async save(): Promise<void> {
    if (this.submit.disabled) return;
    if (!this.area.value.trim()) {
      this.say("Enter some text first.");
      return;
    }
    this.submit.disabled = true;
    this.say("");
    const { value: text } = this.area;
    const given: Given = { text, tag: this.tag?.value ?? "", version: this.version };
    if (this.chooser) given.target = this.chooser.value;
    try {
      this.sending = new AbortController();
      await this.options.save(given, this.sending.signal);
      this.saved = true;
      this.options.done();
    } catch (error) {
      if ((error as DataError).status === 409 && (error as DataError).annotation)
        this.conflict(error as DataError);
      else this.say((error as Error).message || String(error));
    }
    this.submit.disabled = false;
  }

  say(text: string): void {
    this.problem.replaceChildren(text);
  }

  /** Nothing is lost: our text stays in its place, theirs stands below it. */
  conflict(error: DataError): void {
    const { button, nodes } = annotationParts;
    const theirs = this.options.current!(error.annotation as Annotation);
    if (!theirs) {
      this.say("It has been deleted in the meantime; your text is still here.");
      return;
    }
    this.version = theirs.version;
    const quote = make("blockquote", "annotation-theirs", ...nodes(theirs.text));
    const use = button("Use theirs", () => {
      this.area.value = theirs.text;
      if (this.tag) this.tag.value = theirs.tag;
      this.say("");
    });
    this.problem.replaceChildren(
      make("div", "", `${error.message} Your text is above; theirs is:`),
      quote,
      use,
      make("div", "dt-soft", "Saving overwrites theirs with the text above."),
    );
  }

  focus(): void {
    this.area.focus();
    this.area.setSelectionRange(this.area.value.length, this.area.value.length);
  }
}
