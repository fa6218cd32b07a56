// Settings against results: what is pointed at and selected in Plotly's figure, and its colours.

import { colours, offer, type Selection, selectionStore, setProps } from "#app/web/index.ts";
import { compare, type Run } from "./compare.ts";

/** What Plotly says of points; `customdata` is the place of a run. */
interface Points {
  points?: readonly { customdata?: number }[];
}

let shown: readonly Run[] = [];
let told = ""; // the colours that the server was told of, and of which runs

const placesOf = (found: Points | null): number[] => [
  ...new Set((found?.points ?? []).flatMap(({ customdata }) => customdata ?? [])),
];

/** Lift the line of the run that is pointed at. */
function pointed(found: Points | null): void {
  const [at] = placesOf(found);
  const run = at === undefined ? undefined : shown[at];
  compare.lift(run && !compare.isHidden(run) ? at : null);
}

/** Draw the selected runs alone; of an empty box all of them. */
function selected(found: Points | null): void {
  if (!found) return; // the figure came anew
  const places = placesOf(found);
  const hidden = shown.filter((_, at) => !places.includes(at)).map(({ id }) => id);
  selectionStore.set({ hidden: places.length && hidden.length ? hidden : null });
}

export const explore = {
  /** Tell the server in which colours to draw, and know the runs that the figure shows. */
  draw(runs: readonly Run[]): void {
    shown = runs;
    const scheme = colours.isDark() ? "dark" : "light";
    const key = `${scheme} ${runs.map(({ id }) => id)}`;
    const figure = document.getElementById("compare-sweep");
    if (!figure || (key === told && figure.childElementCount)) return;
    told = key;
    setProps("compare-scheme", { data: scheme });
  },

  /** Show the choices of the way that it is drawn. */
  ask({ explore: way }: Selection): void {
    const hide = (of: string, hidden: boolean) => {
      const found = document.querySelector<HTMLElement>(of);
      if (found) found.hidden = hidden;
    };
    hide(".compare-for-parallel", way !== "parallel");
    hide(".compare-for-scatter", way !== "scatter");
    hide(".compare-log-axes", way === "importance");
  },
};

offer("compare", { pointed, selected });
