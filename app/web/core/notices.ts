// Notices of the frame: what an act led to, said for some seconds.

import { setProps } from "./page.ts";

const NOTICES = "shell-notices";
let number = 0;

/** Show a notice: some seconds long, or until it is closed where something failed. */
export function say(message: string, { failed = false } = {}): void {
  const notice = {
    id: `say-${number++}`,
    action: "show",
    message,
    color: failed ? "red" : "teal",
    autoClose: failed ? false : 5000,
  };
  setProps(NOTICES, { sendNotifications: [notice] });
}
