/** The map's place on the page: what stands there when a browser cannot draw it. */

import { element, freshId } from "./dom.js";
import { placesAt, sumOf } from "./figures.js";
import { PlanMap } from "./map.js";
import { count } from "./numbers.js";

/** @typedef {import("./chosen.js").Chosen} Chosen */

/**
 * @param {import("./map.js").Scenario} scenario
 * @param {import("./map.js").Plan} plan
 * @param {string} title
 * @param {(chosen: Chosen) => void} onChoose
 * @param {AbortSignal} signal takes the map down
 */
export function theMap(scenario, plan, title, onChoose, signal) {
  const text = freshId("map");
  const canvas = element("div", { class: "map" });
  const description = element("p", { id: text, class: "map-text" });
  const whole = element("div", { class: "map-frame", role: "group", "aria-label": title, "aria-describedby": text }, canvas, description);
  const map = drawn(canvas, scenario, plan, title, onChoose);
  if (map === null) {
    canvas.append(element("p", { class: "note" }, "Nettleseren kan ikke tegne kartet (WebGL mangler). Listene under har de samme opplysningene."));
  }
  signal.addEventListener("abort", () => map?.remove());
  return {
    element: whole,
    map,
    /** @param {{year: number, lines: boolean, basemap: boolean}} view */
    show(view) {
      description.textContent = inWords(scenario, plan, view.year);
      map?.show(view);
    },
    /** @param {Chosen | null} chosen */
    choose(chosen) {
      map?.choose(chosen);
    },
  };
}

/**
 * @param {HTMLElement} canvas
 * @param {import("./map.js").Scenario} scenario
 * @param {import("./map.js").Plan} plan
 * @param {string} title
 * @param {(chosen: Chosen) => void} onChoose
 */
function drawn(canvas, scenario, plan, title, onChoose) {
  try {
    return new PlanMap(canvas, scenario, plan, title, onChoose);
  } catch (error) {
    console.warn(error);
    return null;
  }
}

/** What the map shows, in words. @param {import("./map.js").Scenario} scenario @param {import("./map.js").Plan} plan @param {number} year */
function inWords(scenario, plan, year) {
  const sites = Object.entries(scenario.sites)
    .map(([id, { title }]) => ({ title: title ?? id, places: sumOf(placesAt(scenario, plan, id, year)) }))
    .filter(({ places }) => places > 0)
    .sort((a, b) => b.places - a.places);
  const told = sites.slice(0, 12).map(({ title, places }) => `${title} ${count(places)}`);
  const more = sites.length > told.length ? `, og ${count(sites.length - told.length)} lokasjoner til` : "";
  return `Plasser i ${year}: ${told.join(", ")}${more}.`;
}
