// The mini-sets of an answer against those that it was made of.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Detail } from "./minisets.ts";
import { gridOf, SIZES } from "./testgrid.ts";

for (const [layers, classes, iterations] of SIZES) {
  const given = gridOf(layers, classes, iterations, layers + classes);

  test(`mini-sets of ${layers} x ${classes} belong to their layer and know when they are there`, () => {
    const detail = new Detail(given.detail);
    for (const id of given.answer.arrays.layer) {
      const own = given.parts.flatMap((part, p) => (part.layer === id ? [p] : []));
      assert.deepEqual([...detail.of(id)], own);
    }
    given.parts.forEach((part, p) => {
      assert.deepEqual(Array.from(detail.filters(p)), part.filters);
      assert.equal(detail.size(p), part.filters.length);
      assert.deepEqual(Array.from(detail.moments(p)), part.present);
      const present = Array.from({ length: iterations }, (_, i) =>
        Number(part.present.includes(i)),
      );
      assert.deepEqual(Array.from(detail.presence(p)), present);
    });
    assert.deepEqual([...detail.of(-5)], []);
  });
}
