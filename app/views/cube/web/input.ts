// Mouse and touch on the cube: pointing, choosing, brushing, turning; keys are in cube/web/keys.ts.
//
// Turned, a drag turns the cube and Shift-drag brushes; where a face lies flat, a drag brushes. A
// brush shows only its layers, classes or iterations, on all faces.

import { type CubeCell, type Fields, type Range, selectionStore, tooltip } from "#app/web/index.ts";
import type { Cube } from "./cube.ts";
import { ORDER } from "./faces.ts";
import {
  type Angles,
  cellAt,
  type Dimension,
  FACES,
  type FaceName,
  type Pixel,
  placeOn,
  sidesOf,
} from "./geometry.ts";
import { Keys } from "./keys.ts";
import { words } from "./words.ts";

/** A cell of a face: ids of layer and class, a column of the axis; null where the face has none. */
export type Cell = CubeCell;
/** Where a cell lies, by the dimensions of its face. */
export type Places = Record<Dimension, number | null>;
/** A place of a face, CSS pixels. */
interface Hit {
  face: FaceName;
  u: number;
  v: number;
}
interface Drag {
  x: number;
  y: number;
  hit: Hit | null;
  turns: boolean;
  from: Angles;
  moved: boolean;
  /** Where a brush is. */
  to?: Hit;
}
type RangeField = "layerrange" | "classrange" | "zoom";

const DRAG_PIXELS = 4;
const DEGREES = 0.4; // a pixel

export class Input {
  declare private readonly cube: Cube;
  declare drag: Drag | null;
  declare private frame: number;
  declare private readonly band: HTMLElement;
  /** The angles to turn to in the next frame. */
  declare private angles: Angles;
  declare readonly keys: Keys;

  constructor(cube: Cube) {
    this.cube = cube;
    this.drag = null;
    this.frame = 0;
    const { stage } = cube;
    this.band = document.createElement("div");
    this.band.className = "cube-band";
    this.band.hidden = true;
    stage.addEventListener("pointermove", (event) => this.moved(event));
    stage.addEventListener("pointerdown", (event) => this.pressed(event));
    stage.addEventListener("pointerup", (event) => this.released(event));
    stage.addEventListener("pointercancel", () => this.dropped());
    stage.addEventListener("pointerleave", () => this.leave());
    this.keys = new Keys(cube, this);
  }

  /** Return {face, u, v} seen at a pixel of the page, or null. */
  hit(event: MouseEvent): Hit | null {
    const { cube } = this;
    if (!cube.view || cube.timer) return null;
    const box = cube.stage.getBoundingClientRect();
    const at: Pixel = [event.clientX - box.left, event.clientY - box.top];
    for (const face of ORDER) {
      if (face !== "front" && !cube.model.classes) continue;
      const place = placeOn(face, at, cube.size, cube.view);
      if (place) return { face, u: place[0], v: place[1] };
    }
    return null;
  }

  /** Return the places {columns, layers, classes} of the cell at (u, v); null where not on the face. */
  places({ face, u, v }: Hit): Places {
    const { cube } = this;
    const { across, down, upwards } = FACES[face];
    const [width, height] = sidesOf(face, cube.size);
    const found: Places = { columns: null, layers: null, classes: null };
    found[across] = cellAt(u, cube.ranges[across], width);
    found[down] = cellAt(v, cube.ranges[down], height, upwards);
    return found;
  }

  /** Return the cell at an event, or null. */
  cellAt(event: MouseEvent): Cell | null {
    const hit = this.hit(event);
    return hit && this.cellOf(hit.face, this.places(hit));
  }

  cellOf(face: FaceName, { columns, layers, classes }: Places): Cell {
    return {
      face,
      layer: layers,
      class: classes === null ? null : this.cube.classAt(classes),
      column: columns,
    };
  }

  point(cell: Cell | null): void {
    selectionStore.point({ cubecell: cell });
    if (cell && cell.column !== null)
      selectionStore.set({ cursor: this.cube.axis.iterations[cell.column] });
  }

  leave(): void {
    if (this.drag) return;
    tooltip.hide();
    this.point(null);
  }

  moved(event: PointerEvent): void {
    if (this.drag) {
      this.dragged(event);
      return;
    }
    const hit = this.hit(event);
    if (!hit || (event.target as Element).closest(".cube-labels")) {
      this.leave();
      return;
    }
    const cell = this.cellOf(hit.face, this.places(hit));
    this.point(cell);
    const { title, lines } = words.describe(this.cube, cell);
    tooltip.show(event.clientX, event.clientY, title, lines);
  }

  pressed(event: PointerEvent): void {
    const { cube } = this;
    if (
      event.button !== 0 ||
      !cube.view ||
      cube.timer ||
      (event.target as Element).closest(".cube-labels")
    )
      return;
    const hit = this.hit(event);
    const turns = cube.mode === "turned" && !event.shiftKey;
    if (!hit && !turns) return;
    const { yaw, pitch } = cube.view;
    this.drag = {
      x: event.clientX,
      y: event.clientY,
      hit,
      turns,
      from: [yaw, pitch],
      moved: false,
    };
    cube.stage.setPointerCapture(event.pointerId);
  }

  dragged(event: PointerEvent): void {
    const { drag } = this as { drag: Drag };
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (Math.hypot(x, y) > DRAG_PIXELS && !drag.moved) {
      drag.moved = true;
      tooltip.hide();
      this.cube.stage.classList.toggle("cube-dragged", drag.turns);
    }
    if (!drag.moved) return;
    if (drag.turns) this.turnSoon([drag.from[0] - x * DEGREES, drag.from[1] + y * DEGREES]);
    else this.brush(event);
  }

  /** Turn once a frame, however often the pointer tells. */
  turnSoon(angles: Angles): void {
    this.angles = angles;
    this.frame =
      this.frame ||
      requestAnimationFrame(() => {
        this.frame = 0;
        this.cube.turn(this.angles);
      });
  }

  /** Return the place on a face nearest to the pointer: a brush may leave it. */
  nearest(event: MouseEvent, face: FaceName): Hit {
    const { cube } = this;
    const box = cube.stage.getBoundingClientRect();
    const [width, height] = sidesOf(face, cube.size);
    const place = placeOn(
      face,
      [event.clientX - box.left, event.clientY - box.top],
      cube.size,
      cube.view,
      true,
    );
    const kept = (value: number, most: number) => Math.min(Math.max(value, 0), most - 1e-6);
    return { face, u: kept(place![0], width), v: kept(place![1], height) };
  }

  brush(event: PointerEvent): void {
    const { drag } = this as { drag: Drag & { hit: Hit } };
    const { face } = drag.hit;
    drag.to = this.nearest(event, face);
    this.cube.faces.faces[face].element.append(this.band);
    this.band.hidden = false;
    const [left, right] = [drag.hit.u, drag.to.u].sort((a, b) => a - b);
    const [top, bottom] = [drag.hit.v, drag.to.v].sort((a, b) => a - b);
    Object.assign(this.band.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${right - left}px`,
      height: `${bottom - top}px`,
    });
  }

  released(event: PointerEvent): void {
    const { drag } = this;
    this.dropped();
    if (!drag) return;
    if (!drag.moved) {
      if (drag.hit) this.choose(this.cellOf(drag.hit.face, this.places(drag.hit)), event.shiftKey);
      return;
    }
    if (drag.turns) {
      cancelAnimationFrame(this.frame);
      this.frame = 0;
      this.cube.turn(this.angles);
      this.cube.turned();
    } else if (drag.to) this.dice(this.places(drag.hit!), this.places(drag.to));
  }

  dropped(): void {
    this.drag = null;
    this.band.hidden = true;
    this.cube.stage.classList.remove("cube-dragged");
  }

  /** Show only what lies between two cells of a face. */
  dice(one: Places, other: Places): void {
    const { iterations } = this.cube.axis;
    const fields = { layers: "layerrange", classes: "classrange", columns: "zoom" };
    const patch: Partial<Fields> = {};
    for (const [dimension, field] of Object.entries(fields) as [Dimension, RangeField][]) {
      if (one[dimension] === null) continue;
      const ends = [one[dimension]!, other[dimension]!].sort((a, b) => a - b);
      patch[field] = (
        dimension === "columns" ? ends.map((column) => iterations[column]) : ends
      ) as Range;
    }
    selectionStore.set(patch);
  }

  /** Pin the iteration of a cell, and choose its layer and class; with `more` beside the others. */
  choose(cell: Cell, more: boolean): void {
    const selection = selectionStore.get();
    const patch: Partial<Fields> = {};
    const chosen = (field: "layers" | "classes", id: number) => {
      const now = selection[field];
      if (more)
        return now.includes(id)
          ? now.filter((other) => other !== id)
          : [...now, id].sort((a, b) => a - b);
      return now.length === 1 && now[0] === id && cell.column === null ? [] : [id];
    };
    if (cell.layer !== null) patch.layers = chosen("layers", cell.layer);
    if (cell.class !== null) patch.classes = chosen("classes", cell.class);
    selectionStore.set(patch);
    if (cell.column !== null) selectionStore.toggle("pins", this.cube.axis.iterations[cell.column]);
  }
}
