/** Runs: what waits, what goes on, what came out of it. */

import { get, hasPlan, post, runs, scenarios } from "../api.js";
import { element, redraw } from "../dom.js";
import { isOpen, live } from "../live.js";
import { tell } from "../messages.js";
import { namer } from "../names.js";
import { duration, moment, percent } from "../numbers.js";
import { passing, Problem } from "../problem.js";
import { go, href } from "../route.js";
import { table } from "../table.js";
import { KIND, OUTCOME, STATUS, word } from "../words.js";

/** @typedef {import("../live.js").Run} Run */
/** @typedef {import("../choices.js").ScenarioSummary[]} Scenarios */

export const title = "Kjøringer";
const REFRESH_MS = 3000;

/**
 * @param {HTMLElement} place
 * @param {URLSearchParams} query `run`: the one to look at
 * @param {AbortSignal} signal
 */
export async function show(place, query, signal) {
  const [known, all] = await Promise.all([scenarios(), runs()]);
  const chosen = query.get("run");
  if (chosen) {
    const run = await get(`/v1/runs/${encodeURIComponent(chosen)}`);
    if (signal.aborted) return;
    place.append(one(run, namer(known, all)(run), signal));
  }
  const listPlace = element("section", { "aria-label": "Alle kjøringer" });
  place.append(listPlace);
  showAll(listPlace, all, known);
  if (all.some(isOpen)) keepFresh(listPlace, known, all, signal).catch(tell);
}

/**
 * To the end of the last run.
 * @param {HTMLElement} place
 * @param {Scenarios} known
 * @param {Run[]} all
 * @param {AbortSignal} signal
 */
async function keepFresh(place, known, all, signal) {
  while (all.some(isOpen)) {
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    if (signal.aborted) return;
    try {
      all = await runs();
    } catch (error) {
      if (!(error instanceof Problem && passing(error))) throw error;
      continue; // the run that is watched tells of it
    }
    if (!signal.aborted) showAll(place, all, known);
  }
}

/** @param {HTMLElement} place @param {Run[]} all @param {Scenarios} known */
function showAll(place, all, known) {
  const nameOf = namer(known, all);
  redraw(
    place,
    all.length
      ? table(
          "Kjøringer, de nyeste først",
          ["Startet", "Scenario", "Slag", "Status", "Utfall", "Avstand", "Brukt"],
          all.map((run) => [
            element("a", { href: href("kjoringer", { run: run.id }), "data-key": run.id }, moment(run.created)),
            nameOf(run),
            word(KIND, run.kind),
            element("span", { class: `status ${run.status}` }, word(STATUS, run.status)),
            word(OUTCOME, run.outcome),
            percent(run.progress.gap),
            duration(run.progress.seconds),
          ]),
        )
      : element("p", {}, "Ingen kjøringer ennå. Velg et scenario under Plan og regn det ut."),
  );
}

/** @param {Run} run @param {string} name @param {AbortSignal} signal */
function one(run, name, signal) {
  const next = element("div", { class: "next" });
  const heading = element("h2", { tabindex: -1 }, `${word(KIND, run.kind)}: ${name}`);
  const panel = live(run, signal, (ended) => {
    showNext(next, ended).catch(tell);
    tell(`Kjøringen er over: ${word(STATUS, ended.status).toLowerCase()}. ${word(OUTCOME, ended.outcome)}.`);
  });
  if (!isOpen(run)) showNext(next, run).catch(tell);
  const section = element("section", { class: "one-run", "aria-label": "Valgt kjøring" }, heading, panel, next);
  queueMicrotask(() => heading.focus());
  return section;
}

/** What there is to do with a run that has ended. @param {HTMLElement} place @param {Run} run */
async function showNext(place, run) {
  if (hasPlan(run)) {
    place.replaceChildren(
      element("a", { class: "button main", href: href("plan", { run: run.id }) }, "Vis planen"),
      element("a", { class: "button", href: href("sammenlign", { run: run.id }) }, "Sammenlign med en annen"),
    );
  } else if (run.kind === "solve" && run.outcome === "infeasible") {
    place.replaceChildren(
      element("p", {}, "Kravene kan ikke oppfylles samtidig. Finn ut hva som minst må gi etter."),
      element("button", { type: "button", class: "main", onclick: () => repair(run) }, "Hva må gi etter?"),
    );
  } else if (run.kind !== "solve" && run.links.some(({ rel }) => rel === "result")) {
    const { text } = await get(`/v1/runs/${run.id}/result`);
    place.replaceChildren(...text.map((/** @type {string} */ line) => element("p", {}, line)));
  }
}

/** @param {Run} run */
async function repair(run) {
  try {
    const scenario = await get(`/v1/runs/${run.id}/scenario`);
    const started = await post("/v1/runs", { scenario, kind: "repair" });
    go("kjoringer", { run: started.id });
  } catch (error) {
    tell(error);
  }
}
