/** Where the middle of a distribution lies. */

const LEFT_OUT = 0.1;

/**
 * From where to where all but the outermost tenth at either end lie; nothing without weight.
 * @param {[number, number][]} weighted values and their weights
 * @returns {[number, number] | []}
 */
export function middle(weighted) {
  const sorted = weighted.filter(([, weight]) => weight > 0).sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  if (total === 0) return [];
  let below = 0;
  let first = sorted[0][0];
  for (const [value, weight] of sorted) {
    if (below <= LEFT_OUT * total) first = value;
    below += weight;
    if (below >= (1 - LEFT_OUT) * total) return [first, value];
  }
  return [first, sorted[sorted.length - 1][0]];
}
