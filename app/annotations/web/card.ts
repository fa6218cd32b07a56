// One annotation in the panel: what it says, about what, its replies, and what can be done with it.

import { make, numbers, visit } from "#app/web/index.ts";
import type { Annotation, Reply } from "./annotation.ts";
import { formOf } from "./cardforms.ts";
import type { AnnotationForm } from "./form.ts";
import { annotationStore } from "./store.ts";
import * as annotationParts from "./text.ts";

/** What the panel does for a card. */
interface Hooks {
  toggle(id: number): void;
  problem(text: string): void;
  changed(): void;
}
/** Whether the thread is open; and the handles, lower case, of those a text can mention. */
interface Look {
  open: boolean;
  handles: readonly string[];
}

const mine = (one: Annotation | Reply): boolean | undefined =>
  one.author_id === annotationStore.state.me || annotationStore.state.may.manage;

/** Return what goes with an annotation: "", " and its reply", " and its 3 replies". */
function withReplies({ replies }: Annotation): string {
  if (!replies.length) return "";
  return replies.length === 1 ? " and its reply" : ` and its ${replies.length} replies`;
}

export class AnnotationCard {
  declare readonly id: number;
  /** The run that was on the page. */
  declare readonly run: string | null;
  declare private readonly hooks: Hooks;
  /** Under way: "edit", "answer", "reply 7". */
  declare readonly forms: Map<string, AnnotationForm>;
  declare readonly element: HTMLElement;
  /** The button that asks once more, and what the annotation was when it began to. */
  private asks: { name: string; seen: number } | null = null;
  /** What is drawn. */
  declare private key?: string;
  declare private annotation: Annotation;
  declare private handles: readonly string[];

  constructor(annotation: Annotation, hooks: Hooks) {
    this.id = annotation.id;
    this.run = annotationStore.state.run;
    this.hooks = hooks;
    this.forms = new Map();
    this.element = make("article", "annotation-card");
    this.element.dataset.annotation = String(annotation.id);
    this.element.setAttribute("aria-label", `Annotation ${annotation.id}`);
  }

  get busy(): boolean {
    return this.forms.size > 0;
  }

  /** Show what the annotation is now; forms under way stay as they are. */
  show(annotation: Annotation, { open, handles }: Look): void {
    // Who is asked whether a thread shall go is asked again once there is more of it.
    if (this.asks && this.asks.seen !== annotation.changed) this.asks = null;
    const key = JSON.stringify([
      annotation,
      open,
      handles.length,
      [...this.forms.keys()],
      annotationStore.state.may,
      this.asks,
    ]);
    if (key === this.key) return;
    this.key = key;
    const focused = this.element.contains(document.activeElement)
      ? (document.activeElement as HTMLElement)
      : null;
    this.annotation = annotation;
    this.handles = handles;
    this.element.classList.toggle("annotation-open", open);
    this.element.classList.toggle("annotation-resolved", Boolean(annotation.resolved_at));
    this.element.replaceChildren(this.head(open), ...(open ? this.thread() : [this.summary()]));
    this.refocus(focused);
  }

  refocus(focused: HTMLElement | null): void {
    if (!focused) return;
    if (focused.isConnected) focused.focus();
    else if (focused.dataset.action)
      this.element.querySelector<HTMLElement>(`[data-action="${focused.dataset.action}"]`)?.focus();
  }

  head(open: boolean): HTMLElement {
    const { time } = annotationParts;
    const { annotation } = this;
    const title = make("button", "annotation-title", annotation.about);
    title.type = "button";
    title.dataset.action = "toggle";
    title.setAttribute("aria-expanded", String(open));
    title.addEventListener("click", () => this.hooks.toggle(this.id));
    const facts = make(
      "div",
      "annotation-facts",
      make("b", "", annotation.author),
      time(annotation.created_at),
    );
    if (annotation.edited_at) facts.append(make("span", "", "edited"));
    if (annotation.tag) facts.append(make("span", "annotation-tag", annotation.tag));
    if (annotation.resolved_at)
      facts.append(
        make(
          "span",
          "annotation-state",
          `✓ resolved${annotation.resolved_by ? ` by ${annotation.resolved_by}` : ""}`,
        ),
      );
    if (annotation.unread) facts.append(make("span", "annotation-new", "mentions you"));
    return make("div", "annotation-head", title, facts);
  }

  summary(): HTMLElement {
    const { nodes } = annotationParts;
    const replies = this.annotation.replies.length;
    const text = make(
      "div",
      "annotation-body annotation-clamp",
      ...nodes(this.annotation.body, this.handles),
    );
    const made = make("div", "", text);
    if (replies) made.append(make("div", "dt-soft", numbers.plural(replies, "reply", "replies")));
    return made;
  }

  thread(): HTMLElement[] {
    const { nodes } = annotationParts;
    const { annotation } = this;
    const body =
      this.forms.get("edit")?.element ||
      make("div", "annotation-body", ...nodes(annotation.body, this.handles));
    const replies = make(
      "div",
      "annotation-replies",
      ...annotation.replies.map((reply) => this.reply(reply)),
    );
    const answer = this.forms.get("answer");
    return [body, this.actions(), replies, ...(answer ? [answer.element] : [])];
  }

  action(name: string, text: string, action: (event: MouseEvent) => void): HTMLElement {
    const made = annotationParts.button(text, action, "annotation-quiet");
    made.dataset.action = name;
    return made;
  }

  actions(): HTMLElement {
    const { annotation } = this;
    const row = make("div", "annotation-actions");
    row.append(
      this.action("show", "Show it", () => visit(annotation.link)),
      this.action("link", "Copy link", (event) => this.copy(event.currentTarget as HTMLElement)),
    );
    if (!annotationStore.state.may.annotate) return row;
    row.append(
      this.action("reply", "Reply", () => this.begin("answer")),
      this.action("resolve", annotation.resolved_at ? "Reopen" : "Resolve", () =>
        this.send("/resolved", { resolved: !annotation.resolved_at }),
      ),
    );
    if (mine(annotation)) {
      row.append(
        this.action("edit", "Edit", () => this.begin("edit")),
        this.remover("delete", "", `annotation${withReplies(annotation)}`),
      );
    }
    return row;
  }

  /** A button that asks once more before it deletes. */
  remover(name: string, path: string, what: string): HTMLElement {
    const sure = this.asks?.name === name;
    const { changed: seen } = this.annotation;
    const made = this.action(name, sure ? `Delete ${what}?` : "Delete", () => {
      this.asks = sure ? null : { name, seen };
      if (sure) this.send(`${path}/delete`, { seen });
      else {
        this.hooks.changed();
        setTimeout(() => this.calm(name), 5000);
      }
    });
    made.classList.toggle("annotation-alarm", sure);
    return made;
  }

  calm(name: string): void {
    if (this.asks?.name !== name) return;
    this.asks = null;
    this.hooks.changed();
  }

  reply(reply: Reply): HTMLElement {
    const { nodes, time } = annotationParts;
    const name = `reply ${reply.id}`;
    const facts = make(
      "div",
      "annotation-facts",
      make("b", "", reply.author),
      time(reply.created_at),
    );
    if (reply.edited_at) facts.append(make("span", "", "edited"));
    if (annotationStore.state.may.annotate && mine(reply) && !this.forms.has(name)) {
      facts.append(
        this.action(`edit ${reply.id}`, "Edit", () => this.begin(name, reply)),
        this.remover(`delete ${reply.id}`, `/replies/${reply.id}`, "reply"),
      );
    }
    const body =
      this.forms.get(name)?.element ||
      make("div", "annotation-body", ...nodes(reply.body, this.handles));
    const made = make("div", "annotation-reply", facts, body);
    made.dataset.reply = String(reply.id);
    return made;
  }

  async send(path: string, body?: object): Promise<void> {
    try {
      await annotationStore.send(`/${this.id}${path}`, body);
    } catch (error) {
      this.hooks.problem((error as Error).message);
    }
  }

  async copy(button: HTMLElement): Promise<void> {
    const address = new URL(this.annotation.link, location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      button.textContent = "Copied";
    } catch {
      window.prompt("The link", address); // where the browser keeps its clipboard to itself
    }
    setTimeout(() => (button.textContent = "Copy link"), 2000);
  }

  /** Begin to write: a change of the text ("edit"), an answer, or a change of a reply. */
  begin(name: string, reply: Reply | null = null): void {
    const done = () => {
      this.forms.delete(name);
      this.hooks.changed();
      this.element.querySelector<HTMLElement>('[data-action="reply"]')?.focus();
    };
    if (!this.forms.has(name)) this.forms.set(name, formOf(this.annotation, name, reply, done));
    this.hooks.changed();
    this.forms.get(name)!.focus();
  }
}
