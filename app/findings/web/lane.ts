// The lane of findings under every time axis: a mark where a finding begins, a bar while it lasts.
// A mark is a link that opens the view that shows the finding. Nothing of it lies over data.

import {
  afterDrawing,
  type Chart,
  fetchJson,
  Lane,
  numbers,
  telling,
  tooltip,
} from "#app/web/index.ts";

const EVERY_MS = 10_000; // on a run that grows, and in case somebody mutes
type Severity = "high" | "medium" | "low";
/** A finding as a time axis shows it (app/views/findings/data.py). */
interface Finding {
  severity: Severity;
  start: number;
  /** None: it lasts. */
  end: number | null;
  title: string;
  text: string;
  link: string;
}
const SIGNS: Record<Severity, string> = { high: "!", medium: "●", low: "·" };
const WEIGHT: Record<Severity, number> = { high: 3, medium: 2, low: 1 };
const lanes = new Set<Lane<Finding>>();
let run: string | null = null;
let findings: Finding[] = [];
let asked = 0;

const runOfPage = () => /\/run\/(\d+)/.exec(location.pathname)?.[1] ?? null;
const root = () => /^(.*?)\/run\//.exec(location.pathname)?.[1] ?? "";

async function ask(): Promise<void> {
  const page = runOfPage();
  if (!page || document.hidden || (page === run && Date.now() - asked < EVERY_MS / 2)) return;
  asked = Date.now();
  if (page !== run) [run, findings] = [page, []];
  try {
    const answer = await fetchJson<{ findings: Finding[] }>(`${root()}/data/run/${page}/findings`);
    if (page !== run) return;
    findings = answer.findings;
    lanes.forEach(draw);
  } catch {
    // The charts say what is wrong; without findings the lane is empty.
  }
}

function draw(lane: Lane<Finding>): void {
  if (lane.present) lane.draw(findings);
  else lanes.delete(lane);
}

function mark(all: readonly Finding[]): HTMLElement {
  const worst = [...all].sort((a, b) => WEIGHT[b.severity] - WEIGHT[a.severity])[0];
  const link = document.createElement("a");
  link.className = `finding-mark finding-mark-${worst.severity}`;
  link.href = worst.link;
  link.textContent = all.length > 1 ? String(all.length) : SIGNS[worst.severity];
  const more = all.length > 1 ? `, and ${all.length - 1} more` : "";
  link.setAttribute(
    "aria-label",
    `${worst.title}, ${worst.severity}, from iteration ${worst.start}${more}`,
  );
  const tell = () => {
    const box = link.getBoundingClientRect();
    const lines = all
      .slice(0, 6)
      .map((one): [string] => [`${one.title} (${one.severity}): ${one.text}`]);
    tooltip.show(box.right, box.bottom, `Iteration ${numbers.integer(worst.start)}`, lines);
  };
  telling(link, tell, () => tooltip.hide());
  return link;
}

const KIND = {
  prefix: "finding",
  name: "Findings",
  label: "Findings by iteration",
  near: 15,
  bar: ({ severity }: Finding) => `finding-mark-${severity}`,
  mark,
};
const known = new WeakMap<Chart, Lane<Finding>>();
afterDrawing.add((chart) => {
  if (!chart.handler.laneAfter) return;
  if (!known.has(chart)) known.set(chart, new Lane(chart, KIND));
  lanes.add(known.get(chart)!);
  draw(known.get(chart)!);
  if (runOfPage() !== run) ask(); // else the interval does: a drawing asks for nothing
});
setInterval(() => lanes.size && ask(), EVERY_MS);
