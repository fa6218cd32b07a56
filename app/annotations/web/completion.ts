// The list below a text area that completes "@na" to somebody's handle.

import { make } from "#app/web/index.ts";
import { begunIn, meantBy, type Person } from "./mention.ts";
import { annotationStore } from "./store.ts";

let count = 0;

/** Complete "@na" in a text area from the accounts: arrows choose, Enter or Tab takes. */
export class Completion {
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
    return begunIn(this.area.value.slice(0, this.area.selectionStart));
  }

  async look(): Promise<void> {
    const begun = this.begun();
    if (begun === null) return this.close();
    const { people } = await annotationStore.words();
    if (this.begun() !== begun) return undefined;
    this.show(meantBy(begun, people));
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
