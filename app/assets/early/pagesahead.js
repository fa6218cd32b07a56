// A page asked for before its link is pressed: with the pointer on the link, or the finger down, the
// very question that Dash will ask is sent. Where Dash then asks it, the answer is there or under way.
(function () {
  "use strict";
  const { connection } = window.deeptracker;
  const plainFetch = window.fetch;

  const FRESH_MS = 5_000; // an answer that waited longer is not shown: asked again it may be another

  let question = null; // {input, options, asked}: how Dash asked for a page last
  let stands = null; // what the browser shows of the frame, as Dash says it
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

    /** Ask for the page at an address of ours; `came` is told its text before Dash gets it. */
    ask({ pathname, search }, came) {
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
      ahead = { key, answer, cut, until: performance.now() + FRESH_MS };
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
})();
