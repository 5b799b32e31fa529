/** Figures and reasons of what is chosen: a site, a project or a district. */

import { keyOf } from "./chosen.js";
import { element, figures } from "./dom.js";
import { journeysFrom, journeysTo, placesAt, rulesAbout, sizeIn, sizeOf, sumOf } from "./figures.js";
import { count, decimal, millions, minutes } from "./numbers.js";
import { linear } from "./series.js";
import { sources } from "./sources.js";
import { table } from "./table.js";
import { OWNERSHIP, PROJECT_KIND, QUALITY, word } from "./words.js";

/** @typedef {import("./figures.js").Scenario} Scenario */
/** @typedef {import("./figures.js").Plan} Plan */
/** @typedef {import("./chosen.js").Chosen} Chosen */
/**
 * @typedef {object} Shown
 * @property {Scenario} scenario
 * @property {Plan} plan
 * @property {number} year
 * @property {(chosen: Chosen) => void} choose
 * @property {(project: string) => HTMLElement} why reasons of a project
 */

/** @param {Shown} shown @param {Chosen | null} chosen */
export function details(shown, chosen) {
  if (chosen?.kind === "site" && shown.scenario.sites[chosen.id]) return site(shown, chosen.id);
  if (chosen?.kind === "project" && shown.scenario.projects?.[chosen.id]) return project(shown, chosen.id);
  if (chosen?.kind === "district" && shown.scenario.districts[chosen.id]) return district(shown, chosen.id);
  return [element("p", {}, "Velg en lokasjon, et prosjekt eller en krets i kartet eller i listene.")];
}

/** @param {Shown} shown @param {string} id */
function site({ scenario, plan, year, choose }, id) {
  const spec = scenario.sites[id];
  const places = placesAt(scenario, plan, id, year);
  const projects = Object.entries(scenario.projects ?? {}).filter(([, one]) => one.site === id);
  const journeys = journeysTo(plan, id, year);
  return [
    element("h3", {}, spec.title ?? id),
    figures([
      ["Kjerne", scenario.cores?.[spec.core ?? ""]?.title ?? "utenfor kjernene"],
      ["Eierform", word(OWNERSHIP, spec.ownership ?? "municipal")],
      [`Plasser i ${year}`, count(sumOf(places))],
      ["Posisjon", word(QUALITY, spec.location_quality)],
    ]),
    table(
      `Plasser i ${year}`,
      ["Plasstype", "Fra før", "Nye"],
      places.map(({ title, standing, added }) => [title, count(standing), count(added)]),
    ),
    element("h4", {}, "Prosjekter her"),
    projects.length
      ? element("ul", {}, ...projects.map(([projectId, one]) => element("li", {}, toProject(choose, projectId, one.title), ` ${opening(plan.projects[projectId])}`)))
      : element("p", {}, "Ingen."),
    element("h4", {}, `Hvem som får plass her i ${year}`),
    table(
      "Kretser",
      ["Krets", "Plasser", "Minutter"],
      journeys.map((one) => [
        scenario.districts[one.district]?.title ?? one.district,
        decimal(one.places),
        decimal(one.minutes),
      ]),
    ),
    ...sourcesOf(scenario, `/sites/${id}`),
  ];
}

/** @param {Shown} shown @param {string} id */
function project(shown, id) {
  const { scenario, plan, year, choose } = shown;
  const spec = /** @type {NonNullable<Scenario["projects"]>[string]} */ (scenario.projects?.[id]);
  const opened = plan.projects[id];
  const rules = rulesAbout(scenario, plan, id);
  return [
    element("h3", {}, spec.title),
    figures([
      ["I planen", opened ? opening(opened) : "åpner ikke"],
      [`Plasser i ${year}`, opened ? count(sizeIn(opened, year)) : "0"],
      ["Mulig størrelse", `${count(spec.places.min ?? 0)}–${count(spec.places.max)} plasser`],
      ["Plasstyper", spec.care_types.map((type) => scenario.care_types[type]?.title ?? type).join(", ")],
      ["Slag", word(PROJECT_KIND, spec.kind)],
      ["Eierform", word(OWNERSHIP, spec.ownership ?? "municipal")],
      ["Investering, etter tilskudd", millions(investment(spec, opened ? sizeOf(opened) : spec.places.max))],
      ["Levetid", `${count(spec.lifetime_years)} år`],
      ["Lokasjon", toSite(choose, spec.site, scenario.sites[spec.site]?.title ?? spec.site)],
    ]),
    ...(opened ? [] : [element("p", { class: "note" }, "Investeringen gjelder prosjektet i største størrelse.")]),
    element("h4", {}, "Hva scenariet sier"),
    rules.length
      ? element("ul", {}, ...rules.map((text) => element("li", {}, text)))
      : element("p", {}, "Ingen regel avgjør dette. Planen har valgt det som koster minst i alt."),
    element("h4", {}, opened ? "Hvorfor?" : "Hvorfor ikke?"),
    shown.why(id),
    ...sourcesOf(scenario, `/projects/${id}`),
  ];
}

/** @param {Shown} shown @param {string} id */
function district({ scenario, plan, year, choose }, id) {
  const spec = scenario.districts[id];
  const found = plan.districts[id]?.[year];
  return [
    element("h3", {}, spec.title ?? id),
    figures([
      ["Kjerne", scenario.cores?.[spec.core ?? ""]?.title ?? "utenfor kjernene"],
      ...Object.entries(spec.population ?? {}).map(
        ([group, series]) => /** @type {[string, string]} */ ([`Innbyggere ${group} i ${year}`, decimal(linear(series, year))]),
      ),
      ["Behov for plasser", decimal(found?.need)],
      ["Uten plass", decimal(found?.unmet)],
      ["Gjennomsnittlig reisetid", minutes(found?.mean_minutes)],
    ]),
    element("h4", {}, `Hvem går hvor i ${year}`),
    table(
      "Hvor de som bor her får plass",
      ["Lokasjon", "Plasstype", "Plasser", "Minutter"],
      journeysFrom(plan, id, year).map((one) => [
        toSite(choose, one.site, scenario.sites[one.site]?.title ?? one.site),
        scenario.care_types[one.care_type]?.title ?? one.care_type,
        decimal(one.places),
        decimal(one.minutes),
      ]),
    ),
    ...sourcesOf(scenario, `/districts/${id}`),
  ];
}

/** @param {Scenario} scenario @param {string} pointer */
const sourcesOf = (scenario, pointer) => [element("h4", {}, "Kilder"), sources(scenario, pointer)];

/** @param {NonNullable<Scenario["projects"]>[string]} spec @param {number} places */
const investment = (spec, places) =>
  spec.investment_nok + places * (spec.investment_per_place_nok - (spec.grant_per_place_nok ?? 0));

/** @param {Plan["projects"][string] | undefined} opened */
export function opening(opened) {
  if (!opened) return "(åpner ikke)";
  const closes = opened.closes ? `, stenger ${opened.closes}` : "";
  return `åpner ${opened.opens}${closes}`;
}

/** @typedef {(choose: (chosen: Chosen) => void, id: string, title: string) => HTMLElement} Link */

/** @param {Chosen["kind"]} kind @returns {Link} */
const linkTo = (kind) => (choose, id, title) =>
  element("button", { type: "button", class: "link", "data-key": keyOf({ kind, id }), onclick: () => choose({ kind, id }) }, title);

export const toProject = linkTo("project");
export const toSite = linkTo("site");
export const toDistrict = linkTo("district");
