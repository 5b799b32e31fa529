/** Two runs side by side. */

import { answered, get, hasPlan, runs, scenarios } from "../api.js";
import { chart } from "../charts.js";
import { choice } from "../choices.js";
import { element, options, redraw } from "../dom.js";
import { legend } from "../legend.js";
import { together } from "../map.js";
import { namer } from "../names.js";
import { count, decimal, millions, minutes, moment, percent, signed } from "../numbers.js";
import { colours } from "../palette.js";
import { player } from "../player.js";
import { go, note } from "../route.js";
import { table } from "../table.js";
import { theMap } from "../the_map.js";
import { sum } from "../year_figures.js";

/** @typedef {import("../live.js").Run} Run */
/** @typedef {import("documents").components["schemas"]["Comparison"]} Comparison */

export const title = "Sammenlign";

/**
 * @param {HTMLElement} place
 * @param {URLSearchParams} query `run` twice; `year`
 * @param {AbortSignal} signal
 */
export async function show(place, query, signal) {
  const [known, all] = await Promise.all([scenarios(), runs()]);
  const solved = all.filter(hasPlan);
  if (solved.length < 2) {
    place.append(element("p", {}, "Det trengs to ferdige planer for å sammenligne. Endre et scenario under «Nytt scenario», og regn det ut."));
    return;
  }
  const chosen = two(solved, query.getAll("run"));
  place.append(choices(solved, namer(known, all), chosen));
  const [comparison, ...answers] = await Promise.all([
    get(`/v1/compare?${new URLSearchParams(chosen.map((id) => ["run", id]))}`),
    ...chosen.map(answered),
  ]);
  if (!signal.aborted) showBoth(place, { comparison, answers, chosen }, Number(query.get("year")), signal);
}

/** The runs that were asked for, made up to two of the newest. @param {Run[]} solved @param {string[]} asked */
function two(solved, asked) {
  const ids = solved.map(({ id }) => id);
  const wanted = asked.filter((id) => ids.includes(id));
  const rest = ids.filter((id) => !wanted.includes(id));
  return wanted.length ? [...wanted, ...rest].slice(0, 2) : [rest[1], rest[0]];
}

/** @param {Run[]} solved @param {(run: Run) => string} nameOf @param {string[]} chosen */
function choices(solved, nameOf, chosen) {
  return element(
    "div",
    { class: "choice" },
    ...chosen.flatMap((id, index) => {
      const other = chosen[1 - index];
      /** @type {[string, string][]} */
      const values = solved.filter((run) => run.id !== other).map((run) => [run.id, `${nameOf(run)}, ${moment(run.created)}`]);
      return choice(index ? "mot" : "Plan", `plan-${index}`, options(values, id), (now) =>
        go("sammenlign", { run: index ? [other, now] : [now, other] }),
      );
    }),
  );
}

/**
 * @param {HTMLElement} place
 * @param {{comparison: Comparison, answers: {scenario: any, plan: any}[], chosen: string[]}} both
 * @param {number} asked year
 * @param {AbortSignal} signal
 */
function showBoth(place, { comparison, answers, chosen }, asked, signal) {
  const years = Object.keys(comparison.years).map(Number).sort((a, b) => a - b);
  let year = years.includes(asked) ? asked : years[years.length - 1];
  const maps = answers.map(({ scenario, plan }, index) => theMap(scenario, plan, `Kart over ${names(comparison)[index]}`, () => {}, signal));
  if (maps[0].map && maps[1].map) together(maps[0].map, maps[1].map);
  const changing = element("div", {});

  function update() {
    note("sammenlign", { run: chosen, year });
    for (const map of maps) map.show({ year, lines: false, basemap: false });
    redraw(changing, keyFigures(comparison, year), charts(comparison, years, year));
  }

  const { scenario } = answers[0];
  place.append(
    element("section", { "aria-label": "Kort sagt" }, ...inWords(comparison).map((line) => element("p", {}, line))),
    player(years, year, (next) => { year = next; update(); }),
    element(
      "div",
      { class: "side-by-side" },
      ...maps.map((map, index) => element("div", {}, element("h2", {}, names(comparison)[index]), map.element)),
    ),
    legend(Object.entries(scenario.care_types), colours(Object.keys(scenario.care_types))),
    changing,
    goals(comparison),
    projects(comparison),
    districts(comparison),
  );
  update();
}

/** @param {Comparison} comparison */
const names = ({ runs }) =>
  runs[0].title === runs[1].title ? [`1: ${runs[0].title}`, `2: ${runs[1].title}`] : runs.map(({ title }) => title);

/** The service names runs by their ids; planners know the titles. @param {Comparison} comparison */
function inWords(comparison) {
  const titles = names(comparison);
  return comparison.text.map((line) =>
    comparison.runs.reduce((text, { name }, index) => text.replaceAll(name, titles[index]), line),
  );
}

/** @param {Comparison} comparison @param {number} year */
function keyFigures(comparison, year) {
  const [a, b] = comparison.years[year];
  const [first, second] = comparison.runs;
  /** @type {[string, number | null | undefined, number | null | undefined, (value: any) => string][]} */
  const rows = [
    ["Plasser som teller", a.places_counted, b.places_counted, count],
    ["Dekningsgrad", a.coverage_ratio, b.coverage_ratio, percent],
    ["Uten plass", a.unmet, b.unmet, decimal],
    ["Årsverk", sum(a.fte), sum(b.fte), decimal],
    ["Gjennomsnittlig reisetid", a.mean_minutes, b.mean_minutes, minutes],
    ["Lengste reisetid", a.max_minutes, b.max_minutes, minutes],
    ["Investering", a.investment_nok, b.investment_nok, millions],
    ["Drift", a.operating_nok, b.operating_nok, millions],
    ["Alle år: kostnad, nåverdi", first.cost_nok, second.cost_nok, millions],
    ["Alle år: reise, nåverdi", first.travel_nok, second.travel_nok, millions],
    ["Alle år: investering", first.investment_nok, second.investment_nok, millions],
  ];
  return table(
    `Nøkkeltall i ${year}`,
    ["Nøkkeltall", ...names(comparison), "Forskjell"],
    rows.map(([name, one, other, written]) => [
      name,
      written(one),
      written(other),
      one === null || one === undefined || other === null || other === undefined ? "–" : signed(other - one, written),
    ]),
  );
}

/** @param {Comparison} comparison @param {number[]} years @param {number} year */
function charts(comparison, years, year) {
  const [one, other] = names(comparison);
  const common = { across: "År", at: years.map(String), marked: years.indexOf(year) };
  /** @param {(found: Comparison["years"][string][number]) => number | null} value */
  const lines = (value) => [
    { name: one, values: years.map((y) => value(comparison.years[y][0])) },
    { name: other, dashed: true, values: years.map((y) => value(comparison.years[y][1])) },
  ];
  return element(
    "div",
    { class: "charts" },
    chart({ ...common, title: "Dekningsgrad", text: "Plasser per innbygger i målgruppen i de to planene.", lines: lines((found) => found.coverage_ratio), written: percent }),
    chart({ ...common, title: "Uten plass", text: "Plasser som mangler i de to planene.", lines: lines((found) => found.unmet), written: decimal }),
    chart({ ...common, title: "Gjennomsnittlig reisetid", text: "Minutter en vei i de to planene.", lines: lines((found) => found.mean_minutes), written: decimal }),
    chart({ ...common, title: "Årsverk", text: "Årsverk som de to planene trenger.", lines: lines((found) => sum(found.fte)), written: decimal }),
  );
}

/** @param {Comparison} comparison */
const goals = (comparison) =>
  table(
    "Mål i kommunens planer",
    ["Mål", ...names(comparison), "Regel i scenariet"],
    comparison.goals.map(({ goal, rule_text, runs }) => [goal, ...runs.map(reached), rule_text]),
  );

/** @param {Comparison["goals"][number]["runs"][number]} reached */
const reached = ({ text, met }) => (met === null ? text : `${text} (${met ? "nådd" : "ikke nådd"})`);

/** @param {Comparison} comparison */
const projects = (comparison) =>
  table(
    "Prosjekter som åpner i minst én plan",
    ["Prosjekt", ...names(comparison)],
    Object.values(comparison.projects).map(({ title, runs }) => [
      title,
      ...runs.map((opened) => (opened ? `${opened.opens}, ${count(opened.places)} plasser` : "åpner ikke")),
    ]),
  );

/** @param {Comparison} comparison */
function districts(comparison) {
  const { gains, losses } = comparison.winners[1];
  const rows = [...gains, ...losses].map((id) => {
    const { title, minutes: known, change } = comparison.districts[id];
    return [title, minutes(known[0]), minutes(known[1]), signed(change[1], minutes)];
  });
  return table(
    `Kretser som får kortere eller lengre reise i ${comparison.district_year}`,
    ["Krets", ...names(comparison), "Endring"],
    rows.length ? rows : [["Ingen", "–", "–", "–"]],
  );
}
