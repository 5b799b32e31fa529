/** What a plan says, put together with the scenario it is for. Nothing is computed anew but sums. */

import { OWNERSHIP, word } from "./words.js";

/** @typedef {import("documents").components["schemas"]["Scenario"]} Scenario */
/** @typedef {import("documents").components["schemas"]["Plan"]} Plan */
/** @typedef {{type: string, title: string, standing: number, added: number}} PlacesOfType */

/** @param {Plan} plan */
export const yearsOf = (plan) => Object.keys(plan.years).map(Number).sort((a, b) => a - b);

/**
 * Places of each care type at a site in a year: those of today's that still stand, and new ones.
 * @param {Scenario} scenario
 * @param {Plan} plan
 * @param {string} site
 * @param {number} year
 * @returns {PlacesOfType[]}
 */
export function placesAt(scenario, plan, site, year) {
  return Object.entries(scenario.care_types)
    .map(([type, { title }]) => {
      const all = plan.sites[site]?.places[type]?.[year] ?? 0;
      const added = Object.values(plan.projects)
        .filter((project) => project.site === site)
        .reduce((sum, project) => sum + (project.places[type]?.[year] ?? 0), 0);
      return { type, title, standing: all - added, added };
    })
    .filter(({ standing, added }) => standing + added > 0);
}

/** @param {PlacesOfType[]} places */
export const sumOf = (places) => places.reduce((sum, { standing, added }) => sum + standing + added, 0);

/**
 * Places of a project in a year, of all care types.
 * @param {Plan["projects"][string] | undefined} project
 * @param {number} year
 */
export const sizeIn = (project, year) =>
  Object.values(project?.places ?? {}).reduce((sum, series) => sum + (series[year] ?? 0), 0);

/**
 * Most places that a project has in any year.
 * @param {Plan["projects"][string]} project
 */
export function sizeOf(project) {
  const years = new Set(Object.values(project.places).flatMap((series) => Object.keys(series)));
  return Math.max(0, ...[...years].map((year) => sizeIn(project, Number(year))));
}

/**
 * Who goes where from a district in a year, most people first.
 * @param {Plan} plan
 * @param {string} district
 * @param {number} year
 */
export const journeysFrom = (plan, district, year) =>
  plan.allocation
    .filter((one) => one.year === year && one.district === district)
    .sort((a, b) => b.places - a.places);

/**
 * Who comes to a site in a year, most people first.
 * @param {Plan} plan
 * @param {string} site
 * @param {number} year
 */
export const journeysTo = (plan, site, year) =>
  plan.allocation
    .filter((one) => one.year === year && one.site === site)
    .sort((a, b) => b.places - a.places);

/**
 * What the scenario itself says of why a project may or may not open; the plan's choice among what
 * may open is explained by a run of kind why_not.
 * @param {Scenario} scenario
 * @param {Plan} plan
 * @param {string} id
 * @returns {string[]}
 */
export function rulesAbout(scenario, plan, id) {
  const project = scenario.projects?.[id];
  if (!project) return [];
  /** @type {Partial<NonNullable<Scenario["policies"]>>} */
  const policies = scenario.policies ?? {};
  /** @param {string} other */
  const title = (other) => `«${scenario.projects?.[other]?.title ?? other}»`;
  const said = [];
  if (policies.required_projects?.includes(id)) said.push("Scenariet krever at prosjektet åpner.");
  if (policies.forbidden_projects?.includes(id)) said.push("Scenariet forbyr prosjektet.");
  const owner = project.ownership ?? "municipal";
  if (policies.allowed_ownership && !policies.allowed_ownership.includes(owner)) {
    said.push(`Eierformen (${word(OWNERSHIP, owner).toLowerCase()}) er ikke tillatt i scenariet.`);
  }
  for (const other of project.excludes ?? []) {
    if (plan.projects[other]) said.push(`Utelukkes av ${title(other)}, som åpner i planen.`);
  }
  for (const [other, spec] of Object.entries(scenario.projects ?? {})) {
    if (spec.excludes?.includes(id) && plan.projects[other] && !project.excludes?.includes(other)) {
      said.push(`Utelukkes av ${title(other)}, som åpner i planen.`);
    }
  }
  for (const other of project.requires ?? []) said.push(`Bygger på ${title(other)}.`);
  if (project.opens?.earliest) said.push(`Kan tidligst åpne i ${project.opens.earliest}.`);
  if (project.opens?.latest) said.push(`Må åpne senest i ${project.opens.latest}.`);
  if (project.available_years) said.push(`Midlertidig: stenger etter ${project.available_years} år.`);
  return said;
}

/**
 * Sources that speak for a part of the scenario or anything below it, the nearest above included.
 * @param {Scenario} scenario
 * @param {string} pointer JSON pointer
 * @returns {{pointer: string, source: NonNullable<Scenario["sources"]>[string]}[]}
 */
export function sourcesOf(scenario, pointer) {
  const sources = Object.entries(scenario.sources ?? {});
  const below = sources.filter(([at]) => at === pointer || at.startsWith(`${pointer}/`));
  const above = sources
    .filter(([at]) => pointer.startsWith(`${at}/`))
    .sort(([a], [b]) => b.length - a.length)
    .slice(0, 1);
  return [...below, ...(below.length ? [] : above)].map(([at, source]) => ({ pointer: at, source }));
}
