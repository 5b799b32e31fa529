/** The address of a view: `#/plan?run=…&year=2031`. */

const START = "plan";

/** What is asked for now. */
export function address() {
  const [path, query] = window.location.hash.replace(/^#\/?/, "").split("?");
  return { name: path || START, query: new URLSearchParams(query ?? "") };
}

/**
 * An address of a view.
 * @param {string} name
 * @param {Record<string, string | number | string[]>} [query]
 */
export function href(name, query = {}) {
  const written = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of [value].flat()) written.append(key, String(one));
  }
  const text = written.toString();
  return `#/${name}${text ? `?${text}` : ""}`;
}

/**
 * Go to a view.
 * @param {string} name
 * @param {Record<string, string | number | string[]>} [query]
 */
export function go(name, query = {}) {
  window.location.hash = href(name, query);
}

/**
 * Note in the address what a view shows, without showing it anew.
 * @param {string} name
 * @param {Record<string, string | number | string[]>} query
 */
export function note(name, query) {
  window.history.replaceState(null, "", href(name, query));
}
