// What is known of a request before it is sent: whether it only reads, what it writes, and what a
// person would call it.
(function () {
  "use strict";
  const { connection } = window.deeptracker;

  const OURS = /^\/(data|_dash-(update-component|layout|dependencies))\b/;
  const SHELL = "shell-page.children";

  /** Return what is said of a callback that writes: the words on what was clicked. */
  function labelOf(changed) {
    const id = changed?.[0]?.replace(/\.[^.]*$/, "");
    const element = id && document.getElementById(id);
    const words = element?.getAttribute("aria-label") || element?.textContent || element?.labels?.[0]?.textContent;
    return words?.trim().slice(0, 60) || "the last change";
  }

  /** Return what was clicked: of a store of clicks (app/web/core/clicks.ts) the button in it. */
  function clickedOf(changed, inputs) {
    const one = inputs?.find?.(({ id, property }) => changed?.[0] === `${id}.${property}`);
    return one?.value?.clicked ? [one.value.clicked] : changed;
  }

  function callback(call, text) {
    const asked = JSON.parse(text);
    const { output, changedPropIds, inputs, state } = asked;
    if (!connection.reads.has(output)) {
      const clicked = clickedOf(changedPropIds, inputs);
      return { ...call, kind: "write", key: `${output} ${clicked}`, label: labelOf(clicked) };
    }
    const page = output.includes(SHELL) ? `${inputs?.[0]?.value}${state?.[0]?.value ?? ""}` : null;
    return { ...call, kind: "read", key: output, page, asked: page === null ? null : asked };
  }

  const LABELS = [
    [/\/annotations\/new$/, "the annotation"],
    [/\/replies$/, "the reply"],
    [/\/seen$/, null],
    [/\/annotations\//, "the change of an annotation"],
  ];

  function writing(call, path) {
    const label = path === "/data/views" ? null : LABELS.find(([pattern]) => pattern.test(path))?.[1] ?? null;
    return { ...call, kind: "again", label };
  }

  /** Return what is known of a request, or null where it is none of ours. */
  connection.describe = function (input, options) {
    if (typeof input !== "string" && !(input instanceof URL)) return null;
    const { origin, pathname } = new URL(input, location.href);
    if (origin !== location.origin || !OURS.test(pathname)) return null;
    const call = { input, options, kind: "read", began: performance.now(), failures: 0 };
    if ((options.method || "GET") === "GET") return call;
    if (typeof options.body !== "string") return null;
    return pathname === "/_dash-update-component" ? callback(call, options.body) : writing(call, pathname);
  };
})();
