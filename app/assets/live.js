// A run that is still recording: asks for its state every two seconds and lets the charts grow.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const versions = new Map(); // "/data/run/3/" -> {token, at}: what is known, asked for when
  const baseOf = (url) => /^.*\/data\/run\/\d+\//.exec(url)?.[0] ?? null;

  /** Return [run, number] of a token (app/versions.py): the beginning of its UUID, its version. */
  function partsOf(token) {
    const [run, number] = token.split(".");
    return [run, Number(number)];
  }

  /** Whether a token tells more than what is known: asked for later, or a later version. */
  function isNews(token, at, known) {
    if (!known) return true;
    if (token === known.token) return false;
    return at > known.at || partsOf(token)[1] > partsOf(known.token)[1];
  }

  deeptracker.live = {
    /** Return the token of the newest known version of the run that an address is about, or null. */
    versionOf: (url) => versions.get(baseOf(url))?.token ?? null,

    /**
     * Tell the token of a version, asked for at the time `at`; whatever is shown of the run is
     * loaded again where it is news.
     */
    learn(url, token, at = 0) {
      const base = baseOf(url);
      const known = versions.get(base);
      if (!isNews(token, at, known)) return;
      if (known && partsOf(token)[0] !== partsOf(known.token)[0]) {
        // The number is another run's now: a copy of the database was put back.
        deeptracker.newer?.found("store");
        return;
      }
      versions.set(base, { token, at });
      deeptracker.charts.refresh();
    },
  };

  const asked = new Map(); // address -> {at, answer}: panes beside each other ask once for all
  const SHARED_MS = 1_500;

  function stateOf(address) {
    const now = performance.now();
    const known = asked.get(address);
    if (known && now - known.at < SHARED_MS) return known;
    const asking = { at: now, answer: deeptracker.fetchJson(address) };
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
        showFacts(state);
        deeptracker.live.learn(options.state, state.version, at);
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

    deeptracker.live.learn(options.state, options.version);
    if (options.live) ask();
    return {
      draw() {},
      destroy() {
        gone = true;
        clearTimeout(timer);
      },
    };
  }

  const kinds = (deeptracker.kinds = deeptracker.kinds || {});
  kinds.live = follow;
})();
