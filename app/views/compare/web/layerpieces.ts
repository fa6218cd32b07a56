// The numbers of the layers that compared runs share: of many they are asked for in pieces, when they
// come into sight. An answer is that of app/data/compare.py layers.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  type Format,
  type Iterations,
  type Matrix,
  Pieces,
  type Spread,
} from "#app/web/index.ts";
import { type Aligned, compare, type Members } from "./compare.ts";

type Values = Matrix<Float32Array<ArrayBuffer>>;
/** Values [runs, layers of the piece, ticks]; of groups mean and deviation. */
export interface LayerArrays {
  iteration: Iterations;
  values: Values;
  mean: Values;
  deviation: Values;
  /** The ends of the bands, where they are the least and the greatest run. */
  low?: Values;
  high?: Values;
}
export interface LayerMeta extends Aligned {
  /** The places of the runs that are shown: where there are many, not all. */
  detailed: readonly number[];
  names: readonly string[];
  /** The places of the layers in each run; -1 where it has none. */
  places: readonly (readonly number[])[];
  /** Layers of one run only. */
  lone: readonly (readonly string[])[];
  unlike: readonly string[];
  /** The most layers of one answer. */
  piece: number;
  /** Whether any layer has a number. */
  measured: boolean;
  groups: Members;
  labels: readonly string[];
  format: Format;
}
export type LayersAnswer = Answer<LayerMeta, LayerArrays>;
/** What is drawn of a piece: runs, or the means of groups; and whose look each has. */
interface Shown {
  values: ArrayLike<number>;
  band: Spread | null;
  owners: readonly number[];
  deviation: ArrayLike<number> | null;
}
/** A layer within its piece: place `at` of the `rows` there. */
export interface LayerRow extends Shown {
  at: number;
  rows: number;
}

function shown({ groups, detailed }: LayerMeta, arrays: LayerArrays): Shown {
  const { mean, deviation, low, high, values } = arrays;
  if (!groups) return { values, band: null, owners: detailed, deviation: null };
  return {
    values: mean,
    band: low && high ? { low, high } : compare.spread(mean, deviation),
    owners: groups.map(([first]) => first),
    deviation,
  };
}

export class LayerPieces {
  declare private readonly meta: LayerMeta;
  /** The answer with the first piece. */
  declare private readonly address: string;
  declare private readonly pieces: Pieces<LayersAnswer>;
  /** What is drawn of the pieces that have come, by their numbers. */
  declare private readonly shown: Map<number, Shown>;

  constructor(chart: Chart<ChartKinds["comparelayers"]>, { arrays, meta }: LayersAnswer) {
    this.meta = meta;
    this.address = chart.loaded!;
    this.shown = new Map([[0, shown(meta, arrays)]]);
    this.pieces = new Pieces((error) => {
      if (chart.loaded !== this.address) return;
      if (error) chart.failed(error);
      else chart.invalidate();
    });
  }

  /** Return a layer within its piece; null where that has not come: then it is asked for. */
  of(layer: number): LayerRow | null {
    const { piece, names } = this.meta;
    const number = Math.floor(layer / piece);
    const found = this.shown.get(number) ?? this.ask(number);
    const rows = Math.min(piece, names.length - number * piece);
    return found ? { ...found, at: layer % piece, rows } : null;
  }

  private ask(number: number): Shown | null {
    const { piece } = this.meta;
    const [from, to] = [number * piece, (number + 1) * piece];
    const answer = this.pieces.of(`${this.address}&from=${from}&to=${to}`);
    if (!answer) return null;
    const made = shown(this.meta, answer.arrays);
    this.shown.set(number, made);
    return made;
  }
}
