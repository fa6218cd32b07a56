// The workspace: views beside each other, their sizes, and which of them are in sight.
//
// The chosen views, how they lie and their sizes are fields of the selection: panes, arrange, sizes.
// A body is asked for when its view is first chosen; it stays, hidden, when the view is taken away.
// Options: run, views (names, in the order of the tabs), wanted (id of the store that asks).

import {
  type Chart,
  type ChartKinds,
  chartRegistry,
  type Handler,
  type Names,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import { PaneLines } from "./panelines.ts";
import { type Shape, type Sizes, shapeOf, sizesOf } from "./shape.ts";

type WorkspaceOptions = ChartKinds["workspace"];
const ROOMY = 380_000; // px²: in a smaller pane the controls would leave little to the charts
const HEADED = ["overview", "findings"]; // what stands on top of these is no control
class Workspace implements Handler {
  declare readonly chart: Chart<WorkspaceOptions>;
  declare private readonly page: HTMLElement;
  declare private readonly holder: HTMLElement;
  declare private readonly lines: PaneLines;
  /** The views whose bodies were asked for. */
  declare private readonly asked: Set<string>;
  declare private readonly clicked: (event: MouseEvent) => void;
  declare private readonly watch: IntersectionObserver;
  declare private readonly rooms: ResizeObserver;
  declare private shape: Shape;
  /** The sizes of the rows, as they were last. */
  declare private down?: string;

  constructor(chart: Chart<WorkspaceOptions>) {
    this.chart = chart;
    this.page = chart.element.closest<HTMLElement>(".workspace")!;
    this.holder = this.page.querySelector<HTMLElement>(".workspace-panes")!;
    this.lines = new PaneLines(this.holder);
    this.asked = new Set();
    this.clicked = (event) => this.click(event);
    this.page.addEventListener("click", this.clicked);
    this.watch = new IntersectionObserver((entries) =>
      entries.forEach(({ target, isIntersecting }) =>
        chartRegistry.sleep(target as HTMLElement, !isIntersecting),
      ),
    );
    this.rooms = new ResizeObserver((entries) =>
      entries.forEach(({ target }) => this.fit(target as HTMLElement)),
    );
    for (const pane of this.holder.querySelectorAll("[data-pane]")) {
      this.watch.observe(pane);
      this.rooms.observe(pane);
    }
  }

  destroy(): void {
    this.watch.disconnect();
    this.rooms.disconnect();
    this.page.removeEventListener("click", this.clicked);
  }

  paneOf(name: string): HTMLElement {
    return this.holder.querySelector<HTMLElement>(`[data-pane="${name}"]`)!;
  }

  /** Return the names of the chosen views that there are, in their order. */
  namesOf({ panes }: Selection): string[] {
    const wanted = panes.split(",");
    return wanted.filter(
      (name, at) => this.chart.options.views.includes(name) && wanted.indexOf(name) === at,
    );
  }

  click(event: MouseEvent): void {
    const fold = (event.target as Element).closest<HTMLElement>("[data-workspace-fold]");
    if (fold) this.fold(fold);
    const button = (event.target as Element).closest<HTMLElement>("[data-workspace-switch]");
    if (!button) return;
    const name = button.dataset.workspaceSwitch!;
    const names = this.namesOf(selectionStore.get());
    const next = names.includes(name) ? names.filter((other) => other !== name) : [...names, name];
    // A text that names no view: an empty one would be the default.
    selectionStore.set({ panes: next.join(",") || "none", sizes: null });
  }

  /** Hide a view's controls to give its charts the room, or show them again. */
  fold(button: HTMLElement): void {
    const pane = this.paneOf(button.dataset.workspaceFold!);
    pane.dataset.chosen = "true";
    this.open(pane, pane.dataset.folded === "true");
  }

  /** Until somebody chooses, controls are open where there is room for them. */
  fit(pane: HTMLElement): void {
    const { pane: name, chosen } = pane.dataset;
    if (chosen || pane.hidden || HEADED.includes(name!)) return;
    this.open(pane, pane.offsetWidth * pane.offsetHeight >= ROOMY);
  }

  open(pane: HTMLElement, open: boolean): void {
    pane.dataset.folded = String(!open);
    pane.querySelector("[data-workspace-fold]")!.setAttribute("aria-expanded", String(open));
  }

  selected(_selection: Selection, names: Names): void {
    if (["panes", "arrange", "sizes"].some((name) => names.has(name))) this.chart.invalidate();
  }

  draw(): string {
    const selection = selectionStore.get();
    const names = this.namesOf(selection);
    this.ask(names);
    for (const name of this.chart.options.views) this.paneOf(name).hidden = !names.includes(name);
    this.page
      .querySelectorAll<HTMLElement>(".workspace-switch")
      .forEach((button) =>
        button.setAttribute(
          "aria-pressed",
          String(names.includes(button.dataset.workspaceSwitch!)),
        ),
      );
    this.page.querySelector<HTMLElement>(".workspace-none")!.hidden = names.length > 0;
    this.shape = shapeOf(selection.arrange, names.length, this.holder.clientWidth);
    // Below each other they need heights to be read, however they came to lie so.
    const stacked = selection.arrange === "columns" && this.shape.rows > 1;
    this.holder.dataset.arrange = stacked ? "grid" : selection.arrange;
    names.forEach((name, at) => this.place(this.paneOf(name), at, names.length));
    this.lines.draw(this.shape, names);
    this.size(sizesOf(selection.sizes, this.shape));
    return "";
  }

  /** Have the server send the bodies that are not there yet. */
  ask(names: readonly string[]): void {
    const missing = names.filter((name) => !this.asked.has(name));
    if (!missing.length) return;
    // All that are under way in one question: Dash drops an older one of the same callback.
    const open = [...this.asked].filter((name) => !this.paneOf(name).querySelector("[data-chart]"));
    missing.forEach((name) => this.asked.add(name));
    const { run, wanted } = this.chart.options;
    window.dash_clientside!.set_props!(wanted, { data: { run, views: [...open, ...missing] } });
  }

  /** Put a pane into its cell; between cells there are lines for the handles. */
  place(pane: HTMLElement, at: number, count: number): void {
    const { columns } = this.shape;
    const last = at === count - 1 && count % columns ? columns - (at % columns) : 1;
    const column = (at % columns) * 2 + 1;
    pane.style.gridColumn = `${column} / span ${last * 2 - 1}`;
    pane.style.gridRow = String(Math.floor(at / columns) * 2 + 1);
    pane.style.order = String(at);
  }

  size({ across, down }: Sizes): void {
    const gap = "10px";
    const tracks = (sizes: readonly number[], least: string) =>
      sizes.map((size) => `minmax(${least}, ${size}fr)`).join(` ${gap} `);
    this.holder.style.gridTemplateColumns = tracks(across, "0");
    this.holder.style.gridTemplateRows = tracks(down, "0");
    this.holder.style.setProperty("--workspace-rows", String(down.length));
    // Charts watch their width, but some are as high as their pane lets them be.
    if (this.down !== String(down)) requestAnimationFrame(() => chartRegistry.redraw());
    this.down = String(down);
    this.lines.tell({ across, down });
  }
}

registerKind("workspace", (chart) => new Workspace(chart));
