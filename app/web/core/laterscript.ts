// The late script (app/web/late.ts): its address stands at ours, as data-late. It is loaded when a
// chart of a kind that is not known appears, and otherwise when the page is there and at rest. Where
// it does not come, nobody has asked for it: it is asked for again, and what can be done is said only
// where a server that is there does not have it.

import { connection } from "./connection.ts";
import { hasPage } from "./page.ts";

const REST_MS = 2_000;
const address = hasPage() ? (document.currentScript?.dataset.late ?? "") : "";
let begun = false;
let refused = 0; // by a server that is there: it is a newer one, or a part of it is gone

/** Load the late script, once; `came` is called when its kinds are known. */
export function loadLate(came: () => void): void {
  if (begun || !address) return;
  begun = true;
  const script = document.createElement("script");
  script.src = address;
  script.dataset.repeated = "";
  script.addEventListener("load", came);
  script.addEventListener("error", () => {
    script.remove();
    void again(came);
  });
  document.head.append(script);
}

/** Load it again as soon as the server is there; one that is there refuses it once at most. */
async function again(came: () => void): Promise<void> {
  if ((await connection.probe()) === "online" && refused++) {
    connection.incomplete = true;
    connection.tell();
    return;
  }
  await online();
  begun = false;
  loadLate(came);
}

/** Wait until the server answers. */
async function online(): Promise<void> {
  if (connection.state === "online") return;
  await new Promise<void>((resolve) => {
    const leave = connection.subscribe(() => {
      if (connection.state !== "online") return;
      leave();
      resolve();
    });
  });
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
