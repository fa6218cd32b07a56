// The React that Dash brings along: the part of it that our own components call.

export type Node = unknown;
interface ReactApi {
  Fragment: unknown;
  createElement(type: unknown, props: object | null, ...children: Node[]): Node;
  useEffect(effect: () => void, on: readonly unknown[]): void;
  useId(): string;
  useState<Value>(first: Value): [value: Value, set: (value: Value) => void];
}
interface Libraries {
  React: ReactApi;
  ReactDOM: { flushSync(act: () => void): void };
  dash_mantine_components: Record<string, unknown>;
}

/** Return what Dash has loaded: there once it renders. */
export const libraries = (): Libraries => window as unknown as Libraries;

/** Let Dash find components of ours: app/components/parts.py has their names. */
export function offerComponents(components: Record<string, unknown>): void {
  if (typeof window === "undefined") return;
  const there = window as unknown as { deeptracker?: object };
  there.deeptracker = Object.assign(there.deeptracker ?? {}, components);
}
