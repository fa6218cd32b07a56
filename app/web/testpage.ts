// A page for tests that run without a browser: what the browser's core asks for when it is read.
// Import it before anything that imports the core.

import { Window } from "happy-dom";

const page = new Window({ url: "http://localhost/run/1/correlation" });
const NAMES = [
  "document",
  "location",
  "history",
  "getComputedStyle",
  "addEventListener",
  "requestAnimationFrame",
  "cancelAnimationFrame",
  "MutationObserver",
  "ResizeObserver",
  "IntersectionObserver",
  "HTMLElement",
  "HTMLCanvasElement",
  "Element",
  "Event",
  "MouseEvent",
] as const;

Object.defineProperty(globalThis, "window", { value: page });
for (const name of NAMES)
  Object.defineProperty(globalThis, name, { value: page[name], writable: true });
