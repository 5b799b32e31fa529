/** What a planner may look closer at. */

/** @typedef {{kind: "site" | "project" | "district", id: string}} Chosen */

const KINDS = /** @type {const} */ (["site", "project", "district"]);

/**
 * What names it on the page, so that focus can come back to it.
 * @param {Chosen} chosen
 */
export const keyOf = ({ kind, id }) => `${kind}:${id}`;

/**
 * What an address asks for.
 * @param {URLSearchParams} query
 * @returns {Chosen | null}
 */
export function chosenIn(query) {
  for (const kind of KINDS) {
    const id = query.get(kind);
    if (id) return { kind, id };
  }
  return null;
}

/**
 * The same, for an address.
 * @param {Chosen | null} chosen
 * @returns {Record<string, string>}
 */
export const written = (chosen) => (chosen ? { [chosen.kind]: chosen.id } : {});
