/** What the map's signs mean. */

import { swatch } from "./charts.js";
import { element } from "./dom.js";
import { classes, NOBODY } from "./palette.js";
import { pie } from "./pie.js";

/**
 * @param {[string, {title: string}][]} careTypes
 * @param {Map<string, string>} colours
 */
export function legend(careTypes, colours) {
  const [first] = careTypes[0];
  return element(
    "div",
    { class: "legend" },
    element("h2", {}, "Tegnforklaring"),
    element(
      "ul",
      {},
      ...careTypes.map(([type, { title }]) => element("li", {}, swatch(colours.get(type) ?? NOBODY), title)),
      element("li", {}, pie([{ type: first, title: "", standing: 10, added: 0 }], colours), "plasser i dag (areal etter antall)"),
      element("li", {}, pie([{ type: first, title: "", standing: 7, added: 3 }], colours), "nye plasser er hevet"),
    ),
    element("h3", {}, "Gjennomsnittlig reisetid fra kretsen"),
    element(
      "ul",
      {},
      ...classes().map(({ colour, text }) => element("li", {}, swatch(colour), text)),
      element("li", {}, swatch(NOBODY), "ingen har fått plass"),
    ),
  );
}
