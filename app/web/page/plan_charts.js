/** The charts of a plan. */

import { chart } from "./charts.js";
import { yearsOf } from "./figures.js";
import { count, decimal, percent } from "./numbers.js";
import { colours, TYPES } from "./palette.js";
import { sum } from "./year_figures.js";

const MILLION = 1e6;

/** @param {import("./figures.js").Scenario} scenario @param {import("./figures.js").Plan} plan @param {number} marked index of the year that is shown */
export function planCharts(scenario, plan, marked) {
  const years = yearsOf(plan);
  const now = years.map((year) => plan.years[year]);
  const at = years.map(String);
  const shades = colours(Object.keys(scenario.care_types));
  const counted = Object.entries(scenario.care_types).filter(([, type]) => type.counts_towards_coverage);
  const common = { across: "År", at, marked };
  return [
    chart({
      ...common,
      title: "Plasser mot behov og mål",
      text: "Søyler: plasser som teller i dekningen. Heltrukket linje: behovet. Stiplet: plasser som målet krever.",
      columns: counted.map(([type, { title }]) => ({
        name: title,
        colour: shades.get(type) ?? TYPES[0],
        values: now.map(({ places }) => places[type] ?? 0),
      })),
      lines: [
        { name: "Behov", values: now.map(({ need }) => sum(need)) },
        { name: "Målet krever", dashed: true, values: now.map(({ coverage_target_places }) => coverage_target_places ?? null) },
      ],
      written: count,
    }),
    chart({
      ...common,
      title: "Dekningsgrad mot mål",
      text: "Heltrukket linje: plasser per innbygger i målgruppen. Stiplet: målet.",
      lines: [
        { name: "Dekningsgrad", values: now.map(({ coverage_ratio }) => coverage_ratio) },
        { name: "Mål", dashed: true, values: now.map(({ coverage_target }) => coverage_target) },
      ],
      written: percent,
    }),
    ...staffGroups(plan).map((group) => chart({
      ...common,
      title: group === "all" ? "Årsverk mot tilgjengelige" : `Årsverk mot tilgjengelige: ${group}`,
      text: "Søyler: årsverk som planen trenger. Stiplet linje: årsverk som er tilgjengelige.",
      columns: [{ name: "Trengs", colour: TYPES[3], values: now.map(({ fte }) => fte[group] ?? 0) }],
      lines: [{ name: "Tilgjengelige", dashed: true, values: now.map(({ fte_available }) => fte_available[group] ?? null) }],
      written: decimal,
    })),
    chart({
      ...common,
      title: "Kostnader hvert år",
      text: "Søyler i millioner kroner: drift, kapital og investering. Investeringen betales gjennom kapitalkostnaden, og vises for seg.",
      columns: [
        { name: "Drift (mill. kr)", colour: TYPES[0], values: now.map((one) => one.operating_nok / MILLION) },
        { name: "Kapital (mill. kr)", colour: TYPES[2], values: now.map((one) => one.capital_nok / MILLION) },
      ],
      lines: [{ name: "Investering (mill. kr)", values: now.map((one) => one.investment_nok / MILLION) }],
      written: decimal,
    }),
  ];
}

/** @param {import("./figures.js").Plan} plan */
const staffGroups = (plan) => Object.keys(Object.values(plan.years)[0].fte);
