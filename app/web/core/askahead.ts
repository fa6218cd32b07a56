// The page that a link leads to, and what it asks for first, asked for before the link is pressed:
// with the pointer on it, or with the click. Dash and the charts then find their answers there.
//
// A link says the templates of these addresses as data-asks (app/frame.py), and by data-version the
// version of the run. On a page that has no selection (the table of runs) they are plain addresses.
// The answer with the page says what charts it has, and these say what else they will ask for.

import { fetchArrays } from "../base/fetch.ts";
import { addressOf, askedBy } from "./chart.ts";
import { connection } from "./connection.ts";
import { hasPage } from "./page.ts";
import { selectionStore } from "./selection.ts";
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

function fetchAhead(template: string): void {
  const hasSelection = Object.keys(selectionStore.fields()).length > 0;
  if (!hasSelection && template.includes("{")) return;
  // Whoever shows it says what is wrong.
  fetchArrays(addressOf(template)).catch(() => {});
}

/** A component as Dash sends it. */
interface Sent {
  props?: Record<string, unknown>;
}

/** Ask for what the charts of a page will ask for: `text` is what Dash gets as that page. */
function pageAhead(text: string): void {
  const page = JSON.parse(text).response?.["shell-page"]?.children;
  for (const { "data-chart": kind, "data-options": options } of chartsOf(page))
    for (const template of askedBy(String(kind), JSON.parse(String(options)))) fetchAhead(template);
}

function chartsOf(part: unknown): Record<string, unknown>[] {
  if (Array.isArray(part)) return part.flatMap(chartsOf);
  const { props } = (part ?? {}) as Sent;
  if (!props) return [];
  return props["data-chart"] ? [props] : chartsOf(props.children);
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
  // A finger or button goes down before the click comes; the keyboard and scripts only click.
  for (const name of ["pointerdown", "click"])
    document.addEventListener(name, pressed, { capture: true, passive: true });
  for (const name of ["pointerover", "focusin"])
    document.addEventListener(name, over, { passive: true });
}
