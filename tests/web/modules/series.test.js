import assert from "node:assert/strict";
import { test } from "node:test";

import { linear, points, step } from "../page/series.js";

const NEED = { 2030: 331, 2026: 271, 2028: null };

test("points are in order and leave out what is none", () => {
  assert.deepEqual(points(NEED), [[2026, 271], [2030, 331]]);
  assert.deepEqual(points(7), []);
  assert.deepEqual(points(null), []);
});

test("a step holds from its year on", () => {
  assert.equal(step(NEED, 2025), null);
  assert.equal(step(NEED, 2029), 271);
  assert.equal(step(NEED, 2040), 331);
  assert.equal(step(12, 1999), 12);
});

test("a line lies between the years and goes flat beyond them", () => {
  assert.equal(linear(NEED, 2020), 271);
  assert.equal(linear(NEED, 2028), 301);
  assert.equal(linear(NEED, 2040), 331);
  assert.equal(linear({}, 2040), null);
});
