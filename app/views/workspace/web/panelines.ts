// The lines between panes: dragged, or moved by the keyboard, they change the sizes of columns and rows.

import { keyTable, selectionStore } from "#app/web/index.ts";
import { LEAST, moved, type Shape, type Sizes, sizesOf, type Way, WHOLE } from "./shape.ts";

const STEP = 25;

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

export class PaneLines {
  private readonly holder: HTMLElement;
  private handles: HTMLElement[] = [];
  /** What the handles were made for. */
  private drawn = "";
  private shape: Shape = { columns: 0, rows: 0 };

  constructor(holder: HTMLElement) {
    this.holder = holder;
  }

  /** Put lines between the columns and rows of panes with these names. */
  draw(shape: Shape, names: readonly string[]): void {
    this.shape = shape;
    const { columns, rows } = shape;
    const key = `${columns} ${rows} ${names}`;
    if (this.drawn === key) return; // one of them may have the focus
    this.drawn = key;
    this.handles.forEach((handle) => handle.remove());
    this.handles = [];
    for (let at = 1; at < columns; at++) this.add("across", at, names);
    for (let at = 1; at < rows; at++) this.add("down", at, names);
  }

  private add(way: Way, at: number, names: readonly string[]): void {
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

  /** Say of every line how large what is before it is. */
  tell(sizes: Sizes): void {
    const seen = { across: 0, down: 0 };
    for (const handle of this.handles) {
      const { way } = handle.dataset as { way: Way };
      handle.setAttribute("aria-valuenow", String(Math.round(sizes[way][seen[way]++] / 10)));
    }
  }

  private sizes(): Sizes {
    return sizesOf(selectionStore.get().sizes, this.shape);
  }

  private move({ across, down }: Sizes): void {
    selectionStore.set({ sizes: [...across, ...down] });
  }

  private press(event: PointerEvent, handle: HTMLElement, way: Way, at: number): void {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const from = this.sizes();
    const [start, room] =
      way === "across"
        ? [event.clientX, this.holder.clientWidth]
        : [event.clientY, this.holder.clientHeight];
    const drag = (next: PointerEvent) => {
      const now = way === "across" ? next.clientX : next.clientY;
      this.move(moved(from, way, at, ((now - start) / room) * WHOLE));
    };
    handle.addEventListener("pointermove", drag);
    handle.addEventListener(
      "lostpointercapture",
      () => handle.removeEventListener("pointermove", drag),
      { once: true },
    );
  }

  private key(event: KeyboardEvent, way: Way, at: number): void {
    if (pressed({ way, move: (by) => this.move(moved(this.sizes(), way, at, by)) }, event))
      event.preventDefault();
  }
}
