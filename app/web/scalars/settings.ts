// What people set of single charts and groups, kept in the address: it is shared, and has little room.

import type { Fields } from "../core/fields.ts";
import { say } from "../core/notices.ts";
import { selectionStore } from "../core/selection.ts";
import type { Plot } from "./names.ts";
import * as own from "./own.ts";

type TextField = keyof Fields & ("scalarpins" | "scalarhidden" | "scalarfolded" | "scalarown");

function keep(field: TextField, text: string | null): void {
  if (text !== null) selectionStore.set({ [field]: text });
  else
    say("The address has no room for more charts with settings of their own. Take some back.", {
      failed: true,
    });
}

export function fold(group: string, folded: boolean): void {
  keep("scalarfolded", own.fold(selectionStore.get().scalarfolded, group, folded));
}

/** Change what a chart has of its own. */
export function change({ key }: Plot, to: Partial<own.Own>): void {
  const owns = own.readOwn(selectionStore.get().scalarown);
  const short = own.shortKey(key);
  owns.set(short, { ...(owns.get(short) ?? own.PLAIN), ...to });
  keep("scalarown", own.writeOwn(owns));
}

export function pin({ key }: Plot, pinned: boolean): void {
  keep("scalarpins", own.withKey(selectionStore.get().scalarpins, own.shortKey(key), pinned));
}

export function enlarge({ key }: Plot, large: boolean): void {
  selectionStore.set({ scalarlarge: large ? own.shortKey(key) : "" });
}

/** Hide these of a chart's lines, and show its others. */
export function hide({ lines }: Plot, hidden: readonly string[]): void {
  let text: string | null = selectionStore.get().scalarhidden;
  for (const [key] of lines) {
    if (text !== null) text = own.withKey(text, own.shortKey(key), hidden.includes(key));
  }
  keep("scalarhidden", text);
}
