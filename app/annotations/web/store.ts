// @ts-nocheck
// The annotations of the run in sight: kept up to date by a cheap question every second and a half,
// never in a hidden tab. Everything that shows annotations asks here.
//
// deeptracker.annotations: list(), marksFor(kind, id, filter), withIterations(), subscribe(f),
// send(path, body), words(), and what annotations/web/panel.ts adds: open(ids), annotate(target).

import { DataError, fetchJson } from "#app/web/index.ts";
import { byTarget, isShown, keyOf, merge } from "./kept.ts";

const EVERY_MS = 1500;
const ELSEWHERE_MS = 2_000; // on pages of no run: mentions only
const BACK_OFF_MS = 10_000;

const items = new Map(); // id -> annotation, as app/annotation_routes/answers.py says
const subscribers = new Set();
const state = { run: null, version: -1, me: null, may: {}, unread: 0, show: "open" };
let timer = 0;
let asking = false;
let targeted = null; // "class 3" -> annotations
let known = null; // promise of {people, tags}

const runOfPage = () => /\/run\/(\d+)/.exec(location.pathname)?.[1] ?? null;
/** Return the address before /run/... (an application may be served under a path). */
const root = () => /^(.*?)\/(?:run\/|$)/.exec(location.pathname)?.[1] ?? "";
const base = () => `${root()}/data/run/${state.run}/annotations`;

function tell() {
  targeted = null;
  for (const subscriber of [...subscribers]) subscriber();
}

function forget(run) {
  state.run = run;
  state.version = -1;
  items.clear();
  tell();
}

/** Take over an answer; tell only where something is new. */
function take(answer) {
  const news =
    answer.ids !== undefined ||
    answer.unread !== state.unread ||
    answer.me !== state.me ||
    answer.may.annotate !== state.may.annotate;
  Object.assign(state, {
    version: answer.version,
    unread: answer.unread,
    me: answer.me,
    may: answer.may,
  });
  merge(items, answer);
  if (news) tell();
}

async function ask() {
  timer = 0;
  if (asking || document.hidden) return;
  asking = true;
  const run = runOfPage();
  if (run !== state.run) forget(run);
  let pause = run ? EVERY_MS : ELSEWHERE_MS;
  try {
    if (run) {
      const answer = await fetchJson(`${base()}?since=${state.version < 0 ? "" : state.version}`);
      if (run === runOfPage()) take(answer);
    } else {
      const { unread } = await fetchJson(`${root()}/data/annotations/mentions`);
      if (unread !== state.unread) {
        state.unread = unread;
        tell();
      }
    }
  } catch (error) {
    pause = error.status === 401 || error.status === 404 ? 0 : BACK_OFF_MS;
  }
  asking = false;
  if (runOfPage() !== run) pause = 1;
  if (pause) wait(pause);
}

function wait(pause) {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

const soon = () => wait(30);

async function send(path, body = {}, signal) {
  let answer;
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
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const text =
      answer.status === 401
        ? "You are no longer logged in; log in in another tab, then save again."
        : said.error;
    const error = new DataError(text || `The server answered ${answer.status}.`, answer.status);
    error.annotation = said.annotation; // what it is now, for one who came second
    throw error;
  }
  if (said.annotation) items.set(said.annotation.id, said.annotation);
  if (said.deleted) items.delete(said.deleted);
  if (said.unread !== undefined) state.unread = said.unread;
  tell();
  return said;
}

const shown = (annotation) => isShown(annotation, state.show);

function index() {
  targeted ??= byTarget(items, state.show);
  return targeted;
}

export const annotationStore = {
  state,
  /** Return all annotations of the run, the oldest first. */
  list: () => [...items.values()].sort((a, b) => a.id - b.id),
  get: (id) => items.get(id),
  isShown: shown,
  /** Return the shown ones about a "class", "image", "layer" or "filter" (of the layer `id`). */
  marksFor: (kind, id, filter) => index().get(keyOf({ kind, id, filter })) || [],
  /** Return [{kind, id, filter, annotations}] of the targets of a kind that have shown ones. */
  targets: (kind) =>
    [...index().values()]
      .filter(([first]) => first.target.kind === kind)
      .map((found) => ({ ...found[0].target, annotations: found })),
  /** Return the shown ones that are about an iteration or a range, whatever else. */
  withIterations: () =>
    [...items.values()].filter((one) => one.target.first !== null && shown(one)),
  /** Choose which are shown everywhere: "open", "resolved" or "all". */
  show(which) {
    state.show = which;
    tell();
  },
  /** Call `subscriber` whenever an annotation or the page's run has changed; returns the way out. */
  subscribe(subscriber) {
    subscribers.add(subscriber);
    return () => subscribers.delete(subscriber);
  },
  send,
  /** Return a promise of {people: [{name, handle}], tags}, asked for once a minute at most. */
  words() {
    if (!known) {
      known = fetchJson(`${root()}/data/annotations/words`).catch(() => ({ people: [], tags: [] }));
      setTimeout(() => (known = null), 60_000);
    }
    return known;
  },
  root,
};

document.addEventListener("visibilitychange", () => document.hidden || soon());
window.addEventListener("popstate", soon);
window.addEventListener("_dashprivate_pushstate", soon);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", soon);
else soon();
