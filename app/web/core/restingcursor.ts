// Where the cursor comes to rest: what is asked for there is not asked for where it only passes.

import type { Names, Selection } from "./fields.ts";
import { selectionStore } from "./selection.ts";

const REST_MS = 120;

export class RestingCursor {
  /** Where it rested last; null: nowhere. */
  at: number | null;
  private timer: ReturnType<typeof setTimeout> | 0 = 0;
  private readonly rested: () => void;

  constructor(rested: () => void) {
    this.rested = rested;
    this.at = selectionStore.get().cursor;
  }

  /** Hear of a change of the selection. */
  selected({ cursor }: Pick<Selection, "cursor">, names: Names): void {
    if (!names.has("cursor")) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.at = cursor;
      this.rested();
    }, REST_MS);
  }

  destroy(): void {
    clearTimeout(this.timer);
  }
}
