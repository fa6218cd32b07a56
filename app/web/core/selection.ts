// The one selection that drives every view: cursor, pins, range, classes, layers, options.
//
// `set` tells its subscribers once in the next frame, with no request; after 250 ms of rest the
// selection goes to the address (web/core/selectionaddress.ts) and to the dcc.Store "selection". Deliberate
// changes make an entry in the history; passing ones (the cursor, a slider) change the present one.
// Which fields there are, of which kind and with which default, app/fields.py and the views say;
// the page carries it in #selection-fields.

import { controlState } from "./controlstate.ts";
import type { Carried, Chosen, Fields, FieldsOfPage, Names, Pointed, Selection } from "./fields.ts";
import { onPush } from "./navigation.ts";
import { hasPage, setProps } from "./page.ts";
import { same } from "./same.ts";
import { selectionAddress } from "./selectionaddress.ts";

const REST_MS = 250;
const STORE = "selection";
const CONTROLS = '[id$=\'"type":"selection-control"}\']'; // app/selection.py bound
/** What is told of changes: what is selected now, and the names of what has changed. */
export type Subscriber = (selection: Selection, names: Names) => void;

const subscribers = new Set<Subscriber>();
let chosen: Chosen = {}; // only what differs from the default
let passing: Partial<Pointed> = {}; // what is under the pointer; in no address
let changed: Names = new Set(); // to be told
const kept: Names = new Set(); // changed since the address was written
let frame = 0;
let telling = false;
const told = new Set<() => void>();
let rest: ReturnType<typeof setTimeout> | 0 = 0;
let pressed = false; // a button or finger is down: a drag is one change
let place: string | null = null; // the run that the selection belongs to
const seen = new WeakSet<Element>(); // the bound controls that were there
let page: HTMLElement | null = null; // the element of the page that says which fields there are
let known: { text: string; fields: FieldsOfPage } = { text: "", fields: {} };

function runOfPage(): string | null {
  const match = /\/run\/(\d+)/.exec(location.pathname);
  return match ? match[1] : null;
}

/** Return what says which fields the page of this run has; null while it is another run's. */
function holderOfPage(): HTMLElement | null {
  const holder = document.getElementById("selection-fields");
  return holder && (!holder.dataset.run || holder.dataset.run === runOfPage()) ? holder : null;
}

/** Return {name: {kind, default, passing, varies}} of this page; empty where it has none. */
function fields(): FieldsOfPage {
  const text = document.getElementById("selection-fields")?.dataset.fields || "";
  if (text && text !== known.text) known = { text, fields: JSON.parse(text) };
  return text ? known.fields : {};
}

// What `get` returned last, with what is pointed at; the same holds for it.
let shown: { whole: Fields; passing: Partial<Pointed>; view: Selection } | null = null;
// What `everything` returned last; none of its readers writes to it, and it is made anew on a change.
let whole: { of: FieldsOfPage; view: Fields } | null = null;

function everything(): Fields {
  const of = fields();
  if (whole?.of !== of) whole = { of, view: filled(of) };
  return whole.view;
}

function filled(of: FieldsOfPage): Fields {
  const view: Chosen = {};
  for (const [name, field] of Object.entries(of)) {
    view[name] = name in chosen ? chosen[name] : field.default;
  }
  return view as unknown as Fields; // as the page says, which a test holds against the type
}

/** Whether bound controls have come since the last time: they show the defaults of the page. */
function controlsCame(): boolean {
  const news = [...document.querySelectorAll(CONTROLS)].filter((one) => !seen.has(one));
  for (const one of news) seen.add(one);
  return news.length > 0;
}

function toStore() {
  if (document.getElementById("selection-fields")) setProps(STORE, { data: { ...everything() } });
}

function commit() {
  clearTimeout(rest);
  rest = 0;
  if (place === null || place !== runOfPage()) {
    kept.clear(); // the page was left in the meantime
    return;
  }
  if (pressed) {
    rest = setTimeout(commit, REST_MS);
    return;
  }
  const push = [...kept].some((name) => !fields()[name]?.passing);
  kept.clear();
  selectionAddress.put(fields(), chosen, place, { push });
  toStore();
}

function tell() {
  frame = 0;
  const names = changed;
  changed = new Set();
  const view = { ...everything(), ...passing };
  telling = true;
  try {
    for (const subscriber of [...subscribers]) subscriber(view, names);
  } finally {
    telling = false;
  }
  for (const act of told) act();
}

function announce(names: Iterable<string>): void {
  for (const name of names) changed.add(name);
  if (!frame && changed.size) frame = requestAnimationFrame(tell);
}

/** Show what an address chose, and nothing else. */
function takeOver(found: Chosen): void {
  const before = chosen;
  chosen = found;
  whole = null;
  kept.clear();
  const names = Object.keys(fields()).filter((name) => !same(chosen[name], before[name]));
  announce(names);
  if (names.length || Object.keys(chosen).length) toStore();
}

/** Read the address; what the server must be asked for follows when it has come. */
function readAddress(holder: HTMLElement): void {
  clearTimeout(rest);
  rest = 0;
  const carried: Carried | null = holder.dataset.view ? JSON.parse(holder.dataset.view) : null;
  selectionAddress.know(fields(), place, carried);
  const found = selectionAddress.take(fields(), carried);
  if (!(found instanceof Promise)) {
    takeOver(found);
    settle(carried);
    return;
  }
  const here = location.href;
  found.then((later) => {
    if (location.href !== here || place !== runOfPage()) return;
    takeOver(later);
    settle(null);
  });
}

/** Write down what was read, so that the entry of the history can be come back to. */
function settle(carried: Carried | null): void {
  if (!carried?.missing) selectionAddress.put(fields(), chosen, place);
}

/**
 * Take over the address where it is another run's, came by back and forward, or by a link that
 * says what to select; else the selection goes along to the other view of the run.
 */
function sync({ force = false } = {}) {
  const run = runOfPage();
  const holder = holderOfPage();
  if (run === null || !holder) {
    if (force || run !== place) place = null; // read it when the page has come
    return;
  }
  const came = controlsCame();
  const anew = holder !== page; // the page's store holds the defaults, as the server sent it
  if (anew) controlState.forget(); // they came with it
  page = holder;
  const moved = run !== place;
  if (moved) passing = {};
  place = run;
  if (moved || force || selectionAddress.isNew(fields())) {
    readAddress(holder);
    return;
  }
  selectionAddress.put(fields(), chosen, place);
  if ((anew || came) && Object.keys(chosen).length) toStore();
}

function ready() {
  if (place === null || place !== runOfPage()) sync();
}

/** The names of the fields that are lists. */
type ListField = {
  [Name in keyof Fields]: Fields[Name] extends unknown[] ? Name : never;
}[keyof Fields];

export const selectionStore = {
  /** Return every field, with its default where nothing is chosen, and what is pointed at. */
  get(): Selection {
    ready();
    const all = everything();
    if (shown?.whole !== all || shown.passing !== passing)
      shown = { whole: all, passing, view: { ...all, ...passing } };
    return shown.view;
  },

  /** Change some fields, for instance {cursor: 1600}; null takes the default. */
  set(patch: { [Name in keyof Fields]?: Fields[Name] | null }): void {
    ready();
    const names: string[] = [];
    for (const [name, value] of Object.entries(patch)) {
      const field = fields()[name];
      if (!field) throw new Error(`The selection of this page has no field ${name}.`);
      const now = name in chosen ? chosen[name] : field.default;
      const next = value ?? field.default;
      if (same(next, now)) continue;
      if (same(next, field.default)) delete chosen[name];
      else chosen[name] = next;
      whole = null;
      names.push(name);
      kept.add(name);
    }
    if (!names.length) return;
    announce(names);
    clearTimeout(rest);
    rest = setTimeout(commit, REST_MS);
  },

  /** Change what is under the pointer, for instance {row: {...}}; told, but never kept. */
  point(patch: Partial<Pointed>): void {
    passing = { ...passing, ...patch };
    announce(Object.keys(patch));
  },

  /** Call `subscriber(selection, Set of changed fields)` once a frame; returns the way out. */
  subscribe(subscriber: Subscriber): () => void {
    subscribers.add(subscriber);
    return () => {
      subscribers.delete(subscriber);
    };
  },

  /** Whether subscribers are being told at this moment. */
  get telling(): boolean {
    return telling;
  },

  /** Call `act` once all subscribers were told, in the same frame. */
  afterTelling(act: () => void): void {
    told.add(act);
  },

  /** Add a value to a list field, or take it away. */
  toggle<Name extends ListField>(name: Name, value: Fields[Name][number]): void {
    const values: unknown[] = this.get()[name];
    const others = values.filter((other) => !same(other, value));
    const next = others.length === values.length ? [...values, value] : others;
    this.set({ [name]: next.sort((a, b) => Number(a) - Number(b)) });
  },

  /** Return a promise of an address that reopens what is shown now. */
  link: async (): Promise<string> =>
    selectionAddress.isWhole() ? location.href : selectionAddress.link(fields(), chosen, place),

  /** Save what is shown now as {name, shared}; returns a promise of its short address. */
  save: (about: { name: string; shared: boolean }): Promise<string> =>
    selectionAddress.isWhole()
      ? selectionAddress.saveWhole(about)
      : selectionAddress.save(fields(), chosen, place, about),

  /** Take over what a page about no run chose; its address is that page's own affair. */
  adopt(found: Chosen): void {
    controlState.forget(); // they came with the page
    passing = {};
    takeOver(found);
  },

  /** Let all controls of a page about no run show what is chosen: they may have come anew. */
  show(): void {
    controlState.forget();
    toStore();
  },

  /** Whether everything that changed has been told, and stands in the address. */
  atRest: (): boolean => !frame && !rest,

  sync,
  fields: (): FieldsOfPage => fields(),
};

/** Follow the address, and note while a button or finger is down. */
function start(): void {
  window.addEventListener("popstate", () => sync({ force: true }));
  window.addEventListener("pointerdown", () => (pressed = true), true);
  for (const name of ["pointerup", "pointercancel"]) {
    window.addEventListener(name, () => (pressed = false), true);
  }
  window.addEventListener("blur", () => (pressed = false));
  onPush(() => setTimeout(sync));
}
if (hasPage()) start();
