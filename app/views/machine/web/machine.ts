// The page of the machine: the charts of scalars, put together by the server, in groups of what the
// machine has; capacities are dashed lines.
//
// Options: chart_options/shared.py ScalarListOptions. The answer is that of app/data/machine.py
// listed.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  type Clocks,
  type Iterations,
  make,
  type Plot,
  registerKind,
  runLook,
  type Scalar,
  ScalarList,
  type StripLine,
  scalarColours,
} from "#app/web/index.ts";

type Options = ChartKinds["machinelist"];
/** A line: the key of its scalar, what it is called, whether it is what there is to be used. */
type Line = readonly [key: string, label: string, capacity: boolean];
interface Meta {
  names: Scalar[];
  charts: { title: string; group: string; lines: Line[] }[];
  notes: string[];
}
type Given = Answer<Meta, Clocks & { iteration: Iterations }>;

// Lines beyond the colours have them again, with a pattern of their own.
const PATTERNS = [[], [6, 3], [2, 2.5], [9, 3, 2, 3]];
const CAPACITY = [3, 3];

class MachineList extends ScalarList<Options> {
  private made: Plot[] = [];
  private readonly capacities = new Set<string>();
  private readonly notes = make("ul", "machine-notes dt-soft");

  constructor(chart: Chart<Options>) {
    const look = runLook(chart.options.lines);
    super(chart, {
      ...look,
      lines: (plot) => plot.lines.map((_, at) => this.lineOf(plot, at)),
      swatch: (plot, at) => {
        const swatch = make("i", "dt-swatch");
        swatch.style.background = `var(${this.lineOf(plot, at).colour})`;
        return swatch;
      },
    });
    chart.element.append(this.notes);
  }

  override receive(answer: Given): void {
    const { names, charts, notes } = answer.meta;
    const byKey = new Map(names.map((scalar) => [scalar[0], scalar]));
    this.capacities.clear();
    this.made = charts.map(({ title, group, lines }) => {
      for (const [key, , capacity] of lines) if (capacity) this.capacities.add(key);
      return {
        key: lines[0][0],
        title,
        group,
        lines: lines.map(([key]) => byKey.get(key)!),
        labels: lines.map(([, label]) => label),
        low: 0,
      };
    });
    this.notes.replaceChildren(...notes.map((note) => make("li", "", note)));
    this.notes.hidden = !notes.length;
    super.receive(answer);
  }

  private lineOf(plot: Plot, at: number): StripLine {
    const [key, name] = plot.lines[at];
    const label = plot.lines.length > 1 ? (plot.labels?.[at] ?? name) : plot.title;
    if (this.capacities.has(key))
      return { series: key, name: label, colour: "--dt-text-soft", dash: CAPACITY, aside: true };
    const turn = Math.floor(at / scalarColours.length);
    return {
      series: key,
      name: label,
      colour: scalarColours[at % scalarColours.length],
      dash: PATTERNS[turn % PATTERNS.length],
    };
  }

  /** What the page of scalars searches for is none of this one's. */
  protected override search(): string {
    return "";
  }

  protected override plots(): Plot[] {
    return this.made;
  }

  protected override heading(group: string): string {
    return group;
  }
}

registerKind("machinelist", (chart) => new MachineList(chart));
