import assert from "node:assert/strict";
import { test } from "node:test";

import { add } from "../page/course.js";

test("of what does not change the first and the last are kept, in order of time", () => {
  /** @type {import("../page/course.js").Standing[]} */
  const course = [];
  const told = [[1, null, 5], [2, 9, 5], [3, 9, 5], [4, 9, 5], [6, 8, 5], [5, 9, 5]];
  for (const [seconds, incumbent_nok, bound_nok] of told) {
    add(course, { seconds: Number(seconds), incumbent_nok, bound_nok, gap: null });
  }
  assert.deepEqual(course.map(({ seconds }) => seconds), [1, 2, 4, 5, 6]);
});
