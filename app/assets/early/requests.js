// Every request of the page goes through here: it waits while the server is away, and is repeated
// where that does no harm, so that whoever asked gets the answer late instead of an error.
//
// What only reads is repeated. JSON that writes is repeated with {again: seconds}, by which the
// server knows what it has written already. A callback that writes is sent once, to a server that
// has just answered; where its answer got lost nobody knows whether it was done, and a person says
// whether it shall be done again.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});
  const { connection } = deeptracker;
  const plainFetch = window.fetch;

  const MOST_FAILURES = 3; // of one request in a row while the server answers others
  const PAUSE_MS = 300; // after the first of these
  const FRESH_MS = 1_000; // a server that answered so recently is there
  const STALE_MS = 10_000; // how long after an outage a request from before it may still be answered

  const held = new Set(); // {call, go}: not sent, or to be sent again
  const pending = new Set(); // calls that were sent
  const unknown = new Set(); // {label, again(), leave()}: sent, and nobody knows what became of them
  let shown = null; // the address of the page that is shown
  let opening = null; // the call for a page that had to wait, until it is answered

  const nothing = () => new Response(null, { status: 204 }); // for Dash: leave all as it is

  window.fetch = function (input, options = {}) {
    const call = connection.describe(input, options);
    return call ? answered(call) : plainFetch.call(window, input, options);
  };

  async function answered(call) {
    supersede(call);
    call.ahead = call.asked
      ? connection.ahead.take(call.asked, call.input, call.options)
      : connection.ahead?.takeStarted(call.input);
    if (call.kind !== "read") connection.ahead.drop();
    try {
      for (;;) {
        await turn(call);
        if (call.over) return call.over();
        const answer = await sent(call);
        if (answer) return answer;
      }
    } finally {
      if (opening === call) {
        opening = null;
        connection.tell();
      }
    }
  }

  /** Dash drops the answer to a call as soon as the same callback is called again. */
  function supersede({ key }) {
    if (!key) return;
    for (const waiting of [...held]) {
      if (waiting.call.key === key) end(waiting, nothing);
    }
  }

  function end(waiting, over) {
    waiting.call.over = over;
    waiting.go();
  }

  /** Return when a call may be sent: at once, or when the server is back. */
  function turn(call) {
    const { signal } = call.options;
    if (signal?.aborted) throw signal.reason;
    if (connection.state === "online" && !call.stuck) return undefined;
    if (call.page && call.page === shown) {
      call.over = nothing; // one came back to what is still there
      return undefined;
    }
    if (call.page) opening = call;
    return new Promise((resolve, reject) => {
      const waiting = { call, go: () => {
        held.delete(waiting);
        resolve();
        connection.tell();
      } };
      held.add(waiting);
      signal?.addEventListener("abort", () => held.delete(waiting) && reject(signal.reason));
      connection.tell();
    });
  }

  /** Send a call; returns its answer, or null where it has to wait or be sent again. */
  async function sent(call) {
    if (call.kind === "write" && connection.silence() > FRESH_MS && (await connection.probe()) !== "online") return null;
    let answer;
    try {
      answer = await transmitted(call);
    } catch (error) {
      if (call.options.signal?.aborted) throw error;
      return lost(call, "server", () => { throw error; });
    }
    const found = connection.judge(answer);
    if (found === "online") return arrived(call, answer);
    const done = call.kind === "write" && (found === "server" || answer.headers.has("X-DeepTracker-Unsure"));
    return done ? lost(call, found) : refused(call, found, answer);
  }

  async function transmitted(call) {
    const cut = (call.cut = new AbortController());
    const own = call.options.signal;
    const signal = own ? AbortSignal.any([own, cut.signal]) : cut.signal;
    call.sent = performance.now();
    pending.add(call);
    const { ahead } = call;
    call.ahead = null; // when it is sent again it is asked again
    try {
      const cutOff = () => new Promise((end) => signal.addEventListener("abort", () => end(null)));
      // It may never be answered: then this call is cut off like any other.
      const found = ahead && (await Promise.race([ahead.catch(() => null), cutOff()]));
      if (found?.ok && !signal.aborted) return found;
      const answer = await plainFetch.call(window, call.input, { ...call.options, signal });
      if (call.kind !== "write" || !answer.ok) return answer;
      // What was written and could not be said is as good as lost.
      return new Response(answer.status === 204 ? null : await answer.text(), answer);
    } finally {
      pending.delete(call);
    }
  }

  function arrived(call, answer) {
    if (call.page) {
      if (answer.status >= 500) return stuck(call);
      shown = call.page;
    }
    if (call.kind === "write") return answer;
    // The connection may still break in the middle of the body.
    for (const name of ["json", "text", "arrayBuffer"]) {
      const read = answer[name].bind(answer);
      answer[name] = () => read().catch(async (error) => {
        if (error instanceof SyntaxError || call.options.signal?.aborted) throw error;
        const late = (await lost(call, "server", () => { throw error; })) || (await answered(call));
        return late[name]();
      });
    }
    return answer;
  }

  /** It was certainly not carried out: it waits, or fails where others do not. */
  async function refused(call, reason, answer) {
    return (await connection.doubt(reason)) === "online" ? once(call, () => answer) : null;
  }

  /** No answer came, or none that says whether it was carried out. */
  async function lost(call, reason, fail = () => nothing()) {
    const found = await connection.doubt(reason);
    if (call.kind === "write") return ask(call);
    if (call.kind === "again") repeat(call);
    if (found === "online") return once(call, fail);
    call.failures = 0;
    return null;
  }

  function repeat(call) {
    const again = Math.round((performance.now() - call.began) / 1000);
    call.options = { ...call.options, body: JSON.stringify({ ...JSON.parse(call.options.body), again }) };
  }

  /** The server answers others: this one is tried a few times, and then given up. */
  async function once(call, fail) {
    call.failures += 1;
    if (call.failures > MOST_FAILURES) return call.page ? stuck(call) : fail();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 3 ** (call.failures - 1) * (0.7 + 0.6 * Math.random())));
    return null;
  }

  /** The page does not open although the server answers: whoever reads that says when to try again. */
  function stuck(call) {
    call.stuck = true;
    call.failures = 0;
    return null;
  }

  /**
   * Ask whether a call shall be carried out again of which nobody knows whether it was. Dash gets an
   * empty answer meanwhile: what shows whether it was waits for this callback.
   */
  function ask(call) {
    const leave = () => unknown.delete(question) && connection.tell();
    const again = () => {
      leave();
      answered({ ...call, failures: 0 }).then(apply);
    };
    const question = { label: call.label, leave, again };
    unknown.add(question);
    connection.tell();
    return nothing();
  }

  /** Take over the answer to a callback that Dash does not wait for any more. */
  async function apply(answer) {
    if (answer.status === 204) return;
    const { response, sideUpdate, error } = await answer.json();
    if (!answer.ok) deeptracker.say(error || `The server answered ${answer.status}.`, { failed: true });
    for (const [id, props] of Object.entries({ ...response, ...sideUpdate })) {
      window.dash_clientside.set_props(id.startsWith("{") ? JSON.parse(id) : id, props);
    }
  }

  Object.assign(connection, {
    unknown,
    /** Return the labels of what will be written when the server is back. */
    waiting: () => [...held].map(({ call }) => call.label).filter(Boolean),
    /** Return {stuck} of the page that was asked for and had to wait, until it is there, or null. */
    page: () => opening && { stuck: Boolean(opening.stuck) },
    /** Return the address of the page that came last. */
    shown: () => shown,
    /** Do not write what waits to be written. */
    discard() {
      const fail = () => { throw new TypeError("not sent"); };
      for (const waiting of [...held]) {
        if (waiting.call.label) end(waiting, waiting.call.kind === "write" ? nothing : fail);
      }
    },
    /** Try now: whether the server is there, and the page that did not open. */
    retry() {
      for (const waiting of [...held]) waiting.call.stuck = false;
      return connection.probe();
    },
    oldest: () => Math.max(0, ...[...pending].map(({ sent: at }) => performance.now() - at)),
  });

  connection.subscribe(({ state }) => {
    if (state !== "online") return;
    for (const waiting of [...held]) if (!waiting.call.stuck) waiting.go();
  });

  // A connection that broke without a word leaves requests without an answer, for hours.
  setInterval(() => {
    if (connection.state !== "online" || performance.now() - connection.up < STALE_MS) return;
    for (const call of pending) if (call.sent < connection.up) call.cut.abort();
  }, 1_000);
})();
