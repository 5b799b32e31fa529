/** A new scenario from one that is there: what is changed is saved as a patch, and can be run at once. */

import { get, post, scenarios } from "../api.js";
import { at, changedLeaves, difference, pointer, put } from "../changes.js";
import { choice, scenarioChoices } from "../choices.js";
import { element } from "../dom.js";
import {
  boxes, choiceField, FTE, MILLIONS, MINUTES, NUMBER, numberField, PER_CENT, PLACES, seriesField, showIssues,
  textField, unreadable, YEAR,
} from "../fields.js";
import { tell } from "../messages.js";
import { Problem } from "../problem.js";
import { go } from "../route.js";
import { OWNERSHIP } from "../words.js";

/** @typedef {import("../figures.js").Scenario} Scenario */
/** @typedef {import("../fields.js").Draft} Draft */

export const title = "Nytt scenario";

/**
 * @param {HTMLElement} place
 * @param {URLSearchParams} query `fra`: what it is based on
 * @param {AbortSignal} signal
 */
export async function show(place, query, signal) {
  const known = await scenarios();
  const base = query.get("fra") ?? known[0].id;
  const { document: scenario } = await get(`/v1/scenarios/${encodeURIComponent(base)}`);
  if (signal.aborted) return;
  place.append(
    element("p", {}, "Endre det som skal være annerledes, og lagre det som et nytt scenario. Det du bygger på, blir stående."),
    element("div", { class: "field" }, ...choice("Bygger på", "base", scenarioChoices(known, base), (id) => go("scenario", { fra: id }))),
    form(base, scenario),
  );
}

/** @param {string} base @param {Scenario} scenario */
function form(base, scenario) {
  /** @type {Draft} */
  const draft = {
    tree: structuredClone(/** @type {any} */ (scenario)),
    years: [scenario.years.first, scenario.years.last],
  };
  draft.tree.title = `${scenario.title} – endret`;
  const summary = element("div", { class: "error-summary", tabindex: -1, role: "group", "aria-label": "Feil i skjemaet" });
  const made = element(
    "form",
    { novalidate: true, onsubmit: (/** @type {SubmitEvent} */ event) => submit(event, base, scenario, draft, summary) },
    summary,
    textField("Tittel", draft, ["title"]),
    targets(draft),
    staff(draft),
    money(draft),
    policies(draft),
    projects(draft),
    element(
      "div",
      { class: "actions" },
      element("button", { class: "main", name: "act", value: "run" }, "Lagre og regn ut"),
      element("button", { name: "act", value: "save" }, "Lagre"),
    ),
  );
  return made;
}

/** @param {string} heading @param {boolean} open @param {...(Node | false | null | undefined)} fields */
const part = (heading, open, ...fields) =>
  element("details", { open, class: "part" }, element("summary", {}, element("h2", {}, heading)), ...fields);

/** @param {Draft} draft */
function targets(draft) {
  return part(
    "Mål",
    true,
    groupOf(draft.tree) !== undefined && seriesField("Dekningsgrad", draft, ["targets", "coverage", "ratio"], PER_CENT),
    at(draft.tree, ["need", "basis"]) === "coverage" && ratioField(draft),
    numberField("Lengste tillatte reisetid", draft, ["travel", "limit_minutes"], MINUTES),
    numberField("Færrest kjerner med plasser", draft, ["policies", "min_cores_with_places"], NUMBER),
  );
}

/**
 * The group of inhabitants that coverage is counted for: the target's own, else that of the need.
 * @param {import("../changes.js").Tree} tree
 * @returns {string | undefined}
 */
const groupOf = (tree) => at(tree, ["targets", "coverage", "population"]) ?? at(tree, ["need", "population"]);

/** A first target needs its group. @param {import("../changes.js").Tree} tree */
function complete(tree) {
  if (at(tree, ["targets", "coverage", "ratio"])) put(tree, ["targets", "coverage", "population"], groupOf(tree));
}

/** The need may be one share or a series. @param {Draft} draft */
function ratioField(draft) {
  const path = ["need", "ratio"];
  return typeof at(draft.tree, path) === "object"
    ? seriesField("Behov for plasser, av befolkningsgruppen", draft, path, PER_CENT)
    : numberField("Behov for plasser, av befolkningsgruppen", draft, path, PER_CENT);
}

/** @param {Draft} draft */
function staff(draft) {
  const groups = new Set(
    Object.values(draft.tree.care_types).flatMap((/** @type {any} */ type) => Object.keys(type.fte_per_place)),
  );
  return part(
    "Bemanning",
    true,
    ...[...groups].map((group) =>
      seriesField(group === "all" ? "Tilgjengelige årsverk" : `Tilgjengelige årsverk: ${group}`, draft, ["staffing", "available_fte", group], FTE),
    ),
  );
}

/** @param {Draft} draft */
const money = (draft) =>
  part(
    "Økonomi",
    false,
    seriesField("Høyeste investering hvert år", draft, ["budget", "investment_nok"], MILLIONS),
    numberField("Høyeste investering i alt", draft, ["budget", "investment_total_nok"], MILLIONS),
    seriesField("Høyeste driftskostnad hvert år", draft, ["budget", "operating_nok"], MILLIONS),
  );

/** @param {Draft} draft */
function policies({ tree, years }) {
  const owners = Object.keys(OWNERSHIP);
  const careTypes = Object.entries(tree.care_types).map(([id, type]) => /** @type {[string, string]} */ ([id, type.title]));
  return part(
    "Retningslinjer",
    false,
    boxes("Tillatte eierformer", ["policies", "allowed_ownership"], Object.entries(OWNERSHIP), tree.policies?.allowed_ownership ?? owners, (chosen) =>
      put(tree, ["policies", "allowed_ownership"], chosen.length === owners.length ? null : chosen),
    ),
    boxes("Plasstyper som ikke kan bli færre", ["policies", "keep_places"], careTypes, tree.policies?.keep_places ?? [], (chosen) =>
      put(tree, ["policies", "keep_places"], chosen.length ? chosen : null),
    ),
    numberField("Flest prosjekter", { tree, years }, ["policies", "max_projects"], NUMBER),
  );
}

/** @param {Draft} draft */
const projects = (draft) =>
  part(
    "Prosjekter",
    true,
    element("p", {}, "Åpne et prosjekt for å endre størrelse, år og kostnader, eller for å kreve eller forby det."),
    ...Object.keys(draft.tree.projects ?? {}).map((id) => projectFields(draft, id)),
  );

/** @param {Draft} draft @param {string} id */
function projectFields(draft, id) {
  const here = ["projects", id];
  return element(
    "details",
    { class: "project" },
    element("summary", {}, at(draft.tree, [...here, "title"])),
    element(
      "div",
      { class: "columns" },
      choiceField("I planen", [...here, "state"], [["free", "kan åpne"], ["required", "må åpne"], ["forbidden", "kan ikke åpne"]], stateOf(draft, id), (state) => setState(draft, id, state)),
      numberField("Færrest", draft, [...here, "places", "min"], PLACES),
      numberField("Flest", draft, [...here, "places", "max"], PLACES),
      numberField("Trinn", draft, [...here, "places", "step"], PLACES),
      numberField("Åpner tidligst", draft, [...here, "opens", "earliest"], YEAR),
      numberField("Åpner senest", draft, [...here, "opens", "latest"], YEAR),
      numberField("Investering, fast", draft, [...here, "investment_nok"], MILLIONS),
      numberField("Investering per plass", draft, [...here, "investment_per_place_nok"], MILLIONS),
      numberField("Tilskudd per plass", draft, [...here, "grant_per_place_nok"], MILLIONS),
    ),
  );
}

/** @param {Draft} draft @param {string} id */
function stateOf({ tree }, id) {
  if (tree.policies?.required_projects?.includes(id)) return "required";
  return tree.policies?.forbidden_projects?.includes(id) ? "forbidden" : "free";
}

/** @param {Draft} draft @param {string} id @param {string} state */
function setState({ tree }, id, state) {
  for (const kind of ["required", "forbidden"]) {
    const path = ["policies", `${kind}_projects`];
    const others = (at(tree, path) ?? []).filter((/** @type {string} */ one) => one !== id);
    const now = state === kind ? [...others, id] : others;
    put(tree, path, now.length ? now : null);
  }
}

/**
 * @param {SubmitEvent} event
 * @param {string} base
 * @param {Scenario} scenario
 * @param {Draft} draft
 * @param {HTMLElement} summary
 */
async function submit(event, base, scenario, draft, summary) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const wrong = unreadable(form);
  if (wrong.length) {
    showRefusal(form, summary, wrong);
    return;
  }
  const buttons = /** @type {HTMLButtonElement[]} */ ([...form.querySelectorAll(".actions button")]);
  for (const button of buttons) button.disabled = true;
  try {
    complete(draft.tree);
    const changes = difference(scenario, withSources(scenario, draft.tree));
    const { id } = await post("/v1/scenarios", { based_on: base, changes });
    if (/** @type {HTMLButtonElement} */ (event.submitter)?.value === "save") {
      go("plan", { scenario: id });
      return;
    }
    const run = await post("/v1/runs", { scenario: id });
    go("kjoringer", { run: run.id });
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    event.submitter?.focus();
    refused(form, summary, error);
  }
}

/** @param {HTMLFormElement} form @param {HTMLElement} summary @param {unknown} error */
function refused(form, summary, error) {
  if (!(error instanceof Problem) || !error.issues.length) {
    tell(error);
    return;
  }
  showRefusal(form, summary, error.issues);
}

/**
 * Every fault at its field, and all of them at the top, each leading to its field.
 * @param {HTMLFormElement} form
 * @param {HTMLElement} summary
 * @param {import("../problem.js").Issue[]} issues
 */
function showRefusal(form, summary, issues) {
  summary.replaceChildren(
    element("h2", {}, "Scenariet kan ikke lagres slik"),
    element("ul", {}, ...showIssues(form, issues).map(({ text, input, pointer }) =>
      element("li", {}, input ? element("button", { type: "button", class: "link", onclick: () => input.focus() }, text) : `${pointer || "/"}: ${text}`),
    )),
  );
  summary.focus();
}

/**
 * What a planner writes is no longer what the old source said: it is told so beside each figure.
 * @param {Scenario} before
 * @param {import("../changes.js").Tree} after
 */
function withSources(before, after) {
  const documented = structuredClone(after);
  for (const { path, from, to } of changedLeaves(before, after)) {
    if (path[0] === "title" || path[0] === "sources" || to === undefined) continue;
    const was = from === undefined ? "Sto ikke i det scenariet dette bygger på" : `Var ${JSON.stringify(from)} i det scenariet dette bygger på`;
    put(documented, ["sources", pointer(path)], { status: "assumption", note: `Satt i skjemaet på kartsiden. ${was}.` });
  }
  return documented;
}
