// The scalars of several runs: the charts of a run's page, with a line for each run, or for each group
// of them with its band.
//
// Options: chart_options/compare.py CompareScalarsOptions. The answer is that of
// app/data/compare_scalars.py listed.

import {
  type Answer,
  type AxisScale,
  aheadOfScalars,
  type Chart,
  type ChartKinds,
  type Clocks,
  type Iterations,
  type Look,
  type Names,
  type Plot,
  partOf,
  registerKind,
  type Scalar,
  ScalarList,
  type Selection,
  type StripLine,
  selectionStore,
} from "#app/web/index.ts";
import { type Aligned, compare, type Members } from "./compare.ts";
import { tickScale } from "./ticks.ts";

const MOST = 24; // app/data/compare_scalars.py: scalars, and lines, of one answer
const MOST_LINES = 1200;
const REDRAWN = ["hidden", "baseline", "difference"];
/** The patterns of a chart with several scalars: there the colour is the run, the pattern the scalar. */
const PATTERNS = [[], [6, 3], [2, 2.5], [9, 3, 2, 3]];

type Options = ChartKinds["comparescalars"];
interface Meta extends Aligned {
  names: Scalar[];
  groups: Members;
  labels: readonly string[];
}
type Given = Answer<Meta, Clocks & { iteration: Iterations }>;
/** A line of every chart: what the answer calls it, what people call it, and the run it looks like. */
interface Line {
  id: string;
  name: string;
  members: readonly number[];
}

class CompareScalars extends ScalarList<Options> {
  private lines: readonly Line[] = [];
  private all = "";
  private readonly unlift: () => void;

  constructor(chart: Chart<Options>) {
    const look: Look = {
      lines: (plot) => this.linesOf(plot),
      hidden: (plot, keys) => this.hiddenOf(plot, keys),
      table: (plot) => this.tableOf(plot),
      swatch: (_plot, at) => compare.swatchOf("--dt-text", PATTERNS[at % PATTERNS.length]),
      isOf: (series, key) => series.startsWith(`${key}.`),
      get more() {
        return { points: true, signed: selectionStore.get().difference };
      },
    };
    super(chart, look);
    this.unlift = compare.onLift((at) => this.lift(at));
    chart.element.addEventListener("dt-near", (event) => {
      const series = (event as CustomEvent<string | null>).detail;
      const line = this.lines.find(({ id }) => series?.endsWith(`.${id}`));
      compare.lift(line ? line.members[0] : null);
    });
  }

  override destroy(): void {
    super.destroy();
    this.unlift();
  }

  override receive(answer: Given): void {
    const { groups, labels } = answer.meta;
    const { runs } = this.chart.options;
    const members = groups ?? runs.map((_, at) => [at]);
    this.lines = members.map((own, group) => ({
      id: own.length > 1 ? `g${group}` : String(own[0]),
      name: own.length > 1 ? compare.groupName(own, runs, labels[group]) : nameOf(runs, own[0]),
      members: own,
    }));
    this.all = JSON.stringify(this.lines);
    super.receive(answer);
  }

  override selected(selection: Selection, names: Names): void {
    super.selected(selection, names);
    if (REDRAWN.some((name) => names.has(name))) this.chart.invalidate();
  }

  override draw(): string {
    const said = document.getElementById(this.chart.options.said);
    if (said) said.textContent = this.said();
    return super.draw();
  }

  private said(): string {
    const { runs } = this.chart.options;
    const base = compare.base(runs);
    if (!selectionStore.get().difference) return "";
    return `each run minus the baseline ${nameOf(runs, base)}: below 0 is less`;
  }

  protected override get most(): number {
    return Math.max(1, Math.min(MOST, Math.floor(MOST_LINES / this.chart.options.runs.length)));
  }

  protected override get looks(): string {
    return this.all;
  }

  /** The axis of the page counts ticks, which say themselves what they are. */
  protected override scaleOver(_kind: string, { iteration }: Clocks): AxisScale | null {
    return tickScale(iteration);
  }

  private linesOf({ lines }: Plot): StripLine[] {
    return lines.flatMap(([key, name], at) =>
      this.lines.map((line) => ({
        series: `${key}.${line.id}`,
        name: lines.length > 1 ? `${line.name}, ${partOf(name)}` : line.name,
        colour: compare.colour(line.members[0]),
        dash: [...(lines.length > 1 ? PATTERNS[at % 4] : compare.pattern(line.members[0]))],
      })),
    );
  }

  private hiddenOf({ lines }: Plot, keys: readonly string[]): string[] {
    const { runs } = this.chart.options;
    const out = this.lines.filter(({ members }) =>
      members.every((at) => compare.isHidden(runs[at])),
    );
    return lines.flatMap(([key]) =>
      (keys.includes(key) ? this.lines : out).map(({ id }) => `${key}.${id}`),
    );
  }

  private tableOf({ lines }: Plot): string {
    const { runs, lines: address } = this.chart.options;
    const keys = lines.map(([key]) => key).join(",");
    return `${address.replace(/\?.*/, "")}?runs=${runs.map(({ id }) => id)}&names=${keys}`;
  }

  /** Lift the line of a run, or of its group, in every chart. */
  private lift(at: number | null): void {
    const line = at === null ? null : this.lines.find(({ members }) => members.includes(at));
    const lit = line ? (series: string) => series.endsWith(`.${line.id}`) : null;
    for (const card of this.cards.values()) card.curves?.light(lit);
  }
}

const nameOf = (runs: Options["runs"], at: number): string =>
  `${compare.letter(at)} ${runs[at].name}`;

registerKind("comparescalars", (chart) => new CompareScalars(chart), aheadOfScalars);
