import assert from "node:assert/strict";
import { test } from "node:test";

import { at, changedLeaves, difference, pointer, put } from "../page/changes.js";

test("equal documents have no difference", () => {
  assert.equal(difference({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), undefined);
});

test("what is gone is null, and lists are one value", () => {
  assert.deepEqual(difference({ a: 1, b: { c: 1, d: 2 }, e: [1] }, { b: { c: 1, d: 3 }, e: [1, 2] }), {
    a: null, b: { d: 3 }, e: [1, 2],
  });
});

test("put makes the way, and null takes away", () => {
  const tree = { a: { b: 1 } };
  put(tree, ["a", "c", "d"], 2);
  put(tree, ["x", "y"], null);
  put(tree, ["a", "b"], null);
  assert.deepEqual(tree, { a: { c: { d: 2 } } });
  assert.equal(at(tree, ["a", "c", "d"]), 2);
  assert.equal(at(tree, ["a", "nothing", "d"]), undefined);
});

test("a pointer escapes what means something in it", () => {
  assert.equal(pointer(["a/b", "c~d"]), "/a~1b/c~0d");
  assert.equal(pointer([]), "");
});

test("changed leaves name what there was and what there is", () => {
  assert.deepEqual(changedLeaves({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 }, d: { e: 4 } }), [
    { path: ["a", "c"], from: 2, to: 3 },
    { path: ["d", "e"], from: undefined, to: 4 },
  ]);
});
