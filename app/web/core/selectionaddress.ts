// The selection as text: how it stands in the address, in the history, and under a short id.
//
// Up to 500 characters the address holds it as it is. Beyond, the server keeps it and the address
// has ?view=<id>, beside which stand only cursor, range and zoom: those change without a request.
// Each entry of the history carries the whole text, so that back and forward ask for nothing.

import { messageOf } from "../base/errors.ts";
import { fetchJson } from "../base/fetch.ts";
import type { Carried, Chosen, FieldKind, FieldsOfPage } from "./fields.ts";
import { say } from "./notices.ts";
import { same } from "./same.ts";

const LONGEST = 500; // characters of a query string
const SERVED = 3500; // characters that a server certainly takes
const LIGHT = ["cursor", "range", "zoom"];
const VIEW = "view";
const OF = "of"; // beside the run's number, which is a store's own: what its UUID begins with
const queries = new Map<string, string>(); // id -> selection as text
const ids = new Map<string, string | Promise<string>>(); // run, page and selection as text -> id, or a promise of it

/** Returns null for what cannot be read. */
type Reader = (text: string) => unknown;

const number = (text: string): number | null =>
  text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
const whole = (text: string): number | null => (/^\d{1,10}$/.test(text) ? Number(text) : null);
const listOf = (read: Reader) => (text: string) => {
  const values = text
    .split(",")
    .map(read)
    .filter((value) => value !== null);
  return values.length ? values : text === "" ? [] : null;
};
const group = (separator: string) => (text: string) => {
  const values = text.split(separator).map(whole);
  return values.length === 2 && !values.includes(null) ? (values as [number, number]) : null;
};

// How each kind of field is read and written; null: not to be read.
const KINDS: Record<FieldKind, { read: Reader; write: (value: any) => string }> = {
  integer: { read: whole, write: String },
  number: { read: number, write: String },
  flag: { read: (text) => text === "1", write: (value) => (value ? "1" : "0") },
  text: { read: (text) => text.slice(0, 200) || null, write: String },
  integers: { read: listOf(whole), write: (value: number[]) => value.join(",") },
  range: {
    read: (text) => {
      const ends = group("-")(text);
      return ends && ends[0] <= ends[1] ? ends : null;
    },
    write: (value: number[]) => value.join("-"),
  },
  pairs: {
    read: listOf(group(".")),
    write: (value: number[][]) => value.map((pair) => pair.join(".")).join(","),
  },
};

const textOf = (parameters: URLSearchParams): string =>
  parameters.toString().replaceAll("%2C", ",");
const pageOf = (): string => /\/run\/\d+\/([\w-]+)/.exec(location.pathname)?.[1] || "overview";

/** Return what a text chooses: {field: value}, without what is the default. */
function read(fields: FieldsOfPage, text: string): Chosen {
  const parameters = new URLSearchParams(text);
  const found: Chosen = {};
  for (const [name, field] of Object.entries(fields)) {
    const part = parameters.get(name);
    const value = part === null ? null : KINDS[field.kind].read(part);
    if (value !== null && !same(value, field.default)) found[name] = value;
  }
  return found;
}

/** Return the text of a selection; `complete`: with the defaults that depend on the run. */
function write(
  fields: FieldsOfPage,
  chosen: Chosen,
  { complete = false, but = [] }: { complete?: boolean; but?: readonly string[] } = {},
): string {
  const parameters = new URLSearchParams();
  for (const [name, field] of Object.entries(fields)) {
    if (but.includes(name)) continue;
    const value = name in chosen ? chosen[name] : complete && field.varies ? field.default : null;
    if (value !== null && value !== undefined) parameters.set(name, KINDS[field.kind].write(value));
  }
  return textOf(parameters);
}

async function post(body: object): Promise<string> {
  const answer = await fetch("/data/views", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(found.error || `The server answered ${answer.status}.`);
  return found.id;
}

/** Return the id under which the server keeps a text, or a promise of it. */
function keep(run: string | null, query: string): string | Promise<string> {
  const page = pageOf();
  const key = `${run} ${page} ${query}`;
  const known = ids.get(key);
  if (known !== undefined) return known;
  const promise = post({ run: Number(run), page, query });
  ids.set(key, promise);
  promise.then(
    (id) => {
      ids.set(key, id);
      queries.set(id, query);
    },
    () => ids.delete(key),
  ); // the next time it is asked again
  return promise;
}

const join = (...texts: string[]): string => texts.filter(Boolean).join("&");

/** Return what the address of this page says of its run, "of=1a2b3c4d"; empty for no run. */
function ofPage(): string {
  const said = document.getElementById("selection-fields")?.dataset.of;
  return said ? `${OF}=${said}` : "";
}

/** Return the parameters of the address that are none of ours. */
function others(fields: FieldsOfPage): URLSearchParams {
  const parameters = new URLSearchParams(location.search);
  for (const name of [VIEW, OF, ...Object.keys(fields)]) parameters.delete(name);
  return parameters;
}

/** Return [query string, promise of an id where the server does not have it yet]. */
function compose(
  fields: FieldsOfPage,
  chosen: Chosen,
  run: string | null,
): [search: string, waiting: Promise<string> | null] {
  const rest = textOf(others(fields));
  const plain = join(rest, write(fields, chosen), ofPage());
  if (plain.length <= LONGEST) return [plain, null];
  const id = keep(run, write(fields, chosen, { complete: true, but: LIGHT }));
  const light = Object.fromEntries(
    LIGHT.filter((name) => name in chosen).map((name) => [name, chosen[name]]),
  );
  if (typeof id === "string")
    return [join(rest, `${VIEW}=${id}`, write(fields, light), ofPage()), null];
  return [plain, id];
}

const stateOf = (): { query: string; search: string } | null => history.state?.deeptracker || null;

function enter(search: string, query: string, push: boolean): void {
  const address = location.pathname + (search ? `?${search}` : "") + location.hash;
  const now = location.pathname + location.search + location.hash;
  const shown = address.length <= SERVED ? address : now;
  if (shown === now && stateOf()?.query === query) return;
  const state = {
    ...history.state,
    deeptracker: { query, search: new URL(shown, location.href).search },
  };
  if (push) history.pushState(state, "", shown);
  else history.replaceState(state, "", shown);
  last = location.search;
}

let last: string | null = null; // the query string that we wrote or read last
let told = false; // that a link could not be made

function failed(error: unknown): void {
  if (!told) say(`The address cannot hold this selection: ${messageOf(error)}`, { failed: true });
  told = true;
}

export const selectionAddress = {
  read,
  write,
  pageOf,

  /** Whether the address says something that we neither wrote nor read. */
  isNew(fields: FieldsOfPage): boolean {
    if (location.search === last) return false;
    const parameters = new URLSearchParams(location.search);
    return [VIEW, ...Object.keys(fields)].some((name) => parameters.has(name));
  },

  /** Write a selection into the address; `push`: as an entry of its own in the history. */
  put(fields: FieldsOfPage, chosen: Chosen, run: string | null, { push = false } = {}): void {
    const query = write(fields, chosen);
    const [search, waiting] = compose(fields, chosen, run);
    enter(search, query, push);
    waiting?.then(() => {
      told = false;
      if (stateOf()?.query === query) enter(compose(fields, chosen, run)[0], query, false);
    }, failed);
  },

  /**
   * Return what the address chooses, or a promise of it where the server must be asked.
   * `carried` is the view that came with the page, if any.
   */
  take(fields: FieldsOfPage, carried: Carried | null): Chosen | Promise<Chosen> {
    last = location.search;
    const state = stateOf();
    if (state?.query !== undefined && state.search === location.search)
      return read(fields, state.query);
    const own = read(fields, location.search);
    const id = new URLSearchParams(location.search).get(VIEW);
    if (!id) return own;
    if (carried?.id === id) {
      if (carried.missing) say(carried.missing, { failed: true });
      else queries.set(id, carried.query ?? "");
      return { ...read(fields, carried.query || ""), ...own };
    }
    const known = queries.get(id);
    if (known !== undefined) return { ...read(fields, known), ...own };
    return fetchJson<{ query: string }>(`/data/views/${encodeURIComponent(id)}`).then(
      ({ query }) => {
        queries.set(id, query);
        return { ...read(fields, query), ...own };
      },
      (error) => {
        say(messageOf(error), { failed: true });
        return own;
      },
    );
  },

  /** Remember that the server has a selection already, as it came with the page. */
  know(fields: FieldsOfPage, run: string | null, carried: Carried | null): void {
    if (!carried?.query || carried.private) return;
    const whole = read(fields, carried.query);
    const query = write(fields, whole, { complete: true, but: LIGHT });
    if (query !== write(fields, whole, { complete: true })) return; // its cursor could not be left
    ids.set(`${run} ${pageOf()} ${query}`, carried.id);
  },

  /** Whether the page is about no run: its address alone says all that it shows. */
  isWhole: (): boolean => !/\/run\/\d+/.test(location.pathname),

  /** Save such a page, which belongs to the first of its runs; a promise of its short address. */
  async saveWhole(about: { name: string; shared: boolean }): Promise<string> {
    const [first] = (new URLSearchParams(location.search).get("runs") ?? "").split(",");
    if (!first) throw new Error("Choose runs before you save the view.");
    const page = location.pathname.split("/").at(-1);
    const query = location.search.slice(1);
    const id = await post({ run: Number(first), page, query, ...about });
    return new URL(`/v/${id}`, location.origin).href;
  },

  /** Return a promise of an address that reopens all this for whoever gets it. */
  async link(fields: FieldsOfPage, chosen: Chosen, run: string | null): Promise<string> {
    const query = write(fields, chosen, { complete: true });
    const search = join(query, ofPage());
    if (query.length <= LONGEST)
      return new URL(`${location.pathname}${search && `?${search}`}`, location.origin).href;
    return new URL(`/v/${await keep(run, query)}`, location.origin).href;
  },

  /** Save a selection under a name; returns a promise of its short address. */
  async save(
    fields: FieldsOfPage,
    chosen: Chosen,
    run: string | null,
    { name, shared }: { name: string; shared: boolean },
  ): Promise<string> {
    const query = write(fields, chosen, { complete: true });
    const id = await post({ run: Number(run), page: pageOf(), query, name, shared });
    return new URL(`/v/${id}`, location.origin).href;
  },
};
