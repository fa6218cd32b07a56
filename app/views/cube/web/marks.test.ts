// The marks on the faces of the cube: each thing of the selection once, what is pointed at last.

import assert from "node:assert/strict";
import { test } from "node:test";
import { marksOf } from "./marks.ts";

const NOTHING = {
  pins: [],
  layers: [],
  classes: [],
  cursor: null,
  slicelayer: null,
  sliceclass: null,
  sliceiteration: null,
  cubecell: null,
};
const PLACES = {
  columnOf: (iteration: number) => Math.round(iteration / 100),
  exactColumn: (iteration: number) => (iteration % 100 ? -1 : iteration / 100),
  placeOf: (id: number) => 9 - id,
};
const told = (selection: Partial<Parameters<typeof marksOf>[0]>) =>
  marksOf({ ...NOTHING, ...selection }, PLACES).map(
    ({ kind, dimension, at }) => `${kind} ${dimension} ${at}`,
  );

test("of nothing there are no marks", () => assert.deepEqual(told({}), []));

test("layers lie where they are, classes in their order, iterations at their columns", () => {
  assert.deepEqual(told({ pins: [300, 350], layers: [0, 2], classes: [4] }), [
    "pin columns 3",
    "pin columns -1",
    "chosen layers 0",
    "chosen layers 2",
    "chosen classes 5",
  ]);
});

test("the cursor may lie between snapshots, a slice may not", () => {
  assert.deepEqual(told({ cursor: 120, sliceiteration: 120 }), [
    "cursor columns 1",
    "slice columns -1",
  ]);
});

test("the first of all is one as well", () => {
  assert.deepEqual(told({ cursor: 0, slicelayer: 0, sliceclass: 0, sliceiteration: 0 }), [
    "cursor columns 0",
    "slice layers 0",
    "slice classes 9",
    "slice columns 0",
  ]);
});

test("what is pointed at comes last, in the dimensions that its face has", () => {
  const cubecell = { face: "right", layer: 1, class: 2, column: null };
  assert.deepEqual(told({ cubecell, cursor: 0, slicelayer: 3 }), [
    "cursor columns 0",
    "slice layers 3",
    "pointed layers 1",
    "pointed classes 7",
  ]);
});
