// Clicks on buttons of rows, kept in a store that a callback of the server listens to.
//
// A callback that rows call themselves is called again when rows appear, and Dash then drops the
// answer to the click before. What is kept here no row that appears touches: app/components/clicks.py.

import { callbackContext, offer, type Triggered } from "./page.ts";

/** What the store holds: `clicked` tells one click from another of what waits to be sent. */
export interface Click {
  clicked: string;
  id: unknown;
  value: unknown;
  time: number;
}

/** Return the click among what called a callback; null where rows merely appeared. */
export function clickOf(triggered: readonly Triggered[], time: number): Click | null {
  const [first] = triggered;
  if (!first?.value) return null;
  const id = first.prop_id.replace(/\.[^.]*$/, "");
  return { clicked: first.prop_id, id: JSON.parse(id), value: first.value, time };
}

offer("clicks", {
  relay: () => {
    const { triggered } = callbackContext();
    return clickOf(triggered, Date.now()) ?? window.dash_clientside?.no_update;
  },
});
