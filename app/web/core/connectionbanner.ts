// What a person sees of a lost connection: one banner that says what is wrong and what becomes of
// it, and what has to be asked. early/connection.js and early/requests.js do the work.
//
// deeptracker.connection.say({kind, text, button, act}) adds a line of somebody else's, one of each
// kind; it returns what takes the line away.

import { chartRegistry } from "./chart.ts";
import { connection, type Question } from "./connection.ts";

const BACK_MS = 4_000; // how long it is said that all is well again
const GAP_PX = 14; // between the banner and what lies above it; to the foot of the window: connection.css
const TEXTS = {
  offline: "There is no network.",
  server: "The server does not answer.",
  database: "The server cannot reach its database.",
  session:
    "Your session has ended. What you typed is still here: log in in a new tab, and this page goes on.",
};
const STAYS = "This page stays as it is and goes on by itself.";

/** What can be done about a line: a button, or a link where `href` is given: a function, as the page
 * may have moved on, a tab pressed or a view zoomed, since the line was said. */
interface Action {
  label: string;
  act?: () => void;
  href?: () => string;
  target?: string;
}
/** What a line has besides its text. */
interface About {
  tone?: string;
  actions?: readonly Action[];
  detail?: HTMLElement | null;
  role?: string | null;
}

const lines = new Map<string, { text: string; element: HTMLElement }>(); // by key
let number = 0;
let troubled = false; // what was said last
let sent: string[] = []; // what waited to be written
let gone: ReturnType<typeof setTimeout> | 0 = 0; // the timer of "connected again"

const box = Object.assign(document.createElement("section"), { className: "connection" });
box.setAttribute("aria-label", "Connection");
// It is there before anything is said in it: else nothing is read out.
const said = Object.assign(document.createElement("div"), { className: "connection-lines" });
said.setAttribute("role", "status");
box.append(said);

function act({ label, act: run, href, target }: Action): HTMLElement {
  if (!href) {
    const made = Object.assign(document.createElement("button"), { textContent: label });
    made.type = "button";
    made.addEventListener("click", run!);
    return made;
  }
  const link = Object.assign(document.createElement("a"), { textContent: label, href: href() });
  link.target = target || "";
  // Before the browser reads it: of the pointer's menu and the middle button, and of the keyboard.
  for (const kind of ["pointerdown", "click"]) {
    link.addEventListener(kind, () => {
      link.href = href();
    });
  }
  return link;
}

/** Show a line under a key, null to take it away; the same line again is not said again. */
function line(
  key: string,
  text: string | null,
  { tone = "trouble", actions = [], detail = null, role = null }: About = {},
): void {
  const known = lines.get(key);
  if (text === null) {
    known?.element.remove();
    lines.delete(key);
  } else if (known?.text !== text) {
    const element = Object.assign(document.createElement("div"), { className: "connection-line" });
    element.dataset.tone = tone;
    if (role) element.setAttribute("role", role);
    const words = Object.assign(document.createElement("span"), { textContent: text });
    const buttons = Object.assign(document.createElement("span"), {
      className: "connection-actions",
    });
    buttons.append(...(detail ? [detail] : []), ...actions.map(act));
    element.append(words, buttons);
    if (known) known.element.replaceWith(element);
    else said.append(element);
    lines.set(key, { text, element });
  }
  box.dataset.shown = String(lines.size > 0);
}

const login = () => `/login?next=${encodeURIComponent(location.pathname + location.search)}`;

/** The seconds until the next attempt: for the eye alone, not read out every second. */
const countdown = Object.assign(document.createElement("span"), { className: "connection-next" });
countdown.setAttribute("aria-hidden", "true");
setInterval(() => {
  if (!countdown.isConnected) return;
  const seconds = Math.ceil((connection.next - performance.now()) / 1000);
  countdown.textContent = seconds > 0 ? `next try in ${seconds} s` : "trying …";
}, 500);

function list(labels: readonly string[]): string {
  const counted = new Map<string, number>();
  for (const label of labels) counted.set(label, (counted.get(label) || 0) + 1);
  return [...counted]
    .map(([label, times]) => (times > 1 ? `${label} (${times})` : label))
    .join(", ");
}

function sayState() {
  const { state } = connection;
  if (state === "online") {
    line("state", null);
    return;
  }
  troubled = true;
  clearTimeout(gone);
  line("back", null);
  if (state === "session") {
    line("state", TEXTS.session, {
      actions: [
        { label: "Log in in a new tab", href: login, target: "_blank" },
        { label: "Log in here", href: login },
      ],
    });
  } else {
    line("state", connection.page() ? TEXTS[state] : `${TEXTS[state]} ${STAYS}`, {
      actions: [{ label: "Try now", act: () => connection.retry() }],
      detail: countdown,
    });
  }
}

function sayWaiting() {
  const waiting = connection.waiting();
  if (connection.state === "online") {
    line("waiting", null);
    return;
  }
  sent = waiting;
  line("waiting", waiting.length ? `Waiting to be sent: ${list(waiting)}.` : null, {
    tone: "note",
    actions: [{ label: "Do not send", act: () => connection.discard() }],
  });
}

const asked = new Map<Question, string>(); // question -> key

function sayUnknown() {
  for (const [question, key] of asked) {
    if (connection.unknown.has(question)) continue;
    line(key, null);
    asked.delete(question);
  }
  for (const question of connection.unknown) {
    if (asked.has(question)) continue;
    asked.set(question, `unknown-${number++}`);
    line(
      asked.get(question)!,
      `It is not known whether “${question.label}” was carried out: the connection broke before the answer. Check whether it was.`,
      {
        actions: [
          { label: "Do it again", act: question.again },
          { label: "Leave it", act: question.leave },
        ],
      },
    );
  }
}

function sayBack() {
  if (connection.state !== "online" || !troubled) return;
  troubled = false;
  line("back", sent.length ? `Connected again. Sent: ${list(sent)}.` : "Connected again.", {
    tone: "well",
  });
  sent = [];
  gone = setTimeout(() => line("back", null), BACK_MS);
  chartRegistry?.refresh(); // those that could not be loaded
}

function sayIncomplete() {
  if (!connection.incomplete || connection.state !== "online") return;
  // Nobody has typed anything into a page that never came.
  if (!document.querySelector("#shell-page > *")) location.reload();
  else
    line("incomplete", "A part of this page could not be loaded.", {
      actions: [{ label: "Load the page again", act: () => location.reload() }],
    });
}

/** Follow a link of the browser's own when the server is back, instead of leaving the page now. */
let leaving: HTMLAnchorElement | null = null;
function leave(event: MouseEvent): void {
  if (event.defaultPrevented || connection.state === "online" || event.button) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link =
    event.target instanceof Element && event.target.closest<HTMLAnchorElement>("a[href]");
  if (!link || link.target || box.contains(link)) return;
  if (link.origin !== location.origin || link.href.split("#")[0] === location.href.split("#")[0])
    return;
  event.preventDefault();
  leaving = link;
  const name = link.textContent.trim().slice(0, 60) || link.pathname;
  line(
    "leaving",
    `“${name}” ${link.hasAttribute("download") ? "is downloaded" : "opens"} as soon as the server answers.`,
    {
      tone: "note",
      actions: [{ label: "Stay here", act: stay }],
    },
  );
}

function stay() {
  leaving = null;
  line("leaving", null);
}

function goOn() {
  if (!leaving || connection.state !== "online") return;
  const link = leaving;
  stay();
  link.click();
}

connection.subscribe(() => {
  sayState();
  sayWaiting();
  sayUnknown();
  sayBack();
  sayIncomplete();
  goOn();
});

connection.say = ({ kind, text, button, act: run, tone = "note" }) => {
  const key = `said ${kind ?? number++}`;
  line(key, text, { tone, actions: button ? [{ label: button, act: run }] : [], role: "alert" });
  return () => line(key, null);
};

// What else lies at the foot of the window makes way: the buttons of both are needed.
new ResizeObserver(() => {
  const room = box.offsetHeight ? box.offsetHeight + GAP_PX : 0;
  document.documentElement.style.setProperty("--connection-room", `${room}px`);
}).observe(box);
window.addEventListener("click", leave);
document.addEventListener("DOMContentLoaded", () => document.body.append(box));
if (document.readyState !== "loading") document.body.append(box);
connection.tell();
