// The lane of findings under every time axis: a mark where a finding begins, a bar while it lasts.
// A mark is a link that opens the view that shows the finding. Nothing of it lies over data.

import { afterDrawing, type Chart, fetchJson, numbers, tooltip } from "#app/web/index.ts";

const EVERY_MS = 10_000; // on a run that grows, and in case somebody mutes
const NEAR = 15; // pixels between marks
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
/** Where a finding begins and ends, in pixels of the plot. */
interface Extent {
  one: Finding;
  from: number;
  to: number;
}
const SIGNS: Record<Severity, string> = { high: "!", medium: "●", low: "·" };
const WEIGHT: Record<Severity, number> = { high: 3, medium: 2, low: 1 };
const lanes = new Set<Lane>();
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
    lanes.forEach((lane) => lane.draw());
  } catch {
    // The charts say what is wrong; without findings the lane is empty.
  }
}

class Lane {
  declare private readonly chart: Chart;
  declare private readonly element: HTMLElement;
  declare private readonly name: HTMLElement;
  declare private readonly plot: HTMLElement;
  /** What is drawn. */
  declare private key?: string;

  constructor(chart: Chart) {
    this.chart = chart;
    this.element = document.createElement("div");
    this.element.className = "finding-lane";
    this.name = document.createElement("span");
    this.name.className = "finding-lane-name";
    this.name.textContent = "Findings";
    this.plot = document.createElement("div");
    this.plot.className = "finding-lane-plot";
    this.plot.setAttribute("role", "group");
    this.plot.setAttribute("aria-label", "Findings by iteration");
    this.element.append(this.name, this.plot);
    chart.element.append(this.element);
  }

  draw(): void {
    const { axis, element, width } = this.chart;
    if (!element.isConnected) {
      lanes.delete(this);
      return;
    }
    this.element.hidden =
      !axis.columns || !findings.length || element.classList.contains("dt-silent");
    if (this.element.hidden || !width) return;
    const place = axis.place(width);
    this.name.style.right = `${element.clientWidth - place.left + 6}px`;
    Object.assign(this.plot.style, { left: `${place.left}px`, width: `${place.width}px` });
    const project = axis.projection(place.width);
    const x = (iteration: number) => project(axis.coordinate(iteration));
    const last = axis.iterations[axis.columns - 1];
    this.show(
      findings
        .map((one) => ({ one, from: x(one.start), to: x(one.end ?? last) }))
        .filter(({ from, to }) => to >= 0 && from <= place.width),
      place.width,
    );
  }

  show(found: readonly Extent[], width: number): void {
    const key = JSON.stringify([width, found]);
    if (key === this.key) return;
    this.key = key;
    const bars = found
      .filter(({ from, to }) => to - from > 2)
      .map(({ one, from, to }) => {
        const bar = document.createElement("div");
        bar.className = `finding-bar finding-mark-${one.severity}`;
        bar.style.transform = `translateX(${Math.max(0, from)}px)`;
        bar.style.width = `${Math.min(width, to) - Math.max(0, from)}px`;
        return bar;
      });
    const groups: { at: number; all: Finding[] }[] = [];
    for (const { one, from } of [...found].sort((a, b) => a.from - b.from)) {
      const at = Math.min(Math.max(from, 0), width);
      const before = groups.at(-1);
      if (before && at - before.at < NEAR) before.all.push(one);
      else groups.push({ at, all: [one] });
    }
    this.plot.replaceChildren(...bars, ...groups.map(({ at, all }) => mark(at, all)));
  }
}

function mark(at: number, all: readonly Finding[]): HTMLElement {
  const worst = [...all].sort((a, b) => WEIGHT[b.severity] - WEIGHT[a.severity])[0];
  const link = document.createElement("a");
  link.className = `finding-mark finding-mark-${worst.severity}`;
  link.href = worst.link;
  link.textContent = all.length > 1 ? String(all.length) : SIGNS[worst.severity];
  link.style.transform = `translateX(calc(${at}px - 50%))`;
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
  for (const name of ["pointerenter", "focus"]) link.addEventListener(name, tell);
  for (const name of ["pointerleave", "blur", "click"])
    link.addEventListener(name, () => tooltip.hide());
  for (const name of ["pointermove", "pointerdown", "pointerup", "dblclick", "keydown"]) {
    link.addEventListener(name, (event) => event.stopPropagation());
  }
  return link;
}

const known = new WeakMap<Chart, Lane>();
afterDrawing.add((chart) => {
  if (!chart.handler.laneAfter) return;
  if (!known.has(chart)) known.set(chart, new Lane(chart));
  lanes.add(known.get(chart)!);
  known.get(chart)!.draw();
  if (runOfPage() !== run) ask(); // else the interval does: a drawing asks for nothing
});
setInterval(() => lanes.size && ask(), EVERY_MS);
