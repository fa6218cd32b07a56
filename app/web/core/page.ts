// What the page around us offers: the part of Dash's browser side that we call.

interface Clientside {
  set_props(id: string, props: Record<string, unknown>): void;
  no_update: unknown;
  [namespace: string]: unknown;
}

declare global {
  interface Window {
    /** Filled by Dash and by us: its clientside callbacks are looked up here by name. */
    dash_clientside?: Partial<Clientside>;
  }
  interface WindowEventMap {
    /** dcc.Link changes the address with pushState, and says so. */
    _dashprivate_pushstate: CustomEvent;
  }
}

/** Let Dash find clientside callbacks: {name: function} under a namespace. */
export function offer(namespace: string, callbacks: object): void {
  if (typeof window === "undefined") return; // in a test that needs no page
  window.dash_clientside ??= {};
  window.dash_clientside[namespace] = callbacks;
}

/** Set properties of a component of the page; nothing happens before Dash has started. */
export function setProps(id: string, props: Record<string, unknown>): void {
  window.dash_clientside?.set_props?.(id, props);
}
