// The forms of a card: a change of its text, an answer, a change of a reply.

import type { Annotation, Reply } from "./annotation.ts";
import { AnnotationForm, type FormOptions, type Given } from "./form.ts";
import { annotationStore } from "./store.ts";

/** Send a text whose place is gone: as a reply where only a reply is, else as an annotation. */
function sendElsewhere(
  annotation: Annotation,
  { text, tag }: Given,
  gone: string,
): Promise<unknown> {
  if (gone === "reply") return annotationStore.send(`/${annotation.id}/replies`, { text });
  return annotationStore.send("/new", { text, tag, target: annotation.target });
}

/** Return the form "edit", "answer" or "reply 7" of an annotation; `reply` for a change of one. */
export function formOf(
  annotation: Annotation,
  name: string,
  reply: Reply | null,
  done: () => void,
): AnnotationForm {
  const to = (path: string): Pick<FormOptions, "save" | "elsewhere" | "done"> => ({
    save: (given, signal) => annotationStore.send(`/${annotation.id}${path}`, given, signal),
    elsewhere: (given, gone) => sendElsewhere(annotation, given, gone),
    done,
  });
  if (name === "edit")
    return new AnnotationForm({
      label: "Change the annotation",
      text: annotation.body,
      tag: annotation.tag,
      tagged: true,
      version: annotation.version,
      current: (now) => ({ text: now.body, tag: now.tag, version: now.version }),
      ...to(""),
    });
  if (!reply) return new AnnotationForm({ label: "Reply", saves: "Reply", ...to("/replies") });
  return new AnnotationForm({
    label: "Change the reply",
    text: reply.body,
    version: reply.version,
    current: (now) => {
      const found = now.replies.find(({ id }) => id === reply.id);
      return found && { text: found.body, tag: "", version: found.version };
    },
    ...to(`/replies/${reply.id}`),
  });
}
