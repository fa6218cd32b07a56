// What the page around us offers: the part of Dash's browser side that we call.

/** What called a callback: "id.property", the id of a pattern as JSON, and its new value. */
export interface Triggered {
  prop_id: string;
  value?: unknown;
}
/** What Dash says to a clientside callback while it runs; `Input` is one of its inputs. */
export interface CallbackContext<Input> {
  /** An input of one component, or the inputs that a pattern finds. */
  inputs_list: readonly (Input | readonly Input[])[];
  triggered: readonly Triggered[];
}

interface Clientside {
  set_props(id: string | object, props: Record<string, unknown>): void;
  /** Return an address as it may stand in a link. */
  clean_url(address: unknown): string;
  callback_context: CallbackContext<any>;
  no_update: unknown;
  [namespace: string]: unknown;
}

declare global {
  interface Window {
    /** Filled by Dash and by us: its clientside callbacks are looked up here by name. */
    dash_clientside?: Partial<Clientside>;
  }
}

/** Say whether there is a page: not in a test that needs none. */
export const hasPage = (): boolean => typeof document !== "undefined";

/** Let Dash find clientside callbacks: {name: function} under a namespace. Without a page: nothing. */
export function offer(namespace: string, callbacks: object): void {
  if (!hasPage()) return;
  window.dash_clientside ??= {};
  window.dash_clientside[namespace] = callbacks;
}

/** Set properties of a component of the page; nothing happens before Dash has started. */
export function setProps(id: string | object, props: Record<string, unknown>): void {
  window.dash_clientside?.set_props?.(id, props);
}

/** Return what Dash says to the clientside callback that it calls just now. */
export function callbackContext<Input>(): CallbackContext<Input> {
  const context = window.dash_clientside?.callback_context;
  if (!context) throw new Error("Only a clientside callback has a context.");
  return context;
}
