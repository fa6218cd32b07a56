// Annotations along the cube's edges: a mark at each layer, class and iteration that has some, beside
// the faces and never on them. What a mark is about is framed on the faces while one points at it.

import type { Annotation } from "#app/annotations/web/annotation.ts";
import { annotationMark } from "#app/annotations/web/mark.ts";
import { annotationStore } from "#app/annotations/web/store.ts";
import * as annotationParts from "#app/annotations/web/text.ts";
import { make, selectionStore, type Thing } from "#app/web/index.ts";
import type { Cube } from "./cube.ts";
import type { Mark } from "./faces.ts";
import type { Dimension, Pixel, View } from "./geometry.ts";
import type { Cell } from "./input.ts";
import type { Box, Edge, Side, Taken } from "./labels.ts";

/** What annotations are about, by the cells of a dimension. */
interface About {
  at: number;
  until: number;
  annotations: Annotation[];
}
interface OnEdge extends About {
  edge: Edge;
}
/** Those that share a mark. */
interface Group extends OnEdge {
  bars: OnEdge[];
}
interface Drawn {
  mark: HTMLElement;
  ranges: HTMLElement[];
}
/** What shows what an annotation is about, until it is removed. */
export type Light = Pick<Element, "remove">;
export type PointedEvent = MouseEvent & { target: Element };

const NEAR = 3; // pixels between marks; nearer ones become one
const GAP = 1.5; // between a mark and the edge
const LANES: Record<Side, number> = { below: 12, left: 9, right: 9 }; // what marks take from the names of an edge
const SIZES: Record<Side, readonly [width: number, height: number]> = {
  below: [13, 13],
  left: [7, 9],
  right: [7, 9],
};

/** Return [{at, until, annotations}] of a dimension, by the cells of it. */
function targetsOf(dimension: Dimension, cube: Cube): About[] {
  const { targets, withIterations } = annotationStore;
  const { axis, model } = cube;
  if (dimension === "columns") {
    return withIterations().map((annotation) => {
      const { first, last } = annotation.target;
      return {
        at: axis.columnOf(first),
        until: axis.columnOf(last ?? first),
        annotations: [annotation],
      };
    });
  }
  const found = (kind: string, place: (id: number) => number): About[] =>
    targets(kind).map(({ id, annotations }) => ({
      at: place(id!),
      until: place(id!),
      annotations,
    }));
  if (dimension === "classes") return found("class", (id) => cube.placeOf(id));
  const layers = (id: number) => (id < model.layers.names.length ? id : -1);
  return [...found("layer", layers), ...found("filter", layers)];
}

/** Return a unit vector from an edge of the screen away from the cube. */
function outwards(edge: Edge, centre: Pixel): number[] {
  const [[ax, ay], [bx, by]] = [edge.place(0), edge.place(1)];
  const normal = [(by - ay) / edge.length, (ax - bx) / edge.length];
  const away = ((ax + bx) / 2 - centre[0]) * normal[0] + ((ay + by) / 2 - centre[1]) * normal[1];
  return away < 0 ? normal.map((part) => -part) : normal;
}

export class Annotations {
  declare private readonly cube: Cube;
  declare private readonly element: HTMLElement;
  declare private readonly settle: () => void;
  declare private readonly leave: () => void;
  /** What is drawn. */
  declare private key: string;
  declare private drawn: Drawn[];
  /** The ids of those whose things are framed. */
  declare private readonly lit: Set<number>;

  constructor(cube: Cube) {
    const { roving } = annotationParts;
    this.cube = cube;
    this.element = make("div", "cube-annotations");
    this.element.setAttribute("role", "toolbar");
    this.element.setAttribute("aria-label", "Annotations of layers, classes and iterations");
    cube.stage.append(this.element);
    this.settle = roving(this.element, ".annotation-mark");
    this.key = "";
    this.drawn = []; // {element, edge name, at, until, bar}
    this.lit = new Set();
    this.leave = annotationStore.subscribe(() => cube.overlay());
  }

  /**
   * Draw the marks along these edges; returns what names have to leave free: {lanes: {name of an
   * edge: pixels}, boxes: [[left, top, right, bottom]]}.
   */
  draw(edges: readonly Edge[], view: View): Taken {
    const groups = edges.flatMap((edge) => this.groupsOf(edge));
    const key = JSON.stringify(
      groups.map(({ edge, annotations }) => [
        edge.name,
        edge.side,
        annotations.map(({ id, changed }) => [id, changed]),
      ]),
    );
    if (key !== this.key) this.make(key, groups);
    const boxes = groups.map((group, at) => this.place(group, this.drawn[at], view));
    this.element.hidden = !groups.length;
    return {
      boxes,
      lanes: Object.fromEntries(groups.map(({ edge: { name, side } }) => [name, LANES[side]])),
    };
  }

  groupsOf(edge: Edge): Group[] {
    const { first, after, dimension, length, side } = edge;
    const along = (at: number) => ((at - first + 0.5) / (after - first)) * length;
    const seen = targetsOf(dimension, this.cube)
      .filter(({ at, until }) => until >= first && at < after && until >= 0)
      .map((target) => ({
        ...target,
        edge,
        at: Math.max(target.at, first),
        until: Math.min(target.until, after - 1),
      }))
      .sort((a, b) => a.at - b.at);
    const groups: Group[] = [];
    for (const target of seen) {
      const last = groups.at(-1);
      if (
        last &&
        along(target.at) - along(last.at) < SIZES[side][side === "below" ? 0 : 1] + NEAR
      ) {
        last.annotations.push(
          ...target.annotations.filter((one) => !last.annotations.includes(one)),
        );
        last.bars.push(target);
      } else groups.push({ ...target, annotations: [...target.annotations], bars: [target] });
    }
    return groups;
  }

  make(key: string, groups: readonly Group[]): void {
    this.key = key;
    const focused = this.element.contains(document.activeElement);
    this.drawn = groups.map(({ edge, annotations, bars }) => {
      const mark = annotationMark(annotations);
      mark.classList.toggle("cube-annotation-narrow", edge.side !== "below");
      const ranges = bars
        .filter(({ at, until }) => until > at)
        .map(() => make("div", "annotation-bar cube-annotation-bar"));
      return { mark, ranges };
    });
    this.element.replaceChildren(...this.drawn.flatMap(({ mark, ranges }) => [...ranges, mark]));
    this.settle();
    if (focused) this.element.querySelector<HTMLElement>(".annotation-mark")?.focus();
  }

  place({ edge, at, bars }: Group, { mark, ranges }: Drawn, view: View): Box {
    const { first, after, side } = edge;
    const share = (cell: number) => (cell - first) / (after - first);
    const away = outwards(edge, view.at);
    const [width, height] = SIZES[side];
    const reach = (Math.abs(away[0]) * width + Math.abs(away[1]) * height) / 2 + GAP;
    const [x, y] = edge.place(share(at + 0.5));
    const [left, top] = [x + away[0] * reach - width / 2, y + away[1] * reach - height / 2];
    mark.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
    bars
      .filter(({ until, at: from }) => until > from)
      .forEach((target, index) => {
        const [[ax, ay], [bx, by]] = [
          edge.place(share(target.at)),
          edge.place(share(target.until + 1)),
        ];
        ranges[index].style.width = `${Math.hypot(bx - ax, by - ay).toFixed(1)}px`;
        ranges[index].style.transform =
          `translate(${(ax + away[0] * GAP).toFixed(1)}px, ${(ay + away[1] * GAP).toFixed(1)}px) rotate(${Math.atan2(by - ay, bx - ax)}rad)`;
      });
    return [left - 1, top - 1, left + width + 1, top + height + 1];
  }

  /** Return the layer or class at an event, or (without) of the cell that the keys are at. */
  thing(event: PointedEvent | null): Thing | null {
    const { cube } = this;
    const { dimension, at } =
      event?.target.closest?.<HTMLElement>(".cube-labels [data-dimension]")?.dataset ||
      ({} as DOMStringMap);
    if (dimension === "columns") return null;
    const cell: Pick<Cell, "layer" | "class"> | null | undefined =
      dimension === "layers"
        ? { layer: Number(at), class: null }
        : dimension
          ? { layer: null, class: cube.classAt(Number(at)) }
          : event
            ? cube.input.cellAt(event)
            : selectionStore.get().cubecell;
    if (!cell) return null;
    const [kind, id]: ["layer" | "class", number] =
      cell.layer !== null ? ["layer", cell.layer] : ["class", cell.class!];
    return { kind, id, name: cube.annotationName(kind, id)! };
  }

  /** Frame on the faces what an annotation is about; returns what ends it. */
  light(annotation: number): Light {
    this.lit.add(annotation);
    this.frame();
    return {
      remove: () => {
        this.lit.delete(annotation);
        this.frame();
      },
    };
  }

  frame(): void {
    const frames = (["layers", "classes", "columns"] as const).flatMap((dimension) =>
      targetsOf(dimension, this.cube)
        .filter(({ annotations }) => annotations.some(({ id }) => this.lit.has(id)))
        .map(({ at, until }): Mark => ({ kind: "annotated", dimension, at, until })),
    );
    this.cube.faces.mark(frames, this.cube.ranges, "lights");
  }

  destroy(): void {
    this.leave();
  }
}
