// Writing: what it is about, the text with completion of @names, the tag; and what happens where
// somebody else has changed the same text meanwhile.

import { type DataError, make } from "#app/web/index.ts";
import type { Annotation, Meant, Target } from "./annotation.ts";
import { Completion } from "./completion.ts";
import { annotationStore } from "./store.ts";
import { TargetChooser } from "./targetchooser.ts";
import * as annotationParts from "./text.ts";

const MAX_BODY = 4000;
const MAX_TAG = 40;
let count = 0;

/** What is sent. */
export interface Given {
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
  /** Send the text in a place of its own: what it was about ("annotation", "reply") is gone. */
  elsewhere?(given: Given, gone: string): Promise<unknown>;
  done(): void;
  /** Return what a conflicting answer says; undefined where the text is gone. */
  current?(now: Annotation): { text: string; tag: string; version: number } | undefined;
}

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
    this.tag = annotationParts.input("annotation-tag-input", {
      value: this.options.tag || "",
      maxLength: MAX_TAG,
      placeholder: "optional",
    });
    const list = make("datalist", "");
    list.id = `annotation-tags-${++count}`;
    this.tag.setAttribute("list", list.id);
    annotationStore.words().then(({ tags }) => list.append(...tags.map((tag) => new Option(tag))));
    const made = annotationParts.field("Tag", this.tag);
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

  save(): Promise<void> {
    return this.send(this.options.save);
  }

  private async send(how: FormOptions["save"]): Promise<void> {
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
      await how(given, this.sending.signal);
      this.saved = true;
      this.options.done();
    } catch (error) {
      if ((error as DataError).status === 409 && (error as DataError).annotation)
        this.conflict(error as DataError);
      else if (this.options.elsewhere && (error as DataError).gone)
        this.lost((error as DataError).gone!);
      else this.say((error as Error).message || String(error));
    }
    this.submit.disabled = false;
  }

  say(text: string): void {
    this.problem.replaceChildren(text);
  }

  /** Offer to send the text elsewhere: somebody has deleted what it was about. */
  private lost(gone: string): void {
    if (gone !== "annotation" && gone !== "reply") {
      this.say("This run has been moved to the trash or deleted. Copy your text to keep it.");
      return;
    }
    const wanted = gone === "reply" ? "reply" : "annotation";
    this.problem.replaceChildren(
      make("div", "", `Somebody has deleted this ${gone} in the meantime; your text is above.`),
      annotationParts.button(`Save it as a new ${wanted}`, () =>
        this.send((given) => this.options.elsewhere!(given, gone)),
      ),
    );
  }

  /** Nothing is lost: our text stays in its place, theirs stands below it. */
  conflict(error: DataError): void {
    const { button, nodes } = annotationParts;
    const theirs = this.options.current!(error.annotation as Annotation);
    if (!theirs) {
      this.lost("reply");
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
