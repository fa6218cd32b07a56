// Annotations as the server answers them (app/annotations/answers.py), declared once.

import type { Range, Thing } from "#app/web/index.ts";

/** What an annotation is about; first and last: iterations, null for no time in particular. */
export interface Target {
  kind: string;
  id: number | null;
  filter: number | null;
  first: number | null;
  last: number | null;
}

export interface Reply {
  id: number;
  author: string;
  author_id: number | null;
  body: string;
  version: number;
  created_at: string;
  edited_at: string | null;
}

/** Times are ISO texts; `changed` is the version of the run's annotations that it came with. */
export interface Annotation {
  id: number;
  target: Target;
  class: number | null;
  position: number | null;
  name: string;
  about: string;
  author: string;
  author_id: number | null;
  body: string;
  tag: string;
  version: number;
  changed: number;
  created_at: string;
  edited_at: string | null;
  resolved_at: string | null;
  resolved_by: string | null;
  unread: boolean;
  link: string;
  replies: Reply[];
}

/** What is new since a version; without ids nothing is. */
export interface Changes {
  version: number;
  unread: number;
  me: number | null;
  may: { annotate?: boolean; manage?: boolean };
  /** Those that there are, and those of them that have changed. */
  ids?: number[];
  annotations?: Annotation[];
}

/** What a form is about: what can be chosen, what is meant, and the iterations, if any. */
export interface Meant {
  things: Thing[];
  thing: Thing | null;
  when: Range | null;
}
