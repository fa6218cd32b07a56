// The ticks of a scale: round values, and at least a few where there is room.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { numbers } from "../base/numbers.ts";
import { roundTicks, ticksInRoom } from "./ticks.ts";

const textsOf = (low: number, high: number, room: number, apart = 96): string[] =>
  ticksInRoom(room, apart, (count) =>
    roundTicks(low, high, count, { whole: true }).map((value) => ({ text: numbers.short(value) })),
  ).map(({ text }) => text);

describe("the ticks of a scale", () => {
  test("are about as far apart as asked for", () => {
    assert.deepEqual(
      textsOf(0, 1000, 960),
      "0 100 200 300 400 500 600 700 800 900 1,000".split(" "),
    );
    assert.deepEqual(textsOf(0, 1000, 480), "0 200 400 600 800 1,000".split(" "));
  });

  test("are closer where there would be but one or two", () => {
    // The plot of a window of 390 pixels: 200 alone.
    assert.deepEqual(textsOf(10, 240, 234), ["50", "100", "150", "200"]);
    assert.deepEqual(textsOf(10, 240, 300), ["50", "100", "150", "200"]);
  });

  test("leave room for their texts", () => {
    // Three of them would touch.
    assert.deepEqual(textsOf(1_120_000, 1_480_000, 150), ["1.2M", "1.4M"]);
    assert.deepEqual(textsOf(10, 240, 60), ["200"]);
  });

  for (const width of [320, 360, 390, 412, 600, 768, 1024, 1280])
    test(`are two or more on a page of ${width} pixels, for runs of any length`, () => {
      const room = width - 24 - 132; // the page's padding, and the gutters of a narrow chart
      for (const last of [12, 99, 240, 390, 999, 4_000, 61_000, 1_344_000])
        assert.ok(textsOf(last / 24, last, room).length >= 2, `${last} in ${room}`);
    });

  test("are none of nothing", () => {
    assert.deepEqual(
      ticksInRoom(200, 96, () => []),
      [],
    );
  });
});
