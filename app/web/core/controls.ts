// Bound controls: each writes one field of the selection, and follows it (app/selection.py bound).

import { controlState } from "./controlstate.ts";
import type { Fields } from "./fields.ts";
import { callbackContext, offer, setProps } from "./page.ts";
import { selectionStore } from "./selection.ts";

/** The id of a bound control. */
export interface BoundId {
  type: "selection-control";
  /** What it is called in its view. */
  at: string;
  field: keyof Fields;
}
/** A property of a control; a switch has no value, a list no tick. */
export interface Shown {
  id: BoundId;
  property: string;
  value?: unknown;
}

/** Write an id as Dash does. */
const textOf = ({ at, field, type }: BoundId): string => JSON.stringify({ at, field, type });

/** Return what there is to see of all controls. */
function allShown(lists: readonly unknown[]): Shown[] {
  const found = lists.flat() as Shown[];
  return found.filter(({ value }) => value !== undefined);
}

/** Take what controls say; where the selection has changed, let all show it. */
function follow(): void {
  const {
    inputs_list: [, ...lists],
    triggered,
  } = callbackContext<Shown>();
  const news = new Set(triggered.map(({ prop_id }) => prop_id));
  const shown = allShown(lists);
  const said = shown.filter(({ id, property }) => news.has(`${textOf(id)}.${property}`));
  const chosen = said.filter(({ id, value }) =>
    controlState.hear(id.at, value, selectionStore.fields()[id.field]?.default),
  );
  for (const { id, value } of chosen) selectionStore.set({ [id.field]: value });
  // Not where somebody types: what an empty field stands for would come in between.
  if (said.length < news.size || !chosen.length) show(shown);
}

function show(all: readonly Shown[]): void {
  const selection = selectionStore.get();
  const fields = selectionStore.fields();
  for (const { id, property, value } of all) {
    const wanted = selection[id.field];
    if (controlState.tell(id.at, wanted, value, fields[id.field]?.default))
      setProps(id, { [property]: wanted });
  }
}

offer("selection", { follow });
