/** Colours that differ in lightness too, so that they can be told apart in grey: those of the QGIS project. */

export const INK = "#1a1a1a";
export const GREY = "#767676";
export const NEW = "#d7301f";
export const TYPES = ["#fed976", "#e8601c", "#4a1058", "#4eb265", "#f4a7c3", "#882e72"];

/** Minutes one way, from short to long. */
export const RAMP = ["#f1eef6", "#d0d1e6", "#a6bddb", "#74a9cf", "#2b8cbe", "#045a8d"];

/** Where a class of minutes ends; the last has no end. */
export const MINUTES = [5, 10, 15, 20, 30];

export const NOBODY = "#ffffff";

/**
 * Colour of each care type, by their order in the scenario.
 * @param {string[]} careTypes
 * @returns {Map<string, string>}
 */
export const colours = (careTypes) =>
  new Map(careTypes.map((type, index) => [type, TYPES[index % TYPES.length]]));

/**
 * Colour of a district by its mean minutes.
 * @param {number | null | undefined} minutes
 */
export function shade(minutes) {
  if (minutes === null || minutes === undefined) return NOBODY;
  const over = MINUTES.filter((end) => minutes > end).length;
  return RAMP[over];
}

/** The classes of minutes in words, with their colours. */
export function classes() {
  return RAMP.map((colour, index) => {
    const [from, to] = [MINUTES[index - 1], MINUTES[index]];
    if (from === undefined) return { colour, text: `inntil ${to} min` };
    return { colour, text: to === undefined ? `over ${from} min` : `${from}–${to} min` };
  });
}
