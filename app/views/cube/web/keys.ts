// The keyboard on the cube: modes by letters, cells by arrows, slices at the cell, turning.

import { keyTable, selectionStore, tooltip } from "#app/web/index.ts";
import type { Cube } from "./cube.ts";
import { type Dimension, FACES, type FaceName, type Mode } from "./geometry.ts";
import type { Cell, Input, Places } from "./input.ts";
import { reset } from "./reset.ts";

const STEP = 5; // degrees a key
type Step = [x: number, y: number];
const MODE_KEYS: Partial<Record<string, Mode>> = {
  d: "turned",
  f: "front",
  t: "top",
  r: "right",
  u: "unfolded",
};
const SLICE_KEYS: Partial<Record<string, Dimension>> = { l: "layers", c: "classes", i: "columns" };
const ARROWS: Partial<Record<string, Step>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class Keys {
  declare private readonly cube: Cube;
  declare private readonly input: Input;

  /** `input` says what a cell is and how it is pointed at and chosen, as the mouse does. */
  constructor(cube: Cube, input: Input) {
    this.cube = cube;
    this.input = input;
    const { element, options } = cube.chart;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", options.label);
    element.tabIndex = 0;
    element.addEventListener("keydown", (event) => this.key(event));
    cube.stage.addEventListener("focusin", (event) => this.focused(event));
  }

  /** Begin with the keyboard where the pointer was, or in the middle of the face. */
  focused(event: FocusEvent): void {
    const face = (event.target as HTMLElement).dataset.face as FaceName | undefined;
    if (!face || selectionStore.get().cubecell?.face === face || this.input.drag) return;
    if (!(event.target as HTMLElement).matches(":focus-visible")) return;
    const { across, down } = FACES[face];
    const { ranges } = this.cube;
    const middle = (dimension: Dimension) =>
      Math.floor((ranges[dimension][0] + ranges[dimension][1] - 1) / 2);
    const found: Places = {
      columns: null,
      layers: null,
      classes: null,
      [across]: middle(across),
      [down]: middle(down),
    };
    const cursor = this.cube.axis.columnOf(selectionStore.get().cursor);
    if (found.columns !== null && cursor >= ranges.columns[0] && cursor < ranges.columns[1])
      found.columns = cursor;
    this.input.point(this.input.cellOf(face, found));
  }

  key(event: KeyboardEvent): void {
    if (pressed(this, event)) event.preventDefault();
  }

  /** Go to the next cell, or turn the cube. */
  arrow(way: Step, turns: boolean): void {
    if (turns) this.turnKey(way);
    else this.step(way, selectionStore.get().cubecell);
  }

  choose(add: boolean): void {
    const cell = selectionStore.get().cubecell;
    if (cell) this.input.choose(cell, add);
  }

  turnKey([x, y]: Step): void {
    const { cube } = this;
    if (cube.mode !== "turned") return;
    cube.turn([cube.view.yaw - x * STEP, cube.view.pitch + y * STEP]);
    cube.turned();
  }

  /** Slice at the pointed cell's layer, class or iteration; without one, end the slice. */
  sliceKey(dimension: Dimension): void {
    const cell = selectionStore.get().cubecell;
    const at =
      cell &&
      {
        layers: cell.layer,
        columns: cell.column,
        classes: cell.class === null ? null : this.cube.placeOf(cell.class),
      }[dimension];
    if (at !== null && at !== undefined) this.cube.slice(dimension, at);
    else
      selectionStore.set({
        [{ layers: "slicelayer", classes: "sliceclass", columns: "sliceiteration" }[dimension]]:
          null,
      });
  }

  /** Move the pointed cell on its face; the first key begins on the face that has the focus. */
  step([x, y]: Step, cell: Cell | null | undefined): void {
    const { cube } = this;
    const focus = (document.activeElement as HTMLElement | null)?.dataset?.face as
      | FaceName
      | undefined;
    const face = (focus ||
      cell?.face ||
      ({ top: "top", right: "right" } as Partial<Record<Mode, FaceName>>)[cube.mode] ||
      "front") as FaceName;
    const { across, down, upwards } = FACES[face];
    const now: Places | null =
      cell && cell.face === face
        ? {
            layers: cell.layer,
            columns: cell.column,
            classes: cell.class === null ? null : cube.placeOf(cell.class),
          }
        : null;
    const moved: Places = { columns: null, layers: null, classes: null };
    const move = (dimension: Dimension, by: number) => {
      const [first, after] = cube.ranges[dimension];
      const from = now ? now[dimension]! + by : first;
      moved[dimension] = Math.min(Math.max(from, first), after - 1);
    };
    move(across, x);
    move(down, upwards ? -y : y);
    this.input.point(this.input.cellOf(face, moved));
    tooltip.hide();
  }
}

const pressed = keyTable<Keys>({ title: "On the cube", within: ".cube-stage" }, [
  {
    keys: Object.keys(MODE_KEYS),
    says: "show it in 3-D, from the front, the top or the right, or unfolded",
    act: (_keys, _event, key) => selectionStore.set({ cubeface: MODE_KEYS[key] }),
  },
  {
    keys: Object.keys(SLICE_KEYS),
    says: "slice at the layer, the class or the iteration of the cell",
    act: (keys, _event, key) => keys.sliceKey(SLICE_KEYS[key]!),
  },
  {
    keys: Object.keys(ARROWS),
    says: "go from cell to cell; with Shift turn the cube",
    act: (keys, { shiftKey }, key) => keys.arrow(ARROWS[key]!, shiftKey),
  },
  {
    keys: ["Enter", " "],
    says: "choose the cell; with Shift one more",
    act: (keys, { shiftKey }) => keys.choose(shiftKey),
  },
  { keys: ["Escape"], says: "show everything again", act: () => reset() },
]);
