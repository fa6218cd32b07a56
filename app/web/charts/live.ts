// @ts-nocheck
// A run that is still recording: asks for its state every two seconds and lets the charts grow.

import { fetchJson } from "../base/fetch.ts";
import { registerKind } from "../core/chart.ts";
import { live } from "../core/versions.ts";

const asked = new Map(); // address -> {at, answer}: panes beside each other ask once for all
const SHARED_MS = 1_500;

function stateOf(address) {
  const now = performance.now();
  const known = asked.get(address);
  if (known && now - known.at < SHARED_MS) return known;
  const asking = { at: now, answer: fetchJson(address) };
  asked.set(address, asking);
  return asking;
}

/** Write the facts of a state into the elements that show them (data-fact="name"). */
function showFacts(state) {
  for (const element of document.querySelectorAll("[data-fact]")) {
    const text = state.facts[element.dataset.fact];
    if (text !== undefined && element.textContent !== text) element.textContent = text;
  }
  document.querySelectorAll("[data-run-state]").forEach((element) => {
    if (element.dataset.runState !== state.state) element.dataset.runState = state.state;
  });
}

function follow(chart) {
  const { element, options } = chart;
  let timer = 0;
  let gone = false;
  const line = document.createElement("span");
  element.append(line);
  element.setAttribute("role", "status");

  async function ask() {
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
      line.textContent = error.message;
      if (error.status !== 401 && error.status !== 404) wait();
    }
  }

  function wait() {
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
