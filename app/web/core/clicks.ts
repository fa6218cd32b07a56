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

/**
 * Return the click among what called a callback; null where rows merely appeared. These may come
 * along with a click; of fields, which appear with a value, one is touched that comes alone.
 */
export function clickOf(triggered: readonly Triggered[], time: number): Click | null {
  const button = triggered.find(({ prop_id, value }) => value && prop_id.endsWith(".n_clicks"));
  const touched = button ?? (triggered.length === 1 ? triggered[0] : undefined);
  if (!touched?.value) return null;
  const id = touched.prop_id.replace(/\.[^.]*$/, "");
  return { clicked: touched.prop_id, id: JSON.parse(id), value: touched.value, time };
}

offer("clicks", {
  relay: () => {
    const { triggered } = callbackContext();
    return clickOf(triggered, Date.now()) ?? window.dash_clientside?.no_update;
  },
});
