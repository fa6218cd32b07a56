// The rows of a cell's filters: all that an answer holds of each, in every order.

import "#app/web/testpage.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FiltersAnswer, MOST, rowsOf, type Sort, sorted } from "./filterrows.ts";
import { sortedBy } from "./filtertable.ts";
import { random } from "./testgrid.ts";

/** Return an answer of `count` filters, the most telling ones first. */
function answerOf(count: number): FiltersAnswer {
  const next = random(count);
  const some = (most: number) =>
    Int32Array.from({ length: count }, () => Math.floor(next() * most));
  return {
    arrays: {
      iteration: Int32Array.of(100, 300),
      filter: Int32Array.from({ length: count }, (_, at) => (at * 7) % count),
      times: some(3),
      base: some(9),
      rank: some(5),
      q: Float32Array.from({ length: count }, () => next()).sort(),
    },
    meta: { total: count, chosen: 2, population: 9 },
  };
}

test("a row has what the answer says of its filter", () => {
  const answer = answerOf(5);
  rowsOf(answer).forEach((row, at) => {
    const { filter, times, base, rank, q } = answer.arrays;
    assert.deepEqual(row, {
      filter: filter[at],
      times: times[at],
      base: base[at],
      rank: rank[at],
      p: q[at],
    });
  });
});

for (const key of ["filter", "times", "base", "rank", "p"] as const) {
  for (const down of [false, true]) {
    test(`rows lie by ${key}, ${down ? "falling" : "rising"}; among equal ones the most frequent first`, () => {
      const rows = rowsOf(answerOf(MOST + 11)); // 71, so that all filters differ
      const order = sorted(rows, { key, down });
      assert.deepEqual(new Set(order), new Set(rows.slice(0, MOST)));
      order.slice(1).forEach((row, at) => {
        const [before, sign] = [order[at], down ? -1 : 1];
        const signs = [
          (row[key] - before[key]) * sign,
          before.times - row.times,
          row.rank - before.rank,
        ];
        assert.ok((signs.find((one) => one !== 0) ?? 0) >= 0, String(signs));
      });
    });
  }
}

test("a head sorts as its column is read first, and again turns it round", () => {
  const byChance: Sort = { key: "p", down: false };
  assert.deepEqual(sortedBy(byChance, "times"), { key: "times", down: true });
  assert.deepEqual(sortedBy(byChance, "rank"), { key: "rank", down: false });
  assert.deepEqual(sortedBy(byChance, "p"), { key: "p", down: true });
  assert.deepEqual(sortedBy({ key: "p", down: true }, "p"), byChance);
  for (const name of [undefined, "", "name"]) assert.equal(sortedBy(byChance, name), null);
});
