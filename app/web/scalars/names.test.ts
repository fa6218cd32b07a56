// Which names are found, and which share a chart.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { partOf, parts, plots, type Scalar, searched, withoutPart } from "./names.ts";
import { troubleOf } from "./patterns.ts";

const scalars = (...names: string[]): Scalar[] =>
  names.map((name, at) => [`key${at}`, name, name.includes("/") ? name.split("/")[0] : ""]);

test("every word of a search occurs", () => {
  const found = (search: string) => ["val/F1", "val/recall_1", "train/f1"].filter(searched(search));
  assert.deepEqual(found("f1"), ["val/F1", "train/f1"]);
  assert.deepEqual(found("  1 VAL "), ["val/F1", "val/recall_1"]);
  assert.equal(found("").length, 3);
  assert.deepEqual(found("("), []);
});

describe("names that differ in the part of the data", () => {
  test("are the same without it", () => {
    for (const name of ["train_loss", "loss/val", "validation/loss", "loss", "Test.loss"])
      assert.equal(withoutPart(name), "loss", name);
    assert.equal(withoutPart("head/train/loss"), "head/loss");
    assert.equal(withoutPart("training_value"), "value");
    assert.equal(withoutPart("valence"), "valence");
    assert.equal(partOf("a/val/b"), "val");
    assert.equal(partOf("valence"), "valence");
  });

  test("share a chart where that is wanted", () => {
    const all = scalars("train_loss", "lr", "val_loss", "train/acc", "val/acc", "valence");
    assert.deepEqual(
      plots(all, true).map(({ title, lines }) => [title, lines.length]),
      [
        ["loss", 2],
        ["lr", 1],
        ["acc", 2],
        ["valence", 1],
      ],
    );
    assert.deepEqual(
      plots(all, false).map(({ title, key }) => [title, key]),
      all.map(([key, name]) => [name, key]),
    );
  });
});

test("pinned charts come first, in the order in which they were pinned", () => {
  const all = plots(scalars("a/x", "b/y", "a/z"), false);
  const found = parts(all, (key) => ["key2", "key0"].indexOf(key));
  assert.deepEqual(
    found.map(({ kind, group, plots }) => [kind, group, plots.map(({ title }) => title)]),
    [
      ["pinned", "", ["a/z", "a/x"]],
      ["group", "b", ["b/y"]],
    ],
  );
});

test("what is no pattern is said in one sentence", () => {
  assert.equal(troubleOf("loss$|^val"), "");
  assert.match(troubleOf("val("), /^“val\(” is no regular expression: .*\\ before it\.$/);
});
