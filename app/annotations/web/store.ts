// The annotations of the run in sight: kept up to date by a cheap question every second and a half,
// never in a hidden tab. Everything that shows annotations asks here.
//
// deeptracker.annotations: list(), marksFor(kind, id, filter), withIterations(), subscribe(f),
// send(path, body), words(), and what annotations/web/panel.ts adds: open(ids), annotate(target).

import { connection, DataError, fetchJson, onPush } from "#app/web/index.ts";
import type { Annotation, Changes, Meant, Target } from "./annotation.ts";
import { byTarget, isShown, type Kept, keyOf, merge, type Shown } from "./kept.ts";

const EVERY_MS = 1500;
const ELSEWHERE_MS = 2_000; // on pages of no run: mentions only
const BACK_OFF_MS = 10_000;

const items: Kept = new Map(); // id -> annotation, as app/annotations/answers.py says
/** Whom a text can mention, and the tags in use. */
interface Words {
  people: { name: string; handle: string }[];
  tags: string[];
}
/** What the server says of something that was sent. */
interface Said {
  annotation?: Annotation;
  deleted?: number;
  unread?: number;
  error?: string;
  /** What of it there is no longer: "run", "annotation", "reply". */
  gone?: string;
}
interface State extends Pick<Changes, "version" | "me" | "may" | "unread"> {
  run: string | null;
  /** Whether the run is not there any more, or in the trash. */
  gone: boolean;
  show: Shown;
}

/** Everything but what the panel adds. */
interface Store {
  readonly state: State;
  list(): Annotation[];
  get(id: number): Annotation | undefined;
  isShown(annotation: Annotation): boolean;
  marksFor(kind: string, id: number | null, filter?: number | null): Annotation[];
  targets(kind: string): (Target & { annotations: Annotation[] })[];
  withIterations(): Annotation[];
  show(which: Shown): void;
  subscribe(subscriber: () => void): () => void;
  send(path: string, body?: object, signal?: AbortSignal): Promise<Said>;
  words(): Promise<Words>;
  root(): string;
}
/** What annotations/web/panel.ts adds when the page is there. */
export interface PanelActs {
  /** Show the threads of some annotations. */
  open(ids: number[]): void;
  /** Begin a new one; without `meant` about what is selected. */
  annotate(meant?: Meant): void;
  panel: { toggle(): void; isOpen(): boolean };
}

const subscribers = new Set<() => void>();
const state: State = {
  run: null,
  gone: false,
  version: -1,
  me: null,
  may: {},
  unread: 0,
  show: "open",
};
let timer: ReturnType<typeof setTimeout> | 0 = 0;
let asking = false;
let unsay: (() => void) | null = null; // takes away the line that the run is gone
let targeted: Map<string, Annotation[]> | null = null; // "class 3" -> annotations
let known: Promise<Words> | null = null; // promise of {people, tags}

const runOfPage = () => /\/run\/(\d+)/.exec(location.pathname)?.[1] ?? null;
/** Return the address before /run/... (an application may be served under a path). */
const root = () => /^(.*?)\/(?:run\/|$)/.exec(location.pathname)?.[1] ?? "";
const base = () => `${root()}/data/run/${state.run}/annotations`;

function tell(): void {
  targeted = null;
  for (const subscriber of [...subscribers]) subscriber();
}

function forget(run: string | null): void {
  isThere();
  state.run = run;
  state.version = -1;
  items.clear();
  tell();
}

/** Take over an answer; tell only where something is new. */
function take(answer: Changes): void {
  const news =
    answer.ids !== undefined ||
    answer.unread !== state.unread ||
    answer.me !== state.me ||
    state.gone ||
    answer.may.annotate !== state.may.annotate;
  Object.assign(state, {
    version: answer.version,
    unread: answer.unread,
    me: answer.me,
    may: answer.may,
  });
  isThere();
  merge(items, answer);
  if (news) tell();
}

async function ask(): Promise<void> {
  timer = 0;
  if (asking || document.hidden) return;
  asking = true;
  const run = runOfPage();
  if (run !== state.run) forget(run);
  let pause = run ? EVERY_MS : ELSEWHERE_MS;
  try {
    if (run) {
      const answer = await fetchJson<Changes>(
        `${base()}?since=${state.version < 0 ? "" : state.version}`,
      );
      if (run === runOfPage()) take(answer);
    } else {
      const { unread } = await fetchJson<{ unread: number }>(`${root()}/data/annotations/mentions`);
      if (unread !== state.unread) {
        state.unread = unread;
        tell();
      }
    }
  } catch (error) {
    const status = error instanceof DataError ? error.status : 0;
    // A run that is in the trash may be restored.
    pause = status === 401 ? 0 : BACK_OFF_MS;
    if (status === 404 && run === state.run) isGone((error as DataError).message);
  }
  asking = false;
  if (runOfPage() !== run) pause = 1;
  if (pause) wait(pause);
}

/** Say that the run of the page was deleted or moved to the trash meanwhile, and why. */
function isGone(why: string): void {
  if (document.querySelector(".shell-nothing"))
    unsaid(); // the page says so itself
  else if (!state.gone && state.version >= 0) {
    const text = `${why} What this page still shows was read before.`;
    unsay = connection?.say?.({ kind: "gone", text, tone: "trouble" }) ?? null;
  }
  if (state.gone) return;
  state.gone = true;
  tell();
}

function isThere(): void {
  unsaid();
  state.gone = false;
}

function unsaid(): void {
  unsay?.();
  unsay = null;
}

function wait(pause: number): void {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

const soon = () => wait(30);

async function send(path: string, body: object = {}, signal?: AbortSignal): Promise<Said> {
  let answer: Response;
  try {
    answer = await fetch(base() + path, {
      method: "POST",
      credentials: "same-origin",
      signal,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new DataError("The server does not answer; your text is still here. Try again.", 0);
  }
  const said: Said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const text =
      answer.status === 401
        ? "You are no longer logged in; log in in another tab, then save again."
        : said.error;
    const error = new DataError(text || `The server answered ${answer.status}.`, answer.status);
    error.annotation = said.annotation; // what it is now, for one who came second
    error.gone = said.gone;
    throw error;
  }
  if (said.annotation) items.set(said.annotation.id, said.annotation);
  if (said.deleted) items.delete(said.deleted);
  if (said.unread !== undefined) state.unread = said.unread;
  tell();
  return said;
}

const shown = (annotation: Annotation) => isShown(annotation, state.show);

function index(): Map<string, Annotation[]> {
  targeted ??= byTarget(items, state.show);
  return targeted;
}

export const annotationStore = {
  state,
  /** Return all annotations of the run, the oldest first. */
  list: () => [...items.values()].sort((a, b) => a.id - b.id),
  get: (id: number) => items.get(id),
  isShown: shown,
  /** Return the shown ones about a "class", "image", "layer" or "filter" (of the layer `id`). */
  marksFor: (kind: string, id: number | null, filter: number | null = null) =>
    index().get(keyOf({ kind, id, filter })) || [],
  /** Return [{kind, id, filter, annotations}] of the targets of a kind that have shown ones. */
  targets: (kind: string) =>
    [...index().values()]
      .filter(([first]) => first.target.kind === kind)
      .map((found) => ({ ...found[0].target, annotations: found })),
  /** Return the shown ones that are about an iteration or a range, whatever else. */
  withIterations: () =>
    [...items.values()].filter((one) => one.target.first !== null && shown(one)),
  /** Choose which are shown everywhere: "open", "resolved" or "all". */
  show(which: Shown): void {
    state.show = which;
    tell();
  },
  /** Call `subscriber` whenever an annotation or the page's run has changed; returns the way out. */
  subscribe(subscriber: () => void): () => void {
    subscribers.add(subscriber);
    return () => subscribers.delete(subscriber);
  },
  send,
  /** Return a promise of {people: [{name, handle}], tags}, asked for once a minute at most. */
  words(): Promise<Words> {
    if (!known) {
      known = fetchJson<Words>(`${root()}/data/annotations/words`).catch(() => ({
        people: [],
        tags: [],
      }));
      setTimeout(() => (known = null), 60_000);
    }
    return known;
  },
  root,
} satisfies Store as Store & PanelActs;

document.addEventListener("visibilitychange", () => document.hidden || soon());
window.addEventListener("popstate", soon);
// The selection makes entries too, on the page of the same run.
onPush(() => runOfPage() === state.run || soon());
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", soon);
else soon();
