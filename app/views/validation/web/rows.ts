// Rows of the validation set, its clusters, classes and images on the shared time axis.
//
// One canvas shows the rows in sight; a scroller beside it moves through the others.
// Options: url (class-error), base, anomalies and groups (address templates), classes (how many), legend, say.

import {
  addressOf,
  type Chart,
  type ChartKinds,
  fetchArrays,
  type Handler,
  type MarksPlace,
  type Names,
  type Place,
  type PlacedRow,
  type PlotArea,
  registerKind,
  roomOf,
  type Selection,
  type Sheet,
  selectionStore,
  sizeCanvas,
  type Thing,
} from "#app/web/index.ts";
import * as validationBlocks from "./blocks.ts";
import { ValidationInput } from "./input.ts";
import * as validationPaint from "./paint.ts";
import { RowAnomalies } from "./rowanomalies.ts";
import * as validationGutter from "./rowgutter.ts";
import { known, meansOf, openedOf } from "./rowmodel.ts";
import * as validationThings from "./rowthings.ts";
import type {
  AnomalyAnswer,
  Block,
  Cell,
  ErrorAnswer,
  GroupAnswer,
  ImageAnswer,
  Model,
} from "./types.ts";

type Options = ChartKinds["validationrows"];
/** What is loaded besides the errors, by the option that says where. */
type Asked = "anomalies" | "groups";
/** Return what is asked for with `what`; only the order by the largest anomaly needs the window. */
const templateOf = (what: Asked, options: Options, { classorder }: Selection): string =>
  options[what] + (what === "groups" && classorder === "peak" ? "&k={k}" : "");

const imagesOf = (options: Options, id: number): string =>
  `${options.base}/class-images?class=${id}`;

/** Return what the rows ask for first. */
const ahead = (options: Options, selection: Selection): string[] => [
  options.url,
  templateOf("anomalies", options, selection),
  templateOf("groups", options, selection),
  // An address may name a class that the run has not.
  ...selection.openclasses.filter((id) => id < options.classes).map((id) => imagesOf(options, id)),
];

const LEAST_HEIGHT = 320;
const BELOW = 290; // what stands above and below the rows in a window
const REDRAWN = [
  "group",
  "classorder",
  "rowheight",
  "palette",
  "find",
  "onlyanomalous",
  "open",
  "openclasses",
  "classes",
  "images",
];

class ValidationRows implements Handler {
  declare readonly chart: Chart<Options>;
  declare readonly canvas: HTMLCanvasElement;
  declare readonly scroller: HTMLElement;
  /** But for what is open, it is there once the errors have come. */
  declare model: Model;
  declare private readonly asked: Set<string>;
  declare waiting: boolean;
  declare blocks: Block[];
  declare readonly input: ValidationInput;
  /** The addresses asked for last. */
  declare private anomalies?: string | null;
  declare private groups?: string | null;
  /** The anomalies of classes and of the whole set; there once they have come. */
  declare anomalous?: RowAnomalies;
  /** The plot, and how far it is scrolled; there once it is drawn. */
  declare place: Place;
  declare offset: number;
  /** What the names have beside them, by class; null while it is under way, or where none is. */
  declare sheets?: Map<number, Sheet | null>;
  /** The picture under the pointer, and whose it is. */
  declare picture?: HTMLCanvasElement;
  declare pictureKey?: string;

  get area(): PlotArea {
    return this.input.area;
  }

  constructor(chart: Chart<Options>) {
    this.chart = chart;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "dt-canvas";
    chart.element.append(this.canvas);
    this.scroller = document.createElement("div");
    this.scroller.className = "validation-scroller";
    this.scroller.tabIndex = -1;
    this.scroller.append(document.createElement("div"));
    chart.element.append(this.scroller);
    this.model = { opened: new Map() } as Pick<Model, "opened"> as Model;
    this.asked = new Set(); // addresses under way
    this.waiting = true;
    this.blocks = [];
    this.scroller.addEventListener("scroll", () => chart.invalidate());
    this.input = new ValidationInput(this);
  }

  receive({ arrays, meta }: ErrorAnswer): void {
    this.model = { ...this.model, ...known({ arrays, meta }) };
    this.load("anomalies");
    this.load("groups");
    const selection = selectionStore.get();
    this.model.opened.clear();
    selection.openclasses.forEach((id) => this.open(id));
  }

  /** Load what the options name `what` asks for; the last answer asked for is taken. */
  private load(what: Asked): void {
    const address = addressOf(templateOf(what, this.chart.options, selectionStore.get()));
    if (this[what] === address) return;
    this[what] = address;
    // Of either kind: what is asked for says which.
    this.ask<AnomalyAnswer & GroupAnswer>(address).then(
      (answer) => {
        if (this[what] !== address) return;
        this.model[what] = answer;
        if (what === "anomalies") {
          this.anomalous = new RowAnomalies(answer);
        } else {
          this.model.means = meansOf(answer.arrays);
        }
        this.chart.invalidate();
      },
      (error) => {
        if (this[what] !== address) return;
        this[what] = null; // so that the next refresh tries again
        this.chart.failed(error);
      },
    );
  }

  /** Ask for an address; the chart counts as loading until it has come. */
  private ask<Given extends AnomalyAnswer | GroupAnswer | ImageAnswer>(
    address: string,
  ): Promise<Given> {
    this.asked.add(address);
    this.chart.invalidate();
    return fetchArrays<Given>(address).finally(() => this.asked.delete(address));
  }

  private open(id: number): void {
    if (this.model.opened.has(id) || !(id < this.model.names?.length)) return;
    const address = addressOf(imagesOf(this.chart.options, id));
    if (this.asked.has(address)) return;
    this.ask<ImageAnswer>(address).then(
      ({ arrays }) => {
        this.model.opened.set(id, openedOf(arrays, id));
        this.chart.invalidate();
      },
      (error) => this.chart.failed(error),
    );
  }

  selected(selection: Selection, names: Names): void {
    if (!this.model.names) return;
    if (["k", "m", "share", "direction"].some((name) => names.has(name))) this.load("anomalies");
    if (
      names.has("clusters") ||
      names.has("classorder") ||
      (names.has("k") && selection.classorder === "peak")
    )
      this.load("groups");
    selection.openclasses.forEach((id) => this.open(id));
    if (REDRAWN.some((name) => names.has(name))) this.chart.invalidate();
  }

  private problem(): string | undefined {
    const { say } = this.chart.options;
    if (!this.model.columns) return say.noColumns;
    return this.model.images ? "" : say.noRows;
  }

  draw(chartWidth: number): string {
    const problem = this.problem();
    this.scroller.hidden = Boolean(problem);
    if (problem) {
      this.waiting = false;
      this.input.mark(null);
      this.input.place({ left: 0, top: 0, width: 0, height: 0 });
      document.getElementById(this.chart.options.legend)?.replaceChildren();
      return problem;
    }
    const selection = selectionStore.get();
    const most = Math.max(LEAST_HEIGHT, roomOf(this.chart.element) - BELOW);
    const { blocks, height } = validationBlocks.build(this.model, selection, most - 60);
    this.blocks = blocks;
    const shown = Math.min(height, most);
    const { left, width } = this.chart.axis.place(chartWidth);
    this.place = { left, top: 0, width, height: shown };
    (this.scroller.firstChild as HTMLElement).style.height = `${height}px`;
    this.scroller.style.height = `${shown}px`;
    this.scroller.hidden = height <= shown;
    this.offset = this.scroller.hidden ? 0 : this.scroller.scrollTop;
    const { context, ratio } = sizeCanvas(this.canvas, chartWidth, shown);
    validationPaint.cells(context, ratio, this, selection);
    validationGutter.draw(context, this, selection);
    validationPaint.triangles(context, this);
    validationPaint.legend(this, selection);
    this.input.place(this.place);
    // Drawn once clusters and anomalies are there too: that is what the page is opened for.
    this.waiting = !this.model.groups || !this.model.anomalies || this.asked.size > 0;
    return "";
  }

  /** Return the anomalous cells of a row; none before they have come. */
  cellsOf(block: Block, row: number): readonly Cell[] | null | undefined {
    return this.anomalous?.of(block, row, this.model.groups);
  }

  annotationThing(event: MouseEvent | null): Thing | null {
    return validationThings.thing(this, this.input.meant(event));
  }

  annotationName(kind: Thing["kind"], id: number): string | undefined {
    return validationThings.name(this, kind, id);
  }

  annotationRows(kind: Thing["kind"]): PlacedRow[] {
    return validationThings.rows(this, kind);
  }

  /** In the gutter: right of the plot is what scrolls. */
  annotationPlace(): MarksPlace {
    const { left } = this.chart.axis.place(this.chart.width);
    return { x: left - 7, narrow: true, host: this.chart.element };
  }
}

export type { ValidationRows };

registerKind("validationrows", (chart) => new ValidationRows(chart), ahead);
