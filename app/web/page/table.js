/** Tables: what a chart or a map shows, for those who would rather read. */

import { element } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * A table that scrolls by itself on narrow screens. The first cell of a row is its heading.
 * @param {string} caption
 * @param {string[]} columns
 * @param {(Child | Child[])[][]} rows
 */
export function table(caption, columns, rows) {
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...rest]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, ...[first].flat()),
      ...rest.map((cell) => element("td", {}, ...[cell].flat())),
    ),
  );
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, head),
      element("tbody", {}, ...body),
    ),
  );
}

/**
 * The same, folded away until somebody asks for it.
 * @param {string} caption
 * @param {string[]} columns
 * @param {(Child | Child[])[][]} rows
 */
export const foldedTable = (caption, columns, rows) =>
  element("details", {}, element("summary", {}, `Tabell: ${caption}`), table(caption, columns, rows));
