// The late script (app/web/late.ts): its address stands at ours, as data-late. It is loaded when a
// chart of a kind that is not known appears, and otherwise when the page is there and at rest.

import { say } from "./notices.ts";
import { hasPage } from "./page.ts";

const REST_MS = 2_000;
const address = hasPage() ? (document.currentScript?.dataset.late ?? "") : "";
let begun = false;

/** Load the late script, once; `came` is called when its kinds are known. */
export function loadLate(came: () => void): void {
  if (begun || !address) return;
  begun = true;
  const script = document.createElement("script");
  script.src = address;
  script.addEventListener("load", came);
  script.addEventListener("error", () => {
    begun = false; // the next chart tries again
    script.remove();
    say("A part of the page did not load. Reload it when the server answers.", { failed: true });
  });
  document.head.append(script);
}

/** Load it once the page has come and the browser has nothing else to do. */
export function loadLateAtRest(came: () => void): void {
  if (!address) return;
  const load = () => loadLate(came);
  const wait = () =>
    "requestIdleCallback" in window
      ? requestIdleCallback(load, { timeout: REST_MS })
      : setTimeout(load, REST_MS);
  if (document.readyState === "complete") wait();
  else addEventListener("load", wait);
}
