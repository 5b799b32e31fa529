/** The map: districts by minutes, sites by places, and who goes where. */

import { AttributionControl, LngLatBounds, Map as MapLibre, Marker, NavigationControl, ScaleControl } from "./vendor/maplibre-gl/maplibre-gl.mjs";

import { keyOf } from "./chosen.js";
import { element } from "./dom.js";
import { placesAt, sumOf } from "./figures.js";
import { count } from "./numbers.js";
import { colours, GREY, INK, shade } from "./palette.js";
import { pie } from "./pie.js";
import { middle } from "./statistics.js";

/** @typedef {import("./figures.js").Scenario} Scenario */
/** @typedef {import("./figures.js").Plan} Plan */
/** @typedef {import("./chosen.js").Chosen} Chosen */
/** @typedef {import("./vendor/maplibre-gl/maplibre-gl.mjs").ExpressionSpecification} Expression */
/** @typedef {import("./vendor/maplibre-gl/maplibre-gl.mjs").GeoJSONSource} GeoJSONSource */

/** @type {import("./vendor/maplibre-gl/maplibre-gl.mjs").RasterSourceSpecification} */
const BASEMAP = {
  type: "raster",
  tiles: ["https://cache.kartverket.no/v1/wmts/1.0.0/topograatone/default/webmercator/{z}/{y}/{x}.png"],
  tileSize: 256,
  maxzoom: 18,
  attribution: "© Kartverket",
};

const DISTRICT_OPACITY = 0.85;
const OPACITY_OVER_BASEMAP = 0.45;
const PADDING = 60;
const CLOSEST = 13;
const ABOVE = 100_000;
/** @type {[number, number, number, number]} */
const NORWAY = [4, 57.9, 31.5, 71.3];
const CONTROLS = {
  "NavigationControl.ZoomIn": "Zoom inn",
  "NavigationControl.ZoomOut": "Zoom ut",
  "AttributionControl.ToggleAttribution": "Vis eller skjul kilder til kartet",
};

/** The plan of a scenario on a map. */
export class PlanMap {
  /**
   * @param {HTMLElement} container
   * @param {Scenario} scenario
   * @param {Plan} plan
   * @param {string} title
   * @param {(chosen: Chosen) => void} onChoose
   */
  constructor(container, scenario, plan, title, onChoose) {
    this.scenario = scenario;
    this.plan = plan;
    this.onChoose = onChoose;
    this.colours = colours(Object.keys(scenario.care_types));
    /** @type {Map<string, HTMLButtonElement>} */
    this.sites = new Map();
    this.view = { year: 0, lines: true, basemap: false };
    /** @type {Chosen | null} */
    this.chosen = null;
    this.map = new MapLibre({
      container,
      style: { version: 8, sources: {}, layers: [{ id: "paper", type: "background", paint: { "background-color": "#eef1f4" } }] },
      bounds: extent(scenario, plan),
      fitBoundsOptions: { padding: PADDING, maxZoom: CLOSEST },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      canvasContextAttributes: { preserveDrawingBuffer: true }, // so that it can be printed
      locale: { ...CONTROLS, "Map.Title": title },
    });
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({}), "bottom-left");
    this.map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.ready = new Promise((resolve) => this.map.once("load", resolve)).then(() => this.#furnish());
  }

  /**
   * Show a year, with or without lines and the background map.
   * @param {{year: number, lines: boolean, basemap: boolean}} view
   */
  async show(view) {
    this.view = view;
    await this.ready;
    if (this.view !== view || this.removed) return;
    this.#showDistricts();
    this.#showJourneys();
    this.#showSites();
    this.#showBasemap();
  }

  /**
   * Point something out.
   * @param {Chosen | null} chosen
   */
  async choose(chosen) {
    this.chosen = chosen;
    await this.ready;
    if (this.removed) return;
    const district = chosen?.kind === "district" ? chosen.id : "";
    this.map.setFilter("chosen", ["==", ["get", "id"], district]);
    const site = chosen?.kind === "project" ? this.scenario.projects?.[chosen.id]?.site : chosen?.id;
    for (const [id, button] of this.sites) {
      button.setAttribute("aria-pressed", String(chosen?.kind !== "district" && id === site));
    }
    this.#showJourneys();
  }

  /** Let go of the drawing surface: a browser has few. */
  remove() {
    this.removed = true;
    this.map.remove();
  }

  #furnish() {
    if (this.removed) return;
    const { map } = this;
    map.addSource("districts", { type: "geojson", data: districts(this.scenario), promoteId: "id" });
    map.addSource("journeys", { type: "geojson", data: collection([]) });
    /** @type {Expression} */
    const colour = ["coalesce", ["feature-state", "colour"], "#ffffff"];
    map.addLayer({
      id: "districts", type: "fill", source: "districts", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": colour, "fill-opacity": DISTRICT_OPACITY },
    });
    map.addLayer({
      id: "borders", type: "line", source: "districts", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "line-color": GREY, "line-width": 0.6 },
    });
    map.addLayer({
      id: "points", type: "circle", source: "districts", filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-color": colour, "circle-radius": 6, "circle-stroke-color": GREY, "circle-stroke-width": 1 },
    });
    map.addLayer({
      id: "journeys", type: "line", source: "journeys", layout: { "line-cap": "round" },
      paint: {
        "line-color": INK,
        "line-opacity": ["case", ["get", "chosen"], 0.9, 0.4],
        "line-width": ["interpolate", ["linear"], ["get", "places"], 0, 0.4, 20, 6],
      },
    });
    map.addLayer({
      id: "chosen", type: "line", source: "districts", filter: ["==", ["get", "id"], ""],
      paint: { "line-color": INK, "line-width": 3 },
    });
    for (const layer of ["districts", "points"]) {
      map.on("click", layer, (/** @type {any} */ event) =>
        this.onChoose({ kind: "district", id: event.features[0].properties.id }),
      );
      map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
      map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
    }
    this.#label();
    for (const [id, site] of Object.entries(this.scenario.sites)) this.#addSite(id, site);
  }

  #label() {
    for (const core of Object.values(this.scenario.cores ?? {})) {
      if (!core.location) continue;
      const name = element("span", { class: core.main ? "core main-core" : "core" }, core.title ?? "");
      new Marker({ element: name, anchor: "top", offset: [0, 14] }).setLngLat(point(core.location)).addTo(this.map);
      name.removeAttribute("aria-label");
      name.removeAttribute("role");
      name.removeAttribute("tabindex");
    }
  }

  /** @param {string} id @param {Scenario["sites"][string]} site */
  #addSite(id, site) {
    if (!site.location) return;
    const button = element("button", {
      type: "button",
      class: "site",
      "data-key": keyOf({ kind: "site", id }),
      "aria-pressed": "false",
      onclick: (/** @type {Event} */ event) => {
        event.stopPropagation();
        this.onChoose({ kind: "site", id });
      },
    });
    new Marker({ element: button }).setLngLat(point(site.location)).addTo(this.map);
    this.sites.set(id, button);
  }

  #showDistricts() {
    for (const id of Object.keys(this.scenario.districts)) {
      const minutes = this.plan.districts[id]?.[this.view.year]?.mean_minutes;
      this.map.setFeatureState({ source: "districts", id }, { colour: shade(minutes) });
    }
  }

  #showJourneys() {
    const lines = this.view.lines
      ? this.plan.allocation.filter(({ year }) => year === this.view.year).map((one) => this.#line(one))
      : [];
    /** @type {GeoJSONSource} */ (this.map.getSource("journeys")).setData(collection(lines.filter((line) => line !== null)));
  }

  /** @param {Plan["allocation"][number]} journey */
  #line({ district, site, places }) {
    const from = this.scenario.districts[district]?.location;
    const to = this.scenario.sites[site]?.location;
    if (!from || !to) return null;
    const chosen =
      (this.chosen?.kind === "district" && this.chosen.id === district) ||
      (this.chosen?.kind === "site" && this.chosen.id === site);
    return {
      type: "Feature",
      properties: { places, chosen },
      geometry: { type: "LineString", coordinates: [from, to] },
    };
  }

  #showSites() {
    for (const [id, button] of this.sites) {
      const places = placesAt(this.scenario, this.plan, id, this.view.year);
      const title = this.scenario.sites[id].title ?? id;
      const added = places.reduce((sum, one) => sum + one.added, 0);
      const name = `${title}: ${count(sumOf(places))} plasser i ${this.view.year}, ${count(added)} av dem nye`;
      button.setAttribute("aria-label", name);
      button.title = name;
      button.replaceChildren(pie(places, this.colours));
      button.style.zIndex = String(ABOVE - sumOf(places)); // the small ones on top
    }
  }

  #showBasemap() {
    const { map, view } = this;
    const there = map.getSource("basemap") !== undefined;
    if (view.basemap && !there) {
      map.addSource("basemap", BASEMAP);
      map.addLayer({ id: "basemap", type: "raster", source: "basemap" }, "districts");
    } else if (!view.basemap && there) {
      map.removeLayer("basemap");
      map.removeSource("basemap");
    }
    map.setPaintProperty("districts", "fill-opacity", view.basemap ? OPACITY_OVER_BASEMAP : DISTRICT_OPACITY);
  }
}

/**
 * Two maps that move together.
 * @param {PlanMap} one
 * @param {PlanMap} other
 */
export function together(one, other) {
  let moving = false;
  for (const [from, to] of [[one.map, other.map], [other.map, one.map]]) {
    from.on("move", () => {
      if (moving) return;
      moving = true;
      to.jumpTo({ center: from.getCenter(), zoom: from.getZoom() });
      moving = false;
    });
  }
}

/** Longitude and latitude. @param {number[]} location */
const point = (location) => /** @type {[number, number]} */ (location);

/** @param {any[]} features @returns {import("geojson").FeatureCollection} */
const collection = (features) => ({ type: "FeatureCollection", features });

/** @param {Scenario} scenario */
const districts = (scenario) =>
  collection(
    Object.entries(scenario.districts)
      .filter(([, { geometry, location }]) => geometry || location)
      .map(([id, { title, geometry, location }]) => ({
        type: "Feature",
        properties: { id, title: title ?? id },
        geometry: geometry ?? { type: "Point", coordinates: location },
      })),
  );

/** Where most people of the target group live. @param {Scenario} scenario @param {Plan} plan */
function extent(scenario, plan) {
  const year = Object.keys(plan.years)[0];
  const homes = Object.entries(scenario.districts)
    .filter(([, { location }]) => location)
    .map(([id, { location }]) => ({ location: point(location ?? []), weight: plan.districts[id]?.[year]?.need ?? 0 }));
  const across = middle(homes.map(({ location, weight }) => [location[0], weight]));
  const upwards = middle(homes.map(({ location, weight }) => [location[1], weight]));
  if (across.length === 0 || upwards.length === 0) return NORWAY;
  return new LngLatBounds([across[0], upwards[0]], [across[1], upwards[1]]);
}
