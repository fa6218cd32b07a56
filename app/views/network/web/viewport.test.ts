// What is in sight of the drawing: fitted, zoomed about a point, moved, kept in sight.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Viewport } from "./viewport.ts";

const near = (found: number, wanted: number) => assert.ok(Math.abs(found - wanted) < 1e-6);

test("what nobody has moved fits the canvas, whatever its size", () => {
  const view = new Viewport(2000, 1000);
  view.resize(1028, 528);
  near(view.scale, 0.5);
  near(view.x(0), 14);
  near(view.y(1000), 514);
  view.resize(528, 528);
  near(view.scale, 0.25);
  new Viewport(100, 100).resize(900, 900); // no larger than it is
});

test("zooming keeps the point under the pointer, and ends at the whole", () => {
  const view = new Viewport(2000, 1000);
  view.resize(1028, 528);
  const before = view.at(300, 200);
  view.zoom(2, 300, 200);
  near(view.scale, 1);
  near(view.at(300, 200)[0], before[0]);
  near(view.at(300, 200)[1], before[1]);
  assert.equal(view.own, true);
  view.zoom(1e-6);
  assert.equal(view.own, false);
  near(view.scale, 0.5);
  view.zoom(1e6);
  near(view.scale, 2.5);
});

test("moving keeps some of the drawing in sight", () => {
  const view = new Viewport(2000, 1000);
  view.resize(1028, 528);
  view.zoom(2);
  view.pan(-1e6, 1e6);
  near(view.at(514, 264)[0], 2000);
  near(view.at(514, 264)[1], 0);
});

test("a node out of sight comes into the middle, one in sight stays", () => {
  const view = new Viewport(2000, 1000);
  view.resize(1028, 528);
  view.zoom(4, 0, 0);
  const box = { left: 1800, top: 900, width: 100, height: 20 };
  view.reveal(box);
  near(view.x(1850), 514);
  const { left } = view;
  view.reveal(box);
  near(view.left, left);
});

test("another drawing comes in place of one, and a part of it stays where it was", () => {
  const view = new Viewport(2000, 1000);
  view.resize(1028, 528);
  view.zoom(2);
  view.replace(4000, 3000);
  view.put({ left: 1900, top: 1500, width: 100, height: 20 }, 300, 200);
  near(view.x(1950), 300);
  near(view.y(1510), 200);
  view.fit();
  near(view.scale, 500 / 3000);
});
