// How wide charts of scalars will be, and for how many pixels they are asked, before they are there.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ScalarListOptions } from "../core/chartoptions.ts";
import type { Selection } from "../core/fields.ts";
import { chartWidth, linesOf, pixelsFor } from "./first.ts";

const chosen = (scalarcolumns: string) => ({ scalarcolumns }) as Selection;

describe("the first scalars", () => {
  test("lie as scalars.css lays them out", () => {
    assert.equal(chartWidth(1280, chosen("fit")), 404);
    assert.equal(chartWidth(1920, chosen("fit")), 364.8);
    assert.equal(chartWidth(1280, chosen("1")), 1240);
    assert.equal(chartWidth(300, chosen("fit")), 260);
  });
  test("are asked for few widths", () => {
    const widths = [200, 320, 321, 576, 577, 2000];
    assert.deepEqual(widths.map(pixelsFor), [256, 256, 512, 512, 1024, 1024]);
  });
  test("of every window from 740 pixels on for that which the store keeps", () => {
    for (let window = 740; window < 4000; window++)
      assert.equal(pixelsFor(chartWidth(window, chosen("fit"))), 512, `${window}`);
  });
  test("are asked for by name", () => {
    const options = { lines: "/data/run/3/scalar-lines" } as ScalarListOptions;
    assert.equal(linesOf(options, 512, "first"), "/data/run/3/scalar-lines?pixels=512&names=first");
    const more = { lines: "/lines?runs=3,4" } as ScalarListOptions;
    assert.equal(linesOf(more, 256, "ab,cd"), "/lines?runs=3,4&pixels=256&names=ab,cd");
  });
});
