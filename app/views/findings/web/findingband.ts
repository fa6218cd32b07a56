// The chart of a finding about the band of good runs: the run's line over the shaded band.
//
// Options: those of a finding, lower and upper [n], the edges of the band (null: no band there).

import {
  type Chart,
  type ChartKinds,
  colours,
  type DrawingContext,
  numbers,
  registerKind,
} from "#app/web/index.ts";
import { FindingChart, type Scale } from "./finding.ts";

type BandOptions = ChartKinds["findingband"];

class FindingBand extends FindingChart<BandOptions> {
  override edges(): readonly (number | null)[] {
    const { lower, upper } = this.chart.options;
    return [...lower, ...upper];
  }

  override behind(context: DrawingContext, scale: Scale): void {
    context.fillStyle = colours.theme("--finding-good");
    for (const stretch of this.stretches()) {
      context.beginPath();
      for (const at of stretch) context.lineTo(this.across(at), scale.y(this.edge("upper", at)));
      for (const at of stretch.toReversed())
        context.lineTo(this.across(at), scale.y(this.edge("lower", at)));
      context.closePath();
      context.fill();
    }
  }

  /** Return where there is a band, as lists of places that follow each other. */
  private stretches(): number[][] {
    const { lower, upper, log } = this.chart.options;
    const found: number[][] = [[]];
    lower.forEach((low, at) => {
      const drawn = low !== null && upper[at] !== null && (!log || low > 0);
      if (drawn) found.at(-1)!.push(at);
      else if (found.at(-1)!.length) found.push([]);
    });
    return found.filter((stretch) => stretch.length > 1);
  }

  private across(at: number): number {
    return this.x!(this.chart.options.iterations[at]);
  }

  private edge(name: "lower" | "upper", at: number): number {
    return this.chart.options[name][at]!;
  }

  override told(at: number): [string, string][] {
    const { lower, upper } = this.chart.options;
    if (lower[at] === null || upper[at] === null) return super.told(at);
    const band = `${numbers.number(lower[at])} to ${numbers.number(upper[at])}`;
    return [...super.told(at), ["good runs", band]];
  }
}

registerKind("findingband", (chart: Chart<BandOptions>) => new FindingBand(chart));
