/** Selects that a planner chooses what to look at by. */

import { element, freshId, options } from "./dom.js";

/** @typedef {import("./api.js").Schemas["ScenarioSummary"]} ScenarioSummary */

/**
 * A select with its label. Its key lets focus come back to it in the view that it leads to.
 * @param {string} label
 * @param {string} key
 * @param {HTMLElement[]} choices options or groups of them
 * @param {(value: string) => void} onChange
 */
export function choice(label, key, choices, onChange) {
  const id = freshId("choice");
  const select = element("select", { id, "data-key": key, disabled: choices.length === 0, onchange: () => onChange(select.value) }, ...choices);
  return [element("label", { for: id }, label), select];
}

/**
 * Scenarios, the planner's own apart from the bundled ones.
 * @param {ScenarioSummary[]} known
 * @param {string} chosen
 */
export function scenarioChoices(known, chosen) {
  /** @type {[string, ScenarioSummary[]][]} */
  const groups = [
    ["Egne, de nyeste først", known.filter(({ created }) => created !== null)],
    ["Eksempler", known.filter(({ created }) => created === null)],
  ];
  return groups
    .filter(([, members]) => members.length)
    .map(([label, members]) => element("optgroup", { label }, ...options(members.map(({ id, title }) => [id, title]), chosen)));
}
