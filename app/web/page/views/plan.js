/** The plan of a run: the map, the years, the charts, and what is chosen. */

import { answered, download, hasPlan, post, runs, scenarios } from "../api.js";
import { choice, scenarioChoices } from "../choices.js";
import { chosenIn, written } from "../chosen.js";
import { details, opening, toDistrict, toProject, toSite } from "../details.js";
import { element, keyed, options, redraw } from "../dom.js";
import { placesAt, sizeIn, sumOf, yearsOf } from "../figures.js";
import { legend } from "../legend.js";
import { tell } from "../messages.js";
import { count, decimal, minutes, moment, percent } from "../numbers.js";
import { colours } from "../palette.js";
import { planCharts } from "../plan_charts.js";
import { player } from "../player.js";
import { go, href, note } from "../route.js";
import { table } from "../table.js";
import { theMap } from "../the_map.js";
import { explainer } from "../why.js";
import { OUTCOME, STATUS, word } from "../words.js";
import { yearFigures } from "../year_figures.js";

/** @typedef {import("../live.js").Run} Run */
/** @typedef {import("../chosen.js").Chosen} Chosen */

export const title = "Plan";
const MOST_DISTRICTS = 300;

/**
 * @param {HTMLElement} place
 * @param {URLSearchParams} query `run`, or `scenario`; `year`
 * @param {AbortSignal} signal
 */
export async function show(place, query, signal) {
  const [known, all] = await Promise.all([scenarios(), runs()]);
  const solved = all.filter(hasPlan);
  const run = solved.find(({ id }) => id === query.get("run")) ?? newest(solved, query.get("scenario"));
  const scenario = run?.scenario_id ?? query.get("scenario") ?? known[0]?.id ?? "";
  place.append(choices(known, solved, scenario, run));
  if (!run) {
    place.append(notSolved(scenario, all.find((one) => one.kind === "solve" && one.scenario_id === scenario)));
    return;
  }
  const { scenario: document, plan } = await answered(run.id);
  if (!signal.aborted) showPlan(place, { run, scenario: document, plan }, query, signal);
}

/** @param {Run[]} solved @param {string | null} scenario */
const newest = (solved, scenario) =>
  solved.find(({ scenario_id }) => scenario === null || scenario_id === scenario);

/**
 * @param {import("../choices.js").ScenarioSummary[]} known
 * @param {Run[]} solved
 * @param {string} scenario
 * @param {Run | undefined} run
 */
function choices(known, solved, scenario, run) {
  const stored = known.some(({ id }) => id === scenario);
  const own = solved.filter(({ scenario_id }) => scenario_id === (run ? run.scenario_id : scenario));
  return element(
    "div",
    { class: "choice" },
    ...choice("Scenario", "scenario", [
      ...(stored ? [] : options([[scenario, "Ikke lagret scenario"]], scenario)),
      ...scenarioChoices(known, scenario),
    ], (id) => go("plan", { scenario: id })),
    ...choice(
      "Kjøring",
      "run",
      options(own.map((one) => [one.id, `${moment(one.created)}, avstand ${percent(one.progress.gap)}`]), run?.id ?? ""),
      (id) => go("plan", { run: id }),
    ),
    stored && element("button", { type: "button", onclick: () => start(scenario) }, "Regn ut på nytt"),
    stored && element("a", { class: "button", href: href("scenario", { fra: scenario }) }, "Endre i et nytt scenario"),
    run && element("a", { class: "button", href: href("sammenlign", { run: run.id }) }, "Sammenlign med en annen plan"),
  );
}

/** @param {string} scenario @param {Run | undefined} latest run of it, without a plan */
const notSolved = (scenario, latest) =>
  element(
    "div",
    { class: "empty-view" },
    latest
      ? element("p", {}, `Siste kjøring av dette scenariet: ${word(latest.outcome ? OUTCOME : STATUS, latest.outcome ?? latest.status).toLowerCase()}. `, element("a", { href: href("kjoringer", { run: latest.id }) }, "Se kjøringen"))
      : element("p", {}, "Dette scenariet er ikke regnet ut ennå."),
    element("button", { type: "button", class: "main", onclick: () => start(scenario) }, "Regn ut planen"),
  );

/** @param {string} scenario */
async function start(scenario) {
  try {
    const run = await post("/v1/runs", { scenario });
    go("kjoringer", { run: run.id });
  } catch (error) {
    tell(error);
  }
}

/**
 * @param {HTMLElement} place
 * @param {{run: Run, scenario: import("../map.js").Scenario, plan: import("../map.js").Plan}} answer
 * @param {URLSearchParams} query
 * @param {AbortSignal} signal
 */
function showPlan(place, { run, scenario, plan }, query, signal) {
  const years = yearsOf(plan);
  const asked = Number(query.get("year"));
  const view = { year: years.includes(asked) ? asked : years[0], lines: true, basemap: false };
  /** @type {Chosen | null} */
  let chosen = chosenIn(query);
  /** @type {string | null} */
  let chosenFrom = null;

  const figuresPlace = element("section", { "aria-label": "Nøkkeltall" });
  const chartsPlace = element("section", { class: "charts", "aria-label": "Diagrammer" });
  const listsPlace = element("section", { class: "lists", "aria-label": "Lister" });
  const detailsPlace = element("section", { class: "details", "aria-label": "Valgt i kartet", tabindex: -1, onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close() });
  const why = explainer({ scenario, run }, signal);
  const closeButton = element("button", { type: "button", onclick: close }, "Tilbake (Esc)");
  const mapPlace = theMap(scenario, plan, "Kart over planen", choose, signal);

  function update() {
    mapPlace.show({ ...view });
    redraw(figuresPlace, ...yearFigures(scenario, plan, view.year));
    redraw(chartsPlace, ...planCharts(scenario, plan, years.indexOf(view.year)));
    redraw(listsPlace, ...lists(scenario, plan, view.year, choose));
    showDetails();
  }

  function showDetails() {
    note("plan", { run: run.id, year: view.year, ...written(chosen) });
    mapPlace.choose(chosen);
    const shown = details({ scenario, plan, year: view.year, choose, why }, chosen);
    redraw(detailsPlace, ...(chosen ? [closeButton] : []), ...shown);
  }

  /** @param {Chosen} next */
  function choose(next) {
    if (!detailsPlace.contains(document.activeElement)) {
      chosenFrom = document.activeElement?.getAttribute("data-key") ?? null;
    }
    chosen = next;
    showDetails();
    detailsPlace.focus();
  }

  /** Focus goes back to where the choice was made. */
  function close() {
    chosen = null;
    showDetails();
    (keyed(listsPlace, chosenFrom) ?? keyed(mapPlace.element, chosenFrom) ?? detailsPlace).focus();
  }

  place.append(
    element(
      "div",
      { class: "bar" },
      player(years, view.year, (year) => { view.year = year; update(); }),
      toggle("Hvem går hvor", view.lines, (on) => { view.lines = on; update(); }),
      toggle("Bakgrunnskart fra Kartverket", view.basemap, (on) => { view.basemap = on; update(); }),
    ),
    element(
      "div",
      { class: "stage" },
      element("div", { class: "map-column" }, mapPlace.element, legend(Object.entries(scenario.care_types), colours(Object.keys(scenario.care_types)))),
      element("div", { class: "side" }, figuresPlace, detailsPlace),
    ),
    chartsPlace,
    listsPlace,
    downloads(run),
  );
  update();
}

/** @param {string} text @param {boolean} on @param {(on: boolean) => void} onChange */
function toggle(text, on, onChange) {
  const box = element("input", { type: "checkbox", checked: on, onchange: () => onChange(box.checked) });
  return element("label", { class: "toggle" }, box, text);
}

/**
 * The map's contents for those who read: projects, sites and districts.
 * @param {import("../map.js").Scenario} scenario
 * @param {import("../map.js").Plan} plan
 * @param {number} year
 * @param {(chosen: Chosen) => void} choose
 */
function lists(scenario, plan, year, choose) {
  const projects = Object.entries(scenario.projects ?? {}).sort(
    ([a], [b]) => (plan.projects[a]?.opens ?? Infinity) - (plan.projects[b]?.opens ?? Infinity) || a.localeCompare(b),
  );
  const districts = Object.entries(scenario.districts).sort(
    ([a], [b]) => (plan.districts[b]?.[year]?.need ?? 0) - (plan.districts[a]?.[year]?.need ?? 0),
  );
  return [
    folded("Prosjekter", true, table(
      "Prosjekter, de som åpner først",
      ["Prosjekt", "I planen", `Plasser i ${year}`],
      projects.map(([id, one]) => [
        toProject(choose, id, one.title),
        plan.projects[id] ? opening(plan.projects[id]) : "åpner ikke",
        count(sizeIn(plan.projects[id], year)),
      ]),
    )),
    folded("Lokasjoner", false, table(
      `Plasser på lokasjonene i ${year}`,
      ["Lokasjon", "Fra før", "Nye", "I alt"],
      Object.entries(scenario.sites).map(([id, one]) => {
        const places = placesAt(scenario, plan, id, year);
        return [
          toSite(choose, id, one.title ?? id),
          count(places.reduce((sum, { standing }) => sum + standing, 0)),
          count(places.reduce((sum, { added }) => sum + added, 0)),
          count(sumOf(places)),
        ];
      }),
    )),
    folded("Kretser", false, table(
      `Kretser i ${year}, størst behov først${districts.length > MOST_DISTRICTS ? ` (de ${MOST_DISTRICTS} første av ${districts.length})` : ""}`,
      ["Krets", "Behov", "Uten plass", "Minutter"],
      districts.slice(0, MOST_DISTRICTS).map(([id, one]) => {
        const found = plan.districts[id]?.[year];
        return [toDistrict(choose, id, one.title ?? id), decimal(found?.need), decimal(found?.unmet), minutes(found?.mean_minutes)];
      }),
    )),
  ];
}

/** @param {string} name @param {boolean} open @param {Node} content */
const folded = (name, open, content) =>
  element("details", { open }, element("summary", {}, element("h2", {}, name)), content);

/** @param {Run} run */
const downloads = (run) =>
  element(
    "section",
    { class: "downloads", "aria-label": "Filer" },
    element("h2", {}, "Ta med videre"),
    element("p", {}, "Planen som filer: til QGIS, andre programmer og saken til kommunestyret."),
    ...[["plan.qgz", "QGIS-prosjekt"], ["plan.gpkg", "GeoPackage"], ["plan.geojson", "GeoJSON"], ["plan", "Plandokument (JSON)"]].map(
      ([name, text]) =>
        element("button", {
          type: "button",
          onclick: () => download(`/v1/runs/${run.id}/${name}`, name === "plan" ? "plan.json" : name).catch(tell),
        }, text),
    ),
    element("button", { type: "button", onclick: () => window.print() }, "Skriv ut"),
  );
