// Names are cut so that those which differ do so still.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutName, cutNames, differsAt } from "./names.ts";

for (const [names, expected] of [
  [[], []],
  [["one"], [0]],
  [
    ["layer1.conv", "layer2.conv", "fc"],
    [5, 5, 0],
  ],
  [
    ["a", "ab", "abc"],
    [1, 2, 2],
  ],
  [
    ["same", "same"],
    [0, 0],
  ],
  [
    ["same", "same", "samt"],
    [3, 3, 3],
  ],
] as const) {
  test(`${names.join()} differ at ${expected.join()}`, () => {
    assert.deepEqual([...differsAt([...names])], expected);
  });
}

for (const [name, most, differs, expected] of [
  ["short", 9, 3, "short"],
  ["synthetic class 0165", 8, 0, "synt…0165"],
  ["synthetic class 0165", 8, 18, "synt…0165"],
  ["stage3.block2.conv1.weight", 9, 12, "sta…k2.con…"],
  ["stage3.block2.conv1", 9, 12, "sta…k2.con…"],
  ["stage3.block2.conv", 12, 7, "stag….block2.…"],
  ["ab", 1, 0, "a…"],
  ["👩‍🚀👨‍🚀 and others", 4, 0, "👩‍…rs"],
] as const) {
  test(`${name} in ${most} letters is ${expected}`, () => {
    assert.equal(cutName(name, most, differs), expected);
  });
}

test("names that differ are cut to names that differ", () => {
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  const word = (length: number, letters: string) =>
    Array.from({ length }, () => letters[next(letters.length)]).join("");
  for (let trial = 0; trial < 200; trial++) {
    const head = word(next(20), "abc.");
    const tail = word(next(20), "xyz");
    const names = Array.from({ length: 1 + next(40) }, () => head + word(1 + next(4), "12") + tail);
    const cut = cutNames(names, 3 + next(12));
    names.forEach((name, at) => {
      names.forEach((other, place) => {
        assert.equal(cut[at] === cut[place], name === other, `${name} and ${other}`);
      });
    });
  }
});
