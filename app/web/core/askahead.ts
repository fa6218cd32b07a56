// The page that a link leads to, and what it asks for first, asked for before the link is pressed:
// with the pointer on it, or with the click. Dash and the charts then find their answers there.
//
// The page that is being loaded is asked for even before this script is there (early/pagesahead.js):
// what its charts will ask for is asked for while Dash starts and builds them.
//
// A link says the templates of these addresses as data-asks (app/frame.py), and by data-version the
// version of the run. On a page that has no selection (the table of runs) they are plain addresses.
// The answer with the page says what charts it has, and these say what else they will ask for.

import { type Answer, fetchArrays } from "../base/fetch.ts";
import { addressOf, askedBy, workBeforehand } from "./chart.ts";
import type { ChartOptions } from "./chartoptions.ts";
import { connection } from "./connection.ts";
import type { Chosen, FieldsOfPage, Selection } from "./fields.ts";
import { hasPage } from "./page.ts";
import { selectionStore } from "./selection.ts";
import { selectionAddress } from "./selectionaddress.ts";
import { attributesIn } from "./still.ts";
import { live } from "./versions.ts";

/** A pointer that stays so long over a link may be about to press it. */
const DWELL_MS = 70;
let dwelling: ReturnType<typeof setTimeout> | 0 = 0;

const linkOf = ({ target }: Event): HTMLAnchorElement | null => {
  const link = target instanceof Element && target.closest<HTMLAnchorElement>("a[data-asks]");
  return link && link.getAttribute("aria-current") !== "page" ? link : null;
};

function ask(link: HTMLAnchorElement): void {
  connection.ahead.ask(link, pageAhead);
  const { asks, version } = link.dataset;
  for (const template of JSON.parse(asks ?? "[]")) {
    // Else the page would ask again, by the version, for what came under an address without it.
    if (version) live.learn(template, version);
    fetchAhead(template);
  }
}

function fetchAhead(
  template: string,
  selection?: Selection,
  came: (answer: Answer) => void = () => {},
): void {
  const hasSelection = selection || Object.keys(selectionStore.fields()).length > 0;
  if (!hasSelection && template.includes("{")) return;
  // Whoever shows it says what is wrong.
  fetchArrays(addressOf(template, selection))
    .then(came)
    .catch(() => {});
}

/** A component as Dash sends it. */
interface Sent {
  props?: Record<string, unknown>;
}

/** Return the page in what Dash gets, and the links to the other pages, as Dash sends them. */
const partsOf = (text: string): [page: unknown, tabs: unknown] => {
  const { response } = JSON.parse(text);
  return [response?.["shell-page"]?.children, response?.["shell-tabs"]?.children];
};

/** Ask for what the charts of a page will ask for: `text` is what Dash gets as that page. */
function pageAhead(text: string): void {
  chartsAhead(partsOf(text)[0]);
}

function chartsAhead(page: unknown, selection?: Selection): void {
  for (const { "data-chart": kind, "data-options": options } of propsIn(page, "data-chart")) {
    const [name, own] = [String(kind), JSON.parse(String(options)) as ChartOptions];
    const work = (answer: Answer) => workBeforehand(name, own, answer, selection);
    for (const template of askedBy(name, own, selection))
      fetchAhead(template, selection, template === own.url ? work : undefined);
  }
}

/** The same of the page that is being loaded, with what its address chooses. */
function firstAhead(text: string): void {
  const [page, tabs] = partsOf(text);
  const [holder] = propsIn(page, "data-fields");
  // What a saved view chooses may have to be asked for.
  if (!holder || holder["data-view"]) return;
  for (const { "data-asks": asks, "data-version": version } of propsIn(tabs, "data-version"))
    for (const template of JSON.parse(String(asks))) live.learn(template, String(version));
  const fields: FieldsOfPage = JSON.parse(String(holder["data-fields"]));
  const selection: Chosen = selectionAddress.read(fields, location.search);
  for (const [name, field] of Object.entries(fields)) selection[name] ??= field.default;
  chartsAhead(page, selection as unknown as Selection);
}

/** Return the properties of the components in a part of a page that have one of this name. */
function propsIn(part: unknown, name: string): Record<string, unknown>[] {
  if (Array.isArray(part)) return part.flatMap((one) => propsIn(one, name));
  const { props } = (part ?? {}) as Sent;
  if (!props) return [];
  if (props[name]) return [props];
  const still = typeof props.tree === "string" ? attributesIn(props.tree, name) : [];
  return [...still, ...propsIn(props.children, name)];
}

function pressed(event: Event): void {
  if (!(event instanceof MouseEvent)) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // another tab
  clearTimeout(dwelling);
  const link = linkOf(event);
  if (link) ask(link);
}

function over(event: Event): void {
  clearTimeout(dwelling);
  const link = linkOf(event);
  if (link) dwelling = setTimeout(() => link.isConnected && ask(link), DWELL_MS);
}

if (hasPage()) {
  // A page of charts alone has no early scripts.
  connection.ahead?.first?.then(firstAhead).catch(() => {});
  // A finger or button goes down before the click comes; the keyboard and scripts only click.
  for (const name of ["pointerdown", "click"])
    document.addEventListener(name, pressed, { capture: true, passive: true });
  for (const name of ["pointerover", "focusin"])
    document.addEventListener(name, over, { passive: true });
}
