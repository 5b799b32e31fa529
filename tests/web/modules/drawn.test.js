import assert from "node:assert/strict";
import { test } from "node:test";

import { ticksBetween } from "../page/charts.js";
import { classes, colours, NOBODY, RAMP, shade, TYPES } from "../page/palette.js";
import { radius, sectors } from "../page/pie.js";
import { middle } from "../page/statistics.js";

test("ticks are round and span the range", () => {
  assert.deepEqual(ticksBetween(0, 308), [0, 100, 200, 300, 400]);
  for (const [low, high] of [[0, 0.17], [-3, 12], [4144.9, 4151.8], [0, 1e9], [5, 5]]) {
    const ticks = ticksBetween(low, high);
    assert.ok(ticks[0] <= low && ticks[ticks.length - 1] >= high - 1e-9 * Math.abs(high), `${low}–${high}: ${ticks}`);
    assert.ok(ticks.length >= 2 && ticks.length <= 7, `${low}–${high}: ${ticks}`);
  }
});

test("sectors fill the circle in their order", () => {
  const found = sectors([
    { type: "hdo", title: "", standing: 6, added: 2 },
    { type: "care_home", title: "", standing: 8, added: 0 },
  ]);
  assert.deepEqual(found, [
    { type: "hdo", from: 0, to: 0.375, added: false },
    { type: "hdo", from: 0.375, to: 0.5, added: true },
    { type: "care_home", from: 0.5, to: 1, added: false },
  ]);
  assert.deepEqual(sectors([]), []);
});

test("area tells the places", () => {
  assert.ok(Math.abs(radius(80) / radius(20) - 2) < 1e-9);
});

test("minutes have a colour each class, from its start to its end", () => {
  assert.equal(shade(0), RAMP[0]);
  assert.equal(shade(5), RAMP[0]);
  assert.equal(shade(5.1), RAMP[1]);
  assert.equal(shade(300), RAMP[5]);
  assert.equal(shade(null), NOBODY);
  assert.equal(classes().length, RAMP.length);
  assert.equal(classes()[5].text, "over 30 min");
});

test("more care types than colours begin anew", () => {
  const seven = ["a", "b", "c", "d", "e", "f", "g"];
  assert.equal(colours(seven).get("g"), TYPES[0]);
});

test("the middle leaves out a tenth at either end", () => {
  const weighted = Array.from({ length: 11 }, (_, index) => /** @type {[number, number]} */ ([index, 1]));
  assert.deepEqual(middle(weighted), [1, 9]);
  assert.deepEqual(middle([[3, 0]]), []);
  assert.deepEqual(middle([[3, 2]]), [3, 3]);
});
