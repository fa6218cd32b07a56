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
  keyTable,
  type Names,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";

type WorkspaceOptions = ChartKinds["workspace"];
/** How many columns and rows there are. */
interface Shape {
  columns: number;
  rows: number;
}
/** The direction of a size. */
type Way = "across" | "down";
/** Of columns and rows, per mille. */
type Sizes = Record<Way, number[]>;

const WHOLE = 1000;
const LEAST = 120; // per mille of a direction, so that nothing vanishes
const STEP = 25;
const NARROWEST = 300; // px: a narrower column goes below the others
const ROOMY = 380_000; // px²: in a smaller pane the controls would leave little to the charts
const HEADED = ["overview", "findings"]; // what stands on top of these is no control
const COLUMNS: Record<string, (count: number) => number> = {
  columns: (count) => count,
  rows: () => 1,
  grid: (count) => Math.min(2, count),
};

/** Return how `count` panes lie where `room` pixels are: the numbers of columns and rows. */
function shapeOf(arrange: string, count: number, room: number): Shape {
  const wanted = (COLUMNS[arrange] || COLUMNS.columns)(count);
  const columns = Math.max(1, Math.min(wanted, Math.floor(room / NARROWEST)));
  return { columns, rows: Math.max(1, Math.ceil(count / columns)) };
}

const even = (count: number): number[] =>
  Array.from(
    { length: count },
    (_, at) => Math.floor((WHOLE * (at + 1)) / count) - Math.floor((WHOLE * at) / count),
  );
const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** Return the sizes of the columns and of the rows; even ones where those kept do not fit. */
function sizesOf(kept: readonly number[], { columns, rows }: Shape): Sizes {
  const fits = (sizes: readonly number[], count: number) =>
    sizes.length === count && sum(sizes) === WHOLE && sizes.every((size) => size >= LEAST / 2);
  const [across, down] = [kept.slice(0, columns), kept.slice(columns)];
  return {
    across: fits(across, columns) ? across : even(columns),
    down: fits(down, rows) ? down : even(rows),
  };
}

class Workspace implements Handler {
  declare readonly chart: Chart<WorkspaceOptions>;
  declare private readonly page: HTMLElement;
  declare private readonly holder: HTMLElement;
  declare private handles: HTMLElement[];
  /** What the handles were made for. */
  declare private handled?: string;
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
    this.handles = [];
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
    this.handle(names);
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

  handle(names: readonly string[]): void {
    const { columns, rows } = this.shape;
    const key = `${columns} ${rows} ${names}`;
    if (this.handled === key) return; // one of them may have the focus
    this.handled = key;
    this.handles.forEach((handle) => handle.remove());
    this.handles = [];
    for (let at = 1; at < columns; at++) this.addHandle("across", at, names);
    for (let at = 1; at < rows; at++) this.addHandle("down", at, names);
  }

  addHandle(way: Way, at: number, names: readonly string[]): void {
    const handle = document.createElement("div");
    handle.className = "workspace-handle";
    handle.dataset.way = way;
    handle.tabIndex = 0;
    handle.setAttribute("role", "separator");
    handle.setAttribute("aria-orientation", way === "across" ? "vertical" : "horizontal");
    handle.setAttribute(
      "aria-label",
      `Size of ${names[way === "across" ? at - 1 : (at - 1) * this.shape.columns]}`,
    );
    handle.setAttribute("aria-valuemin", String(LEAST / 10));
    handle.setAttribute("aria-valuemax", String((WHOLE - LEAST) / 10));
    handle.title = "Drag, or use the arrow keys; a double click makes the sizes even";
    Object.assign(
      handle.style,
      way === "across"
        ? { gridColumn: String(at * 2), gridRow: "1 / -1" }
        : { gridRow: String(at * 2), gridColumn: "1 / -1" },
    );
    handle.addEventListener("pointerdown", (event) => this.press(event, handle, way, at));
    handle.addEventListener("keydown", (event) => this.key(event, way, at));
    handle.addEventListener("dblclick", () => selectionStore.set({ sizes: null }));
    this.holder.append(handle);
    this.handles.push(handle);
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
    const seen = { across: 0, down: 0 };
    for (const handle of this.handles) {
      const { way } = handle.dataset as { way: Way };
      handle.setAttribute(
        "aria-valuenow",
        String(Math.round((way === "across" ? across : down)[seen[way]++] / 10)),
      );
    }
  }

  /** Move the border after column or row `at` by so much per mille. */
  move(way: Way, at: number, by: number, from?: Sizes): void {
    const sizes = from || sizesOf(selectionStore.get().sizes, this.shape);
    const next = { across: [...sizes.across], down: [...sizes.down] };
    const both = sizes[way][at - 1] + sizes[way][at];
    next[way][at - 1] = Math.min(
      both - LEAST,
      Math.max(LEAST, Math.round(sizes[way][at - 1] + by)),
    );
    next[way][at] = both - next[way][at - 1];
    selectionStore.set({ sizes: [...next.across, ...next.down] });
  }

  press(event: PointerEvent, handle: HTMLElement, way: Way, at: number): void {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const from = sizesOf(selectionStore.get().sizes, this.shape);
    const [start, room] =
      way === "across"
        ? [event.clientX, this.holder.clientWidth]
        : [event.clientY, this.holder.clientHeight];
    const moved = (next: PointerEvent) => {
      const now = way === "across" ? next.clientX : next.clientY;
      this.move(way, at, ((now - start) / room) * WHOLE, from);
    };
    handle.addEventListener("pointermove", moved);
    handle.addEventListener(
      "lostpointercapture",
      () => handle.removeEventListener("pointermove", moved),
      { once: true },
    );
  }

  key(event: KeyboardEvent, way: Way, at: number): void {
    if (pressed({ way, move: (by) => this.move(way, at, by) }, event)) event.preventDefault();
  }
}

/** A line between two panes, and what moves it. */
interface Line {
  way: Way;
  move(by: number): void;
}
const pressed = keyTable<Line>(
  { title: "On the line between two views", within: ".workspace-handle" },
  [
    {
      keys: ["ArrowLeft", "ArrowRight"],
      says: "move an upright line",
      act: ({ way, move }, _event, key) =>
        way === "across" && move(key === "ArrowLeft" ? -STEP : STEP),
    },
    {
      keys: ["ArrowUp", "ArrowDown"],
      says: "move a lying line",
      act: ({ way, move }, _event, key) => way === "down" && move(key === "ArrowUp" ? -STEP : STEP),
    },
    {
      keys: ["Home", "End"],
      says: "make the view before it as small or as large as can be",
      act: ({ move }, _event, key) => move(key === "Home" ? -WHOLE : WHOLE),
    },
  ],
);

registerKind("workspace", (chart) => new Workspace(chart));
