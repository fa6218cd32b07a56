// What has a name on the time axis, where people see it: a lane of marks under every axis, and the
// list of the overview. A click on either moves the cursor there.

import { make } from "../base/elements.ts";
import { numbers } from "../base/numbers.ts";
import { tooltip } from "../base/tooltip.ts";
import { afterDrawing, type Chart } from "../core/chart.ts";
import { type Mark, marks, SIGNS, said } from "../core/marks.ts";
import { selectionStore } from "../core/selection.ts";
import { Lane, type Spanned, telling } from "./lane.ts";

const MOST_TOLD = 6; // in one tooltip
const MOST_LISTED = 12; // until the list is unfolded

type Placed = Spanned & { mark: Mark };

function mark(all: readonly Placed[]): HTMLElement {
  const seam = all.find(({ mark: { kind } }) => kind === "resume");
  const first = (seam ?? all[0]).mark;
  const made = make("button", `dt-mark dt-mark-${first.kind}`);
  made.textContent = all.length > 1 ? String(all.length) : SIGNS[first.kind];
  const texts = all.slice(0, MOST_TOLD).map((one) => said(one.mark));
  if (all.length > MOST_TOLD) texts.push(`and ${all.length - MOST_TOLD} more`);
  made.setAttribute("aria-label", `${texts.join("; ")}. Move the cursor there.`);
  made.addEventListener("click", () => selectionStore.set({ cursor: first.iteration }));
  const tell = () => {
    const box = made.getBoundingClientRect();
    const title = `Iteration ${numbers.integer(first.iteration)}`;
    const lines = all.length > 1 ? texts : [first.text];
    tooltip.show(
      box.right,
      box.bottom,
      all.length > 1 ? `${title} and near it` : title,
      lines.map((text) => [text]),
    );
  };
  telling(made, tell, () => tooltip.hide());
  return made;
}

const lanes = new WeakMap<Chart, Lane<Placed>>();
const KIND = {
  prefix: "mark",
  name: "Events",
  label: "Events and resumes by iteration",
  near: 15,
  mark,
};

afterDrawing.add((chart) => {
  if (!chart.handler.laneAfter) return;
  const found = marks.of(chart.options.url);
  if (!found.length && !lanes.has(chart)) return;
  if (!lanes.has(chart)) lanes.set(chart, new Lane(chart, KIND));
  lanes
    .get(chart)!
    .draw(found.map((one) => ({ mark: one, start: one.iteration, end: one.iteration })));
});

/** Fill a list (data-marks: what addresses of the run begin with): a button for each mark. */
function list(element: HTMLElement): void {
  const found = marks.of(element.dataset.marks);
  const key = JSON.stringify(found);
  if (element.dataset.listed === key || (!found.length && !element.dataset.listed)) return;
  element.dataset.listed = key;
  const button = (text: string, act: () => void, kind = "") => {
    const made = make("button", `dt-button ${kind}`, text);
    made.addEventListener("click", act);
    return made;
  };
  const listed = (one: Mark) => {
    const go = () => selectionStore.set({ cursor: one.iteration });
    const made = button(`${SIGNS[one.kind]} ${said(one)}`, go, "mark-listed");
    made.title = one.text;
    return made;
  };
  element.replaceChildren(...found.slice(0, MOST_LISTED).map(listed));
  const others = found.slice(MOST_LISTED);
  if (!others.length) return;
  const more = button(`${others.length} more`, () => more.replaceWith(...others.map(listed)));
  element.append(more);
}

afterDrawing.add((chart) => {
  if (chart.handler.laneAfter) document.querySelectorAll<HTMLElement>("[data-marks]").forEach(list);
});
