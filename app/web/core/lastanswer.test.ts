import assert from "node:assert/strict";
import { test } from "node:test";
import { LastAnswer } from "./lastanswer.ts";
import { packed } from "./testanswer.ts";

/** Let every address be answered when the test says so. */
function served(): Map<string, (answer: Response) => void> {
  const waiting = new Map<string, (answer: Response) => void>();
  globalThis.fetch = (address) =>
    new Promise((resolve) => waiting.set(String(address), resolve as (answer: Response) => void));
  return waiting;
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

function asker() {
  const told: string[] = [];
  return {
    told,
    invalidate: () => void told.push("drawn"),
    failed: (error: unknown) => void told.push((error as Error).message),
  };
}

test("the last question counts, whatever is answered first", async () => {
  const waiting = served();
  const chart = asker();
  const last = new LastAnswer<{ arrays: object; meta: { at: number } }>(chart);
  const came: number[] = [];
  for (const at of [1, 2]) last.ask(`/one?at=${at}`, ({ meta }) => void came.push(meta.at));
  last.ask("/one?at=2", () => assert.fail("it was asked for already"));
  assert.equal(last.waiting, true);
  waiting.get("/one?at=2")?.(new Response(packed({ at: 2 })));
  await settled();
  waiting.get("/one?at=1")?.(new Response(packed({ at: 1 })));
  await settled();
  assert.deepEqual(came, [2]);
  assert.equal(last.value?.meta.at, 2);
  assert.equal(last.waiting, false);
  assert.deepEqual(chart.told, ["drawn"]);
});

test("what failed is said, and can be asked for again; an old failure is nobody's concern", async () => {
  const waiting = served();
  const chart = asker();
  const last = new LastAnswer(chart);
  const refusal = () => new Response(JSON.stringify({ error: "not there" }), { status: 404 });
  last.ask("/two?at=1");
  last.ask("/two?at=2");
  waiting.get("/two?at=1")?.(refusal());
  await settled();
  assert.deepEqual(chart.told, []);
  waiting.get("/two?at=2")?.(refusal());
  await settled();
  assert.deepEqual(chart.told, ["not there"]);
  assert.deepEqual([last.asked, last.waiting], ["", false]);
  last.ask("/two?at=2");
  waiting.get("/two?at=2")?.(new Response(packed({})));
  await settled();
  assert.deepEqual(chart.told, ["not there", "drawn"]);
});

test("what was given up does not come", async () => {
  const waiting = served();
  const chart = asker();
  const last = new LastAnswer(chart);
  last.ask("/three");
  last.forget();
  waiting.get("/three")?.(new Response(packed({})));
  await settled();
  assert.deepEqual(chart.told, []);
  assert.equal(last.value, null);
});

test("from within a drawing what has come is there at once, and asks for no other drawing", async () => {
  const waiting = served();
  const chart = asker();
  const before = new LastAnswer<{ meta: object }>(chart);
  before.askNow("/ahead");
  assert.ok(before.waiting && before.value === null);
  waiting.get("/ahead")!(new Response(packed({ at: 7 })));
  await settled();
  assert.deepEqual(chart.told, ["drawn"]);
  const last = new LastAnswer<{ meta: object }>(chart);
  last.askNow("/ahead");
  assert.ok(!last.waiting);
  assert.deepEqual(last.value?.meta, { at: 7 });
  assert.deepEqual(chart.told, ["drawn"]);
});
