// What the charts of the page of confusion share: what they ask for, and what is answered.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  type Names,
  numbers,
  RestingCursor,
  type Selection,
} from "#app/web/index.ts";
import "./fields.ts";

type Integers = Int32Array<ArrayBuffer>;
type Floats = Float32Array<ArrayBuffer>;

/** The cells that hold images: `taken` is the number of classes where there is no prediction. */
export interface Cells {
  true: Integers;
  taken: Integers;
  count: Integers;
}
export type Score = "precision" | "recall" | "f1";
/** What the route "confusion" answers of C classes; "before_" where there is a pinned iteration. */
export type ConfusionArrays = { images: Integers; order: Integers } & Partial<
  Record<"true" | "taken" | "count" | "predicted", Integers> &
    Record<`before_${"true" | "taken" | "count" | "predicted"}`, Integers> &
    Record<Score | `before_${Score}`, Floats> &
    Record<`flow_${"true" | "before" | "after" | "count"}`, Integers>
>;
export interface ConfusionMeta {
  names: string[];
  at: number | null;
  against: number | null;
  validated: boolean;
  /** Whether both iterations were validated. */
  compared: boolean;
  /** Whether any snapshot was. */
  ever: boolean;
  /** Images that moved, and kinds of moves. */
  moved: number;
  flows: number;
}
export type ConfusionAnswer = Answer<ConfusionMeta, ConfusionArrays>;

export type ConfusionChart = Chart<ChartKinds["confusionclasses"]>;

/** What these ask for first the view itself says (app/views/confusion): not their `url`. */
export const asksByItself = (): string[] => [];

const ASKED = ["pins", "confusionagainst", "confusionorder"];

/** Asks for the confusion where the cursor comes to rest. */
export class Asking {
  private readonly resting: RestingCursor;
  private readonly chart: ConfusionChart;

  constructor(chart: ConfusionChart) {
    this.chart = chart;
    this.resting = new RestingCursor(() => chart.refresh());
  }

  /** Return the iterations and the order asked for, as arguments of an address. */
  get asked(): string {
    const { axis } = this.chart;
    const cursor = this.resting.at;
    const column = axis.columnOf(cursor);
    const at = column < 0 ? cursor : axis.iterations[column];
    return `at=${at ?? ""}&against={confusionagainst}&pins={pins}`;
  }

  url(): string {
    return `${this.chart.options.url}?${this.asked}&order={confusionorder}`;
  }

  selected(selection: Selection, names: Names): void {
    this.resting.selected(selection, names);
    if (ASKED.some((name) => names.has(name))) this.chart.refresh();
  }

  destroy(): void {
    this.resting.destroy();
  }
}

/** Return why there is no matrix; "" where there is one. */
export function reason({ names, at, validated, ever }: ConfusionMeta): string {
  if (!names.length)
    return (
      "This run has no validation images, so that no class can be predicted as another. Record them: " +
      "Recorder(model, optimizer, run_dir, validation=validation_set, classes=class_names)."
    );
  if (at === null) return "The matrix appears with the first snapshot.";
  if (!ever)
    return (
      "This run records no prediction of single images, only scalars such as the validation error: " +
      "they do not say which class was predicted as which."
    );
  return validated
    ? ""
    : `The snapshot at ${numbers.integer(at)} was not validated: no predictions were recorded there. Move the cursor to another.`;
}

/** Return the name of a class, or what stands where none was predicted. */
export const nameOf = (names: readonly string[], id: number): string =>
  id < names.length ? names[id] : "no prediction";
