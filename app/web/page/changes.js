/** What was changed in a document, as a JSON Merge Patch (RFC 7396). */

/** @typedef {Record<string, any>} Tree */

/** @param {unknown} value @returns {value is Tree} */
const isTree = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The patch that makes `before` into `after`; undefined when they are equal.
 * @param {unknown} before
 * @param {unknown} after
 * @returns {unknown}
 */
export function difference(before, after) {
  if (!isTree(before) || !isTree(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? undefined : after;
  }
  /** @type {Tree} */
  const patch = {};
  for (const name of Object.keys(before)) {
    if (!(name in after)) patch[name] = null;
  }
  for (const [name, value] of Object.entries(after)) {
    const change = name in before ? difference(before[name], value) : value;
    if (change !== undefined) patch[name] = change;
  }
  return Object.keys(patch).length ? patch : undefined;
}

/**
 * The value at a path; undefined where there is none.
 * @param {unknown} tree
 * @param {string[]} path
 * @returns {any}
 */
export const at = (tree, path) =>
  path.reduce((/** @type {any} */ found, name) => (isTree(found) ? found[name] : undefined), tree);

/**
 * Put a value at a path, making what is missing on the way; null takes it away.
 * @param {Tree} tree
 * @param {string[]} path
 * @param {unknown} value
 */
export function put(tree, path, value) {
  const [name, ...rest] = path;
  if (rest.length) {
    if (!isTree(tree[name])) {
      if (value === null) return;
      tree[name] = {};
    }
    put(tree[name], rest, value);
  } else if (value === null) {
    delete tree[name];
  } else {
    tree[name] = value;
  }
}

/**
 * A path as a JSON pointer (RFC 6901).
 * @param {string[]} path
 */
export const pointer = (path) =>
  path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/**
 * Every value that is not the same in both, lists as a whole.
 * @param {unknown} before
 * @param {unknown} after
 * @param {string[]} [path]
 * @returns {{path: string[], from: unknown, to: unknown}[]}
 */
export function changedLeaves(before, after, path = []) {
  if (!isTree(before) && !isTree(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, from: before, to: after }];
  }
  const [old, now] = [isTree(before) ? before : {}, isTree(after) ? after : {}];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name) =>
    changedLeaves(old[name], now[name], [...path, name]),
  );
}
