// The form of a new annotation: a text under way stays with its run while another is on the page.

import type { AnnotationForm } from "./form.ts";

export class Drafts {
  /** That of the run on the page, where one is being written. */
  form: AnnotationForm | null = null;
  private run: string | null = null;
  private readonly others = new Map<string | null, AnnotationForm>();

  /** Take up the form of a run; return whether it is another run than before. */
  follow(run: string | null): boolean {
    if (run === this.run) return false;
    if (this.form && this.run) this.others.set(this.run, this.form);
    this.form = this.others.get(run) || null;
    this.others.delete(run);
    this.run = run;
    return true;
  }

  /** Go on with another form; what is written already is kept, with its new target. */
  begin(form: AnnotationForm): void {
    const draft = this.form;
    this.form = form;
    if (!draft?.dirty) return;
    form.area.value = draft.area.value;
    form.tag!.value = draft.tag!.value;
  }

  end(): void {
    this.form = null;
  }

  all(): AnnotationForm[] {
    return [...(this.form ? [this.form] : []), ...this.others.values()];
  }
}
