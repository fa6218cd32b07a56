// A page asked for before its link is pressed: with the pointer on the link, or the finger down, the
// very question that Dash will ask is sent. Where Dash then asks it, the answer is there or under way.
// The page that is being loaded is asked for at once, with what Dash starts with: the server works
// on them while the browser is busy with two megabytes of scripts.
(function () {
  "use strict";
  const { connection } = window.deeptracker;
  const plainFetch = window.fetch;

  const STARTING_MS = 30_000; // how long the scripts of a page may take
  const FRESH_MS = 5_000; // an answer that waited longer is not shown: asked again it may be another

  let question = null; // {input, options, asked}: how Dash asked for a page last
  let stands = null; // what the browser shows of the frame, as Dash says it
  const started = new Map(); // by path: what Dash starts with
  let ahead = null; // {key, answer: a promise, cut, until}: the one page that is asked for ahead

  const keyOf = (path, search, parts) => JSON.stringify([path, search ?? "", parts ?? null]);
  const keyAsked = ({ inputs, state }) => keyOf(inputs?.[0]?.value, state?.[0]?.value, state?.[1]?.value);

  /** Nobody may ever read this answer: it must not hold one of the few connections until then. */
  async function whole(answer, came) {
    if (answer.status === 204) return new Response(null, answer);
    const text = await answer.text();
    if (answer.ok) came(text);
    return new Response(text, answer);
  }

  function drop() {
    ahead?.cut.abort();
    ahead = null;
  }

  connection.ahead = {
    /** Note what the frame is that stands there now. */
    standing(found) {
      stands = found;
    },

    /** The text of the page that is being loaded, a promise; null: nobody asked for it here. */
    first: null,

    /** Ask for the page at an address of ours; `came` is told its text before Dash gets it. */
    ask({ pathname, search }, came, fresh = FRESH_MS) {
      if (!question || connection.state !== "online") return;
      const key = keyOf(pathname, search, stands);
      if (ahead?.key === key && performance.now() < ahead.until) return;
      drop();
      const { asked, input, options } = question;
      const [path] = asked.inputs;
      const [where, standing] = asked.state;
      const body = JSON.stringify({
        ...asked,
        inputs: [{ ...path, value: pathname }],
        state: [{ ...where, value: search }, { ...standing, value: stands }],
      });
      const cut = new AbortController();
      const sent = plainFetch.call(window, input, { ...options, body, signal: cut.signal });
      const answer = sent.then((found) => whole(found, came));
      answer.catch(() => {}); // then Dash asks by itself
      ahead = { key, answer, cut, until: performance.now() + fresh };
    },

    /** Return the promise of an answer to a GET that was sent at the start, null: there is none. */
    takeStarted(input) {
      const { pathname, search } = new URL(input, location.href);
      const found = started.get(pathname + search) ?? null;
      started.delete(pathname + search);
      return found;
    },

    /** Return the promise of an answer to what Dash asks, null where there is none; `asked` is its body. */
    take(asked, input, options) {
      question = { asked, input, options: { ...options, signal: undefined } };
      const found = ahead;
      ahead = null;
      if (found?.key === keyAsked(asked) && performance.now() < found.until) return found.answer;
      found?.cut.abort();
      return null;
    },

    /** What is written may change the page that was asked for. */
    drop,
  };

  function start({ address, asked }) {
    const JSON_ONLY = { Accept: "application/json", "Content-Type": "application/json" };
    question = {
      asked,
      input: address,
      options: { method: "POST", credentials: "same-origin", headers: JSON_ONLY },
    };
    connection.ahead.first = new Promise((came) => {
      connection.ahead.ask(location, came, STARTING_MS);
    });
    for (const name of ["layout", "dependencies"]) {
      const path = address.replace("update-component", name);
      const answer = plainFetch.call(window, path, { credentials: "same-origin", headers: JSON_ONLY });
      answer.catch(() => {});
      started.set(path, answer);
    }
  }

  if (connection.question) start(connection.question);
})();
