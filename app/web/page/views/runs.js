/** Runs: what waits, what goes on, what came out of it. */

import { get, hasPlan, post, runs, scenarios } from "../api.js";
import { element } from "../dom.js";
import { isOpen, live } from "../live.js";
import { tell } from "../messages.js";
import { duration, moment, percent } from "../numbers.js";
import { go, href } from "../route.js";
import { table } from "../table.js";
import { KIND, OUTCOME, STATUS, word } from "../words.js";

/** @typedef {import("../live.js").Run} Run */

export const title = "Kjøringer";
const REFRESH_MS = 3000;

/**
 * @param {HTMLElement} place
 * @param {URLSearchParams} query `run`: the one to look at
 * @param {AbortSignal} signal
 */
export async function show(place, query, signal) {
  const known = new Map((await scenarios()).map(({ id, title }) => [id, title]));
  const chosen = query.get("run");
  if (chosen) {
    const run = await get(`/v1/runs/${encodeURIComponent(chosen)}`);
    if (signal.aborted) return;
    place.append(one(run, known, signal));
  }
  const listPlace = element("section", { "aria-label": "Alle kjøringer" });
  place.append(listPlace);
  await keepFresh(listPlace, known, signal);
}

/** @param {HTMLElement} place @param {Map<string, string>} known @param {AbortSignal} signal */
async function keepFresh(place, known, signal) {
  let shown = "";
  const refresh = async () => {
    const all = await runs();
    if (signal.aborted) return;
    const now = JSON.stringify(all.map(({ id, status, progress }) => [id, status, progress.gap]));
    if (now !== shown) redraw(place, all, known);
    shown = now;
    if (all.some(isOpen)) window.setTimeout(() => !signal.aborted && refresh().catch(tell), REFRESH_MS);
  };
  await refresh();
}

/** Focus stays on the run that had it. @param {HTMLElement} place @param {Run[]} all @param {Map<string, string>} known */
function redraw(place, all, known) {
  const focused = place.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
  place.replaceChildren(
    all.length
      ? table(
          "Kjøringer, de nyeste først",
          ["Startet", "Scenario", "Slag", "Status", "Utfall", "Avstand", "Brukt"],
          all.map((run) => [
            element("a", { href: href("kjoringer", { run: run.id }) }, moment(run.created)),
            nameOf(run, known),
            word(KIND, run.kind),
            element("span", { class: `status ${run.status}` }, word(STATUS, run.status)),
            word(OUTCOME, run.outcome),
            percent(run.progress.gap),
            duration(run.progress.seconds),
          ]),
        )
      : element("p", {}, "Ingen kjøringer ennå."),
  );
  if (focused) /** @type {HTMLElement | null} */ (place.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus();
}

/** @param {Run} run @param {Map<string, string>} known */
const nameOf = (run, known) => (run.scenario_id && known.get(run.scenario_id)) || "Ikke lagret scenario";

/** @param {Run} run @param {Map<string, string>} known @param {AbortSignal} signal */
function one(run, known, signal) {
  const next = element("div", { class: "next" });
  const heading = element("h2", { tabindex: -1 }, `${word(KIND, run.kind)}: ${nameOf(run, known)}`);
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
  if (hasPlan(run) && run.outcome !== "infeasible") {
    place.replaceChildren(
      element("a", { class: "button main", href: href("plan", { run: run.id }) }, "Vis planen"),
      element("a", { class: "button", href: href("sammenlign", { run: run.id }) }, "Sammenlign med en annen"),
    );
  } else if (run.outcome === "infeasible") {
    place.replaceChildren(
      element("p", {}, "Kravene kan ikke oppfylles samtidig. Finn ut hva som minst må gi etter."),
      element("button", { type: "button", class: "main", onclick: () => repair(run) }, "Hva må gi etter?"),
    );
  } else if (run.links.some(({ rel }) => rel === "result")) {
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
