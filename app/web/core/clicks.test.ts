// The click that a row's button makes, and rows that appear.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clickOf } from "./clicks.ts";

const CANCEL = '{"job":3,"type":"jobs-cancel"}.n_clicks';

test("a click names its button, its row and how often it was clicked", () => {
  assert.deepEqual(clickOf([{ prop_id: CANCEL, value: 2 }], 7), {
    clicked: CANCEL,
    id: { job: 3, type: "jobs-cancel" },
    value: 2,
    time: 7,
  });
});

test("keys of rows may hold dots", () => {
  const id = '{"key":"loss-jump@10.5::","type":"findings-mute"}';
  assert.equal(clickOf([{ prop_id: `${id}.n_clicks`, value: 1 }], 0)?.clicked, `${id}.n_clicks`);
});

test("rows that appear click nothing", () => {
  assert.equal(clickOf([], 0), null);
  assert.equal(clickOf([{ prop_id: CANCEL, value: undefined }], 0), null);
  assert.equal(clickOf([{ prop_id: CANCEL, value: null }], 0), null);
});

test("a click counts beside rows that appear with it", () => {
  const appeared = { prop_id: '{"job":9,"type":"jobs-cancel"}.n_clicks', value: undefined };
  assert.equal(clickOf([appeared, { prop_id: CANCEL, value: 1 }], 0)?.clicked, CANCEL);
});

test("a field is touched where it comes alone; several have appeared", () => {
  const role = (account: number) => ({
    prop_id: `{"account":${account},"type":"people-row-role"}.value`,
    value: "member",
  });
  assert.deepEqual(clickOf([role(3)], 0)?.id, { account: 3, type: "people-row-role" });
  assert.equal(clickOf([role(3), role(4)], 0), null);
});
