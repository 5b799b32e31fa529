/** Key figures of a year. */

import { element, figures } from "./dom.js";
import { count, decimal, millions, minutes, percent } from "./numbers.js";

/** @param {import("./figures.js").Scenario} scenario @param {import("./figures.js").Plan} plan @param {number} year */
export function yearFigures(scenario, plan, year) {
  const now = plan.years[year];
  const worst = now.equity?.worst_off_district;
  const unmet = sum(now.unmet);
  return [
    element("h2", {}, `Nøkkeltall ${year}`),
    figures([
      ["Plasser med heldøgns omsorg", count(now.places_counted)],
      ["Dekningsgrad", percent(now.coverage_ratio)],
      ["Mål for dekning", percent(now.coverage_target)],
      ["Uten plass", decimal(unmet)],
      ["Årsverk, av tilgjengelige", `${decimal(sum(now.fte))} av ${available(now.fte_available)}`],
      ["Gjennomsnittlig reisetid", minutes(now.mean_minutes)],
      ["Lengste reisetid", minutes(now.max_minutes)],
      ["Innen ti minutter", percent(now.equity?.share_within_10_minutes)],
      ["Dårligst stilte krets", worst ? `${scenario.districts[worst.district]?.title ?? worst.district}, ${minutes(worst.mean_minutes)}` : "–"],
      ["Investering", millions(now.investment_nok)],
      ["Drift", millions(now.operating_nok)],
    ]),
    coverageText(now),
  ];
}

/** @param {import("./figures.js").Plan["years"][string]} now */
function coverageText(now) {
  if (now.coverage_target === null || now.coverage_ratio === null) return element("p", { class: "note" }, "Ingen mål for dekning gjelder dette året.");
  const met = now.places_counted >= (now.coverage_target_places ?? 0);
  return element("p", { class: met ? "note met" : "note missed" }, met ? "Målet for dekning er nådd." : "Målet for dekning er ikke nådd.");
}

/** @param {Record<string, number>} values */
export const sum = (values) => Object.values(values).reduce((total, value) => total + value, 0);

/** @param {Record<string, number | null>} values */
const available = (values) => {
  const known = Object.values(values);
  return known.length && known.every((value) => value !== null) ? decimal(sum(/** @type {Record<string, number>} */ (values))) : "ubegrenset";
};
