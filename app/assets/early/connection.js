// Whether the server answers: one state for every kind of request, and the way back to it.
//
// deeptracker.connection.state is "online" or what is wrong: "offline" (no network), "server" (no
// answer), "database" (away), "session" (over). requests.js says what became of each request;
// here a probe confirms it, and only a probe leads back, after pauses that grow.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});
  const facts = JSON.parse(document.currentScript.dataset.connection);
  const plainFetch = window.fetch;

  const PROBE = "/data/connection";
  const SILENT_MS = 5_000; // a probe that is not answered
  const DOUBT_MS = 700; // how long a failure may turn out to be a single one before it is said
  const IDLE_MS = 8_000; // without an answer of any kind
  const SLOW_MS = 3_000; // one request without an answer
  const FIRST_PAUSE_MS = 500;
  const LONGEST_PAUSE_MS = 5_000;

  const subscribers = new Set();
  let probing = null; // the promise of the probe that is under way
  let timer = 0; // of the next probe
  let failures = 0; // probes in a row
  let heard = performance.now(); // when the server answered last
  let told = false; // the subscribers will be told of a change

  const connection = (deeptracker.connection = {
    state: "online",
    reads: new Set(facts.reads),
    account: facts.account,
    question: facts.question, // {address, asked}: how Dash will ask for this page; null: not at all
    down: 0, // when the last trouble began, and ended
    up: 0,
    next: 0, // when the next probe is due

    /** Call `subscriber` whenever something changed; returns the way out. */
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },

    /** Milliseconds since the server answered last. */
    silence: () => performance.now() - heard,
    /** Milliseconds since the oldest request that waits for an answer was sent; requests.js knows. */
    oldest: () => 0,

    tell() {
      if (told) return;
      told = true;
      queueMicrotask(() => {
        told = false;
        for (const subscriber of [...subscribers]) subscriber(connection);
      });
    },

    judge,
    probe,
    doubt,
  });

  /** Return the state that an answer speaks for. */
  function judge(answer) {
    deeptracker.newer?.check?.(answer);
    // A proxy in front of a server that is away answers in its place; our answers have an id.
    if ([502, 503, 504].includes(answer.status)) {
      if (answer.headers.has("X-DeepTracker-Away")) return "database";
      if (!answer.headers.has("X-Request-Id")) return "server";
    }
    heard = performance.now();
    const login = answer.redirected && new URL(answer.url).pathname === "/login";
    return answer.status === 401 || login ? "session" : "online";
  }

  async function ask() {
    const cut = new AbortController();
    const patience = setTimeout(() => cut.abort(), SILENT_MS);
    try {
      const answer = await plainFetch(PROBE, {
        credentials: "same-origin", cache: "no-store", signal: cut.signal,
      });
      const found = judge(answer);
      if (found === "online" && answer.ok) {
        const { account } = await answer.json();
        // Somebody else has logged in; in another database the number says nothing.
        if (account !== connection.account && deeptracker.newer?.stale() !== "store") location.reload();
      }
      return found;
    } catch {
      return navigator.onLine ? "server" : "offline";
    } finally {
      clearTimeout(patience);
    }
  }

  /** Ask whether all is well; returns a promise of the state. One question at a time. */
  function probe() {
    if (!probing) {
      clearTimeout(timer);
      probing = ask().then((found) => {
        probing = null;
        become(found);
        return found;
      });
    }
    return probing;
  }

  /** Something failed as it does in state `reason`: returns a promise of the state that is found. */
  async function doubt(reason) {
    if (connection.state !== "online") return connection.state;
    const late = setTimeout(() => become(reason), DOUBT_MS);
    const found = await probe();
    clearTimeout(late);
    return found;
  }

  function become(state) {
    if (state === "online") {
      failures = 0;
      clearTimeout(timer);
      if (connection.state !== "online") connection.up = performance.now();
    } else {
      if (connection.state === "online") connection.down = performance.now();
      later();
    }
    connection.state = state;
    connection.tell();
  }

  /** Probe again after a pause: longer each time, never the same for all browsers. */
  function later() {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures) * (0.7 + 0.6 * Math.random());
    failures += 1;
    connection.next = performance.now() + pause;
    clearTimeout(timer);
    timer = setTimeout(() => !document.hidden && probe(), pause);
  }

  /** At once where somebody is looking again, or the network is said to have changed. */
  function look() {
    if (document.hidden) return;
    if (connection.state !== "online" || connection.silence() > 1_000) probe();
  }

  setInterval(() => {
    if (document.hidden || connection.state !== "online" || probing) return;
    const slow = connection.oldest() > SLOW_MS && connection.silence() > SLOW_MS;
    if (slow || connection.silence() > IDLE_MS) probe();
  }, 1_000);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", look);
  window.addEventListener("online", () => probe());
  window.addEventListener("offline", () => doubt("offline"));

  // A script or style sheet that did not come: nothing repeats that but loading the page again,
  // save for the late script, which asks for itself again (laterscript.ts).
  window.addEventListener("error", ({ target }) => {
    const part = target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
    if (!part || new URL(target.src || target.href, location.href).origin !== location.origin) return;
    if (!target.hasAttribute("data-repeated")) connection.incomplete = true;
    doubt("server");
    connection.tell();
  }, true);
})();
