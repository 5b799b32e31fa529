import assert from "node:assert/strict";
import { test } from "node:test";

import { count, decimal, duration, millions, percent, read, signed } from "../page/numbers.js";

/** Spaces of every kind as one. @param {string} text */
const plain = (text) => text.replace(/\s/g, " ");

test("numbers are written as Norwegians write them", () => {
  assert.equal(plain(count(14000.4)), "14 000");
  assert.equal(decimal(3.25), "3,3");
  assert.equal(plain(percent(0.1275)), "12,75 %");
  assert.equal(plain(millions(2_425_000_000)), "2 425 mill. kr");
  assert.equal(duration(59.96), "60 s");
  assert.equal(duration(125), "2 min 5 s");
});

test("nothing is a dash, and minus nought is nought", () => {
  for (const none of [null, undefined, NaN]) assert.equal(count(none), "–");
  assert.equal(decimal(-0.01), "0");
  assert.equal(plain(millions(-1)), "0 mill. kr");
  assert.equal(decimal(-0.5), "−0,5");
});

test("a difference has its sign", () => {
  assert.equal(signed(3, count), "+3");
  assert.equal(signed(-3, count), "−3");
  assert.equal(signed(0, count), "0");
});

test("what a person wrote is read with comma or point", () => {
  assert.equal(read(" 1 234,5 "), 1234.5);
  assert.equal(read("0.16"), 0.16);
  assert.equal(read("−3"), -3);
  assert.equal(read(" "), null);
  assert.ok(Number.isNaN(read("mye")));
});
