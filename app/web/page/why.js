/** Why a project opens or not: a run of kind why_not, told in its own words. */

import { get, post, runs } from "./api.js";
import { element } from "./dom.js";
import { isOpen, live } from "./live.js";
import { tell } from "./messages.js";

/** @typedef {import("./live.js").Run} Run */

/**
 * What is known, or a button that finds out.
 * @param {import("./details.js").Shown} shown
 * @param {string} project
 */
export function reasons(shown, project) {
  const place = element("div", { class: "why" }, element("p", {}, "Leter etter svar …"));
  earlier(shown, project)
    .then((run) => (run ? showRun(place, run) : offer(place, shown, project)))
    .catch(tell);
  return place;
}

/** @param {import("./details.js").Shown} shown @param {string} project */
async function earlier({ run }, project) {
  const all = await runs();
  return all.find(
    (one) =>
      one.kind === "why_not" &&
      one.scenario_hash === run.scenario_hash &&
      one.parameters.project === project &&
      (isOpen(one) || one.status === "successful"),
  );
}

/** @param {HTMLElement} place @param {import("./details.js").Shown} shown @param {string} project */
function offer(place, { scenario, run }, project) {
  const button = element("button", { type: "button" }, "Regn ut hva det motsatte ville koste");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const options = { ...run.options };
      showRun(place, await post("/v1/runs", { scenario, kind: "why_not", parameters: { project }, options }));
    } catch (error) {
      button.disabled = false;
      tell(error);
    }
  });
  place.replaceChildren(
    element("p", {}, "Planen regnes på nytt med prosjektet tvunget inn eller ut, og forskjellen vises."),
    button,
  );
}

/** @param {HTMLElement} place @param {Run} run */
async function showRun(place, run) {
  if (!isOpen(run)) {
    await showAnswer(place, run);
    return;
  }
  const watch = new AbortController();
  const panel = live(run, watch.signal, (ended) => showAnswer(place, ended).catch(tell));
  place.replaceChildren(panel);
}

/** @param {HTMLElement} place @param {Run} run */
async function showAnswer(place, run) {
  if (!run.links.some(({ rel }) => rel === "result")) {
    place.replaceChildren(element("p", {}, run.error?.detail ?? "Kjøringen ga ikke noe svar."));
    return;
  }
  const { text } = await get(`/v1/runs/${run.id}/result`);
  place.replaceChildren(
    ...text.map((/** @type {string} */ line) => element("p", {}, line)),
    element("p", {}, element("a", { href: `#/kjoringer?run=${run.id}` }, "Se kjøringen")),
  );
}
