// A newcomer's tour: five steps over the pages, each beside what it is about.

import { make } from "../base/elements.ts";
import { visit } from "../core/navigation.ts";

interface Step {
  /** The page of the team, or of the run that the tour goes through. */
  path: (run: string) => string;
  /** What it is about; the first of these that there is. */
  about: readonly string[];
  title: string;
  says: string;
}

const RUN_LINK = "#shell-page a[href*='/run/']";
const STEPS: readonly Step[] = [
  {
    path: () => "/",
    about: [RUN_LINK, "#shell-page h1"],
    title: "The list of runs",
    says: "Each row is one training. Its badge says what was found: healthy, unexplained, or a fault. Its name opens it.",
  },
  {
    path: (run) => `${run}/overview`,
    about: [".overview-verdict", ".overview-title"],
    title: "What was found",
    says: "The badge leads to the findings: where the training went wrong, the most probable cause, and how to test it. The marks under the time axis show when.",
  },
  {
    path: (run) => `${run}/validation`,
    about: ["[data-chart='validationrows']", "#shell-page h1"],
    title: "Classes and images",
    says: "A row for each class, a column for each snapshot, from red (all wrong) to green. Triangles mark iterations at which many images flip. Open a class to see its images.",
  },
  {
    path: (run) => `${run}/layers`,
    about: [".layers-tree", "#shell-page h1"],
    title: "Layers and filters",
    says: "How weights, gradients and updates of every layer develop. Click a layer to see its filters; the cursor is the same on every page of the run.",
  },
  {
    path: (run) => `${run}/layers`,
    about: [".annotation-toggle"],
    title: "Tell the others",
    says: "Point at anything and press A, or click here, to annotate it: an iteration, a class, a layer, a filter. The team sees it at once.",
  },
];
const WAIT_MS = 4000;
const LOOK_MS = 200;

let at = -1; // the step that is shown; -1: none
let run = ""; // "/run/7"
let pointed: Element | null = null;
let card: HTMLElement | null = null;
let looks: ReturnType<typeof setInterval> | undefined;
let cameFrom: Element | null = null;

/** The key under which this browser remembers that this person has seen it. */
const remembered = (): string =>
  `deeptracker-tour-${document.querySelector<HTMLElement>("[data-account]")?.dataset.account ?? ""}`;

function light(element: Element | null): void {
  pointed?.classList.remove("help-pointed");
  pointed = element;
  element?.classList.add("help-pointed");
  element?.scrollIntoView({ block: "center", inline: "nearest" });
}

function end(): void {
  clearInterval(looks);
  localStorage.setItem(remembered(), "done");
  light(null);
  card?.remove();
  card = null;
  at = -1;
  if (cameFrom instanceof HTMLElement && cameFrom.isConnected) cameFrom.focus();
}

function go(to: number): void {
  if (to >= STEPS.length) {
    end();
    return;
  }
  // The first run of the list is the one that the tour goes through.
  const link = document.querySelector<HTMLAnchorElement>(RUN_LINK);
  if (at <= 0 && link) run = /\/run\/\d+/.exec(link.pathname)?.[0] ?? run;
  at = to;
  const path = STEPS[at].path(run);
  if (location.pathname !== path && !(path === "/" && location.pathname === "/")) visit(path);
  show();
  const since = performance.now();
  point(since);
  clearInterval(looks);
  looks = setInterval(() => point(since), LOOK_MS);
}

/**
 * Point at what the step is about, as soon as its page has it, for as long as the step is shown: the
 * page may make it anew. Where somebody goes elsewhere meanwhile, nothing is pointed at.
 */
function point(since: number): void {
  const { about, path } = STEPS[at];
  // What is meant first may come late; what stands for it where there is none waits for it.
  const [best, ...others] = about.map((one) => document.querySelector(one));
  const late = performance.now() - since > WAIT_MS;
  const found = best ?? (late ? others.find(Boolean) : null);
  const there = location.pathname === path(run) && found?.getClientRects().length;
  const now = there ? found : null;
  if (now !== pointed) light(now);
  now?.classList.add("help-pointed");
  if (at === 0) update();
}

function button(text: string, act: () => void): HTMLButtonElement {
  const made = make("button", "", text);
  made.addEventListener("click", act);
  return made;
}

/** Without a run there is nowhere to go on to; the list says how to get one. */
function update(): void {
  const next = card?.querySelector<HTMLButtonElement>(".tour-next");
  const runs = Boolean(run || document.querySelector(RUN_LINK));
  if (!next || next.disabled === !runs) return;
  next.disabled = !runs;
  card!.querySelector(".tour-none")!.toggleAttribute("hidden", runs);
  if (runs) next.focus();
}

function show(): void {
  light(null);
  card?.remove();
  const { title, says } = STEPS[at];
  const head = make("h2", "", title);
  head.id = "tour-title";
  const text = make("p", "", says);
  text.id = "tour-text";
  const none = make(
    "p",
    "tour-none",
    "There is no run yet: the command deeptracker demo makes one.",
  );
  none.hidden = true;
  const last = at === STEPS.length - 1;
  const next = button(last ? "Done" : "Next", () => go(at + 1));
  next.className = "tour-next";
  const back = button("Back", () => go(at - 1));
  back.disabled = at === 0;
  card = make(
    "div",
    "tour-card",
    make("div", "tour-count", `${at + 1} of ${STEPS.length}`),
    head,
    text,
    none,
    make("div", "tour-buttons", button(last ? "Close" : "Skip the tour", end), back, next),
  );
  card.setAttribute("role", "dialog");
  card.setAttribute("aria-labelledby", head.id);
  card.setAttribute("aria-describedby", text.id);
  card.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
    event.stopPropagation(); // letters are no keys of the page here
  });
  document.body.append(card);
  next.focus();
}

export const tour = {
  isDone: (): boolean => localStorage.getItem(remembered()) === "done",

  /** Begin with the list of runs. */
  start(): void {
    cameFrom = document.activeElement;
    run = "";
    at = -1;
    go(0);
  },
};
