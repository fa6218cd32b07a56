// A run that is still recording: asks for its state every two seconds and lets the charts grow.

import { type DataError, fetchJson } from "../base/fetch.ts";
import { type Chart, registerKind } from "../core/chart.ts";
import type { LiveOptions } from "../core/chartoptions.ts";
import type { Handler } from "../core/protocol.ts";
import { live } from "../core/versions.ts";

/** What the server says of a run (app/data/overview.py). */
interface RunState {
  state: string;
  version: string;
  live: boolean;
  /** What is to be said of the job that loads it, and whether that is bad news. */
  job: string;
  trouble: boolean;
  facts: Record<string, string>;
}
interface Asking {
  at: number;
  answer: Promise<RunState>;
}

const asked = new Map<string, Asking>(); // address -> {at, answer}: panes beside each other ask once for all
const SHARED_MS = 1_500;
// As app/views/overview/header.py has it, where there is nothing more to say.
const TO_FINDINGS = "What the rules think of it: to the findings";

function stateOf(address: string): Asking {
  const now = performance.now();
  const known = asked.get(address);
  if (known && now - known.at < SHARED_MS) return known;
  const asking = { at: now, answer: fetchJson<RunState>(address) };
  asked.set(address, asking);
  return asking;
}

/** Write the facts of a state into the elements that show them (data-fact="name"). */
function showFacts(state: RunState): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-fact]")) {
    const text = state.facts[element.dataset.fact!];
    if (text !== undefined && element.textContent !== text) element.textContent = text;
  }
  document.querySelectorAll<HTMLElement>("[data-run-state]").forEach((element) => {
    if (element.dataset.runState !== state.state) element.dataset.runState = state.state;
  });
  const { verdict, verdict_why: why } = state.facts;
  document.querySelectorAll<HTMLElement>("[data-run-verdict]").forEach((element) => {
    if (verdict && element.dataset.runVerdict !== verdict) element.dataset.runVerdict = verdict;
    if (verdict) element.title = why || TO_FINDINGS;
  });
}

function follow(chart: Chart<LiveOptions>): Handler {
  const { element, options } = chart;
  let timer: ReturnType<typeof setTimeout> | 0 = 0;
  let gone = false;
  const line = document.createElement("span");
  element.append(line);
  element.setAttribute("role", "status");

  async function ask(): Promise<void> {
    timer = 0;
    if (document.hidden || chart.asleep) {
      wait();
      return;
    }
    try {
      const { at, answer } = stateOf(options.state);
      const state = await answer;
      if (gone) return;
      line.textContent = state.job || "";
      line.classList.toggle("dt-problem", Boolean(state.trouble));
      showFacts(state);
      live.learn(options.state, state.version, at);
      if (state.live) wait();
    } catch (error) {
      if (gone) return;
      line.textContent = (error as DataError).message;
      if ((error as DataError).status !== 401 && (error as DataError).status !== 404) wait();
    }
  }

  function wait(): void {
    if (!gone && !timer) timer = setTimeout(ask, options.every || 2000);
  }

  live.learn(options.state, options.version);
  if (options.live) ask();
  return {
    draw() {},
    destroy() {
      gone = true;
      clearTimeout(timer);
    },
  };
}
registerKind("live", follow);
