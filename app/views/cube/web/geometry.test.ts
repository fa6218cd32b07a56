// The cube's geometry: every pixel and its place on a face lead to each other.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Angles,
  areaOf,
  cellAt,
  cellEdges,
  type FaceName,
  keep,
  MARGINS,
  MODES,
  type Mode,
  type Point,
  placeOn,
  pointOf,
  project,
  sidesOf,
  sizesFor,
  transformOf,
  type View,
  viewOf,
} from "./geometry.ts";

const NAMES: FaceName[] = ["front", "top", "right"];
const STAGE = { width: 900, height: 600 };
const TURNS: Angles[] = [
  [0, 0],
  [30, 25],
  [45, 45],
  [80, 10],
  [90, 90],
];
const close = (found: number, expected: number, by = 1e-6) =>
  assert.ok(Math.abs(found - expected) <= by, `${found} is not ${expected}`);

/** Return a point seen as CSS does: translate, scale, rotateX, rotateY as matrices. */
function slowly(view: View, point: Point): [number, number] {
  const rotate = (angle: number) => [
    Math.cos((angle * Math.PI) / 180),
    Math.sin((angle * Math.PI) / 180),
  ];
  const [x, y, z] = point.map((part, axis) => part - view.centre[axis]);
  const [cosY, sinY] = rotate(-view.yaw);
  const [turnedX, turnedZ] = [x * cosY + z * sinY, -x * sinY + z * cosY];
  const [cosX, sinX] = rotate(-view.pitch);
  return [view.at[0] + view.scale * turnedX, view.at[1] + view.scale * (y * cosX - turnedZ * sinX)];
}

const VIEWS: [Mode, Angles][] = [
  ...MODES.filter((mode) => mode !== "turned").map((mode): [Mode, Angles] => [mode, [30, 25]]),
  ...TURNS.map((turn): [Mode, Angles] => ["turned", turn]),
];

for (const depth of [true, false]) {
  for (const [mode, turn] of VIEWS) {
    describe(`${mode} by ${turn.join(", ")}, ${depth ? "with" : "without"} classes`, () => {
      const size = sizesFor(STAGE, { depth });
      const view = viewOf(mode, turn, size, STAGE);
      const faces = NAMES.filter((face) => sidesOf(face, size).every(Boolean));

      test("points are seen where CSS puts them", () => {
        for (const point of [
          [0, 0, 0],
          [size.W, size.H, -size.D],
          [3, 5, -7],
        ] as Point[]) {
          const [found, expected] = [project(view, point), slowly(view, point)];
          close(found[0], expected[0]);
          close(found[1], expected[1]);
        }
      });

      test("a pixel is the place of a face that is seen there", () => {
        for (const face of faces) {
          if (Math.abs(areaOf(face, size, view)) < 50) continue;
          const [width, height] = sidesOf(face, size);
          for (const across of [0.01, 0.3, 0.5, 0.99]) {
            for (const down of [0.01, 0.4, 0.99]) {
              const [u, v] = [across * width, down * height];
              const pixel = project(view, pointOf(face, u, v, size, view.folded));
              const found = placeOn(face, pixel, size, view);
              assert.ok(found);
              close(found[0], u);
              close(found[1], v);
              // Nowhere are two faces seen: they are convex and turned towards the reader.
              for (const other of faces)
                if (other !== face) assert.equal(placeOn(other, pixel, size, view), null);
            }
          }
        }
      });

      test("beside a face there is no place of it, unless one asks for it", () => {
        for (const face of faces) {
          if (Math.abs(areaOf(face, size, view)) < 50) continue;
          const beside = project(view, pointOf(face, -10, -20, size, view.folded));
          assert.equal(placeOn(face, beside, size, view), null);
          const found = placeOn(face, beside, size, view, true);
          assert.ok(found);
          close(found[0], -10);
          close(found[1], -20);
        }
      });

      test("all of it is within the stage", () => {
        for (const face of faces) {
          const [width, height] = sidesOf(face, size);
          for (const [u, v] of [
            [0, 0],
            [width, 0],
            [0, height],
            [width, height],
          ]) {
            const [x, y] = project(view, pointOf(face, u, v, size, view.folded));
            assert.ok(x >= MARGINS.left - 1e-6 && x <= STAGE.width - MARGINS.right + 1e-6);
            assert.ok(y >= MARGINS.top - 1e-6 && y <= STAGE.height - MARGINS.bottom + 1e-6);
          }
        }
      });
    });
  }
}

for (const [face, mode] of [
  ["front", "top"],
  ["front", "right"],
  ["top", "front"],
  ["top", "right"],
  ["right", "front"],
  ["right", "top"],
] as [FaceName, Mode][]) {
  test(`the ${face} face is not seen from ${mode}`, () => {
    const size = sizesFor(STAGE);
    const view = viewOf(mode, [0, 0], size, STAGE);
    close(areaOf(face, size, view), 0, 1e-3);
    assert.equal(placeOn(face, view.at, size, view), null);
  });
}

for (const [angles, kept] of [
  [
    [10, 20],
    [10, 20],
  ],
  [
    [-5, 95],
    [0, 90],
  ],
  [
    [360, -360],
    [90, 0],
  ],
  [
    [0, 90],
    [0, 90],
  ],
] as [Angles, Angles][]) {
  test(`turned by ${angles.join(", ")} it stays at ${kept.join(", ")}`, () =>
    assert.deepEqual(keep(angles), kept));
}

for (const [width, height] of [
  [0, 0],
  [1, 1],
  [300, 200],
  [900, 600],
  [4000, 3000],
]) {
  test(`in ${width} x ${height} no side is too short`, () => {
    const { W, H, D } = sizesFor({ width, height });
    assert.ok(Math.min(W, H, D) >= 60);
    assert.equal(sizesFor({ width, height }, { depth: false }).D, 0);
  });
}

test("the transform of a view always has the same functions", () => {
  const size = sizesFor(STAGE);
  const written = VIEWS.map(([mode, turn]) => transformOf(viewOf(mode, turn, size, STAGE)));
  const functions = written.map((text) => text.match(/[a-zA-Z0-9]+(?=\()/g)?.join(" "));
  assert.deepEqual([...new Set(functions)], ["translate scale rotateX rotateY translate3d"]);
});

for (const upwards of [false, true]) {
  for (const [first, after, length] of [
    [0, 1, 100],
    [0, 7, 100],
    [3, 9, 250],
    [0, 1000, 333],
    [100, 101, 1],
  ]) {
    describe(`cells ${first} to ${after} on ${length} pixels, ${upwards ? "up" : "down"}`, () => {
      test("lie edge to edge over all pixels", () => {
        let covered = 0;
        for (let at = first; at < after; at++) {
          const [from, to] = cellEdges(at, [first, after], length, upwards);
          close(from, upwards ? length - covered - length / (after - first) : covered);
          covered += to - from;
        }
        close(covered, length);
      });

      test("are found at every pixel as by trying all", () => {
        for (let step = 0; step < 50; step++) {
          const pixel = ((step + 0.37) / 50) * length;
          const slow = Array.from({ length: after - first }, (_, at) => first + at).find((at) => {
            const [from, to] = cellEdges(at, [first, after], length, upwards);
            return from <= pixel && pixel < to;
          });
          assert.equal(cellAt(pixel, [first, after], length, upwards), slow);
        }
      });

      test("beyond the ends the outermost are found", () => {
        const ends = [
          cellAt(-50, [first, after], length, upwards),
          cellAt(length + 50, [first, after], length, upwards),
        ];
        assert.deepEqual(ends, upwards ? [after - 1, first] : [first, after - 1]);
      });
    });
  }
}
