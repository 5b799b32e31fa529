/** A site as a circle whose area tells its places: a sector for each care type, new places raised. */

import { drawing } from "./dom.js";
import { INK } from "./palette.js";

const RAISED = 1.28;
const PIXELS_PER_ROOT = 3.2;
const SMALLEST = 7;

/** @typedef {import("./figures.js").PlacesOfType} PlacesOfType */

/** Radius in pixels of so many places. @param {number} places */
export const radius = (places) => Math.max(SMALLEST, PIXELS_PER_ROOT * Math.sqrt(places));

/**
 * Sectors of a circle in the order they are drawn, as shares of the whole turn.
 * @param {PlacesOfType[]} places
 * @returns {{type: string, from: number, to: number, added: boolean}[]}
 */
export function sectors(places) {
  const total = places.reduce((sum, { standing, added }) => sum + standing + added, 0);
  let at = 0;
  return places
    .flatMap(({ type, standing, added }) => [
      { type, value: standing, added: false },
      { type, value: added, added: true },
    ])
    .filter(({ value }) => value > 0)
    .map(({ type, value, added }) => {
      const from = at;
      at += value / total;
      return { type, from, to: at, added };
    });
}

/**
 * @param {PlacesOfType[]} places
 * @param {Map<string, string>} colours
 */
export function pie(places, colours) {
  const total = places.reduce((sum, { standing, added }) => sum + standing + added, 0);
  const r = radius(total);
  const half = Math.ceil(r * RAISED) + 2;
  return drawing(
    "svg",
    { viewBox: `${-half} ${-half} ${2 * half} ${2 * half}`, width: 2 * half, height: 2 * half, "aria-hidden": "true" },
    total === 0 && drawing("circle", { r: SMALLEST - 2, fill: "#fff", stroke: INK, "stroke-dasharray": "2 2" }),
    sectors(places).flatMap(({ type, from, to, added }) => {
      const fill = colours.get(type);
      const flat = sector(from, to, r, { fill, stroke: INK, "stroke-width": 0.8 });
      return added ? [sector(from, to, r * RAISED, { fill, stroke: INK, "stroke-width": 2 }), flat] : [flat];
    }),
  );
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} r
 * @param {Record<string, unknown>} look
 */
function sector(from, to, r, look) {
  if (to - from > 0.9999) return drawing("circle", { r, ...look });
  /** @param {number} share */
  const at = (share) => {
    const angle = 2 * Math.PI * share;
    return `${(r * Math.sin(angle)).toFixed(2)} ${(-r * Math.cos(angle)).toFixed(2)}`;
  };
  const large = to - from > 0.5 ? 1 : 0;
  return drawing("path", { d: `M0 0L${at(from)}A${r} ${r} 0 ${large} 1 ${at(to)}Z`, ...look });
}
