/** Figures that stand for years: `{"2026": 271, "2030": 331}`, or one number for all. */

/** @typedef {number | null | undefined | Record<string, number | null>} Series */

/**
 * Years and values in order; none of a number that stands for all years.
 * @param {Series} series
 * @returns {[number, number][]}
 */
export function points(series) {
  if (series === null || series === undefined || typeof series === "number") return [];
  return Object.entries(series)
    .filter(([, value]) => value !== null)
    .map(([year, value]) => /** @type {[number, number]} */ ([Number(year), value]))
    .sort(([a], [b]) => a - b);
}

/**
 * The value that holds from the latest year on; null before the first.
 * @param {Series} series
 * @param {number} year
 * @returns {number | null}
 */
export function step(series, year) {
  if (typeof series === "number") return series;
  const before = points(series).filter(([from]) => from <= year);
  return before.length ? before[before.length - 1][1] : null;
}

/**
 * The value on the line between the years that are given; beyond them the nearest.
 * @param {Series} series
 * @param {number} year
 * @returns {number | null}
 */
export function linear(series, year) {
  if (typeof series === "number") return series;
  const known = points(series);
  if (!known.length) return null;
  const after = known.findIndex(([at]) => at >= year);
  if (after === -1) return known[known.length - 1][1];
  if (after === 0 || known[after][0] === year) return known[after][1];
  const [[y0, v0], [y1, v1]] = [known[after - 1], known[after]];
  return v0 + ((v1 - v0) * (year - y0)) / (y1 - y0);
}
