/** Why a project opens or not: a run of kind why_not, told in its own words. */

import { get, post, runs } from "./api.js";
import { element, redraw } from "./dom.js";
import { isOpen, live } from "./live.js";
import { tell } from "./messages.js";

/** @typedef {import("./live.js").Run} Run */

/** @typedef {{scenario: import("./figures.js").Scenario, run: Run}} Asked */
/** @typedef {{element: HTMLElement, signal: AbortSignal}} Place */

/**
 * Gives of each project what is known, or a button that finds out. One answer is waited for at a
 * time: a browser keeps few lines open.
 * @param {Asked} asked
 * @param {AbortSignal} signal ends the watch
 * @returns {(project: string) => HTMLElement}
 */
export function explainer(asked, signal) {
  let watch = new AbortController();
  let shown = { project: "", element: element("div") };
  signal.addEventListener("abort", () => watch.abort());
  return (project) => {
    if (project === shown.project) return shown.element;
    watch.abort();
    watch = new AbortController();
    shown = { project, element: reasons(asked, project, watch.signal) };
    return shown.element;
  };
}

/** @param {Asked} asked @param {string} project @param {AbortSignal} signal */
function reasons(asked, project, signal) {
  const place = { element: element("div", { class: "why", tabindex: -1 }, element("p", {}, "Leter etter svar …")), signal };
  earlier(asked.run, project)
    .then((run) => (run ? showRun(place, run) : offer(place, asked, project)))
    .catch(tell);
  return place.element;
}

/** @param {Run} run @param {string} project */
async function earlier(run, project) {
  const all = await runs();
  return all.find(
    (one) =>
      one.kind === "why_not" &&
      one.scenario_hash === run.scenario_hash &&
      one.parameters.project === project &&
      (isOpen(one) || one.status === "successful"),
  );
}

/** @param {Place} place @param {Asked} asked @param {string} project */
function offer(place, { scenario, run }, project) {
  const button = element("button", { type: "button" }, "Regn ut hva det motsatte ville koste");
  button.addEventListener("click", async () => {
    place.element.focus();
    button.disabled = true;
    try {
      const options = { ...run.options };
      showRun(place, await post("/v1/runs", { scenario, kind: "why_not", parameters: { project }, options }));
    } catch (error) {
      button.disabled = false;
      tell(error);
    }
  });
  place.element.replaceChildren(
    element("p", {}, "Planen regnes på nytt med prosjektet tvunget inn eller ut, og forskjellen vises."),
    button,
  );
}

/** @param {Place} place @param {Run} run */
async function showRun(place, run) {
  if (!isOpen(run)) {
    await showAnswer(place.element, run);
    return;
  }
  redraw(place.element, live(run, place.signal, (ended) => showAnswer(place.element, ended).catch(tell)));
}

/** @param {HTMLElement} place @param {Run} run */
async function showAnswer(place, run) {
  if (!run.links.some(({ rel }) => rel === "result")) {
    redraw(place, element("p", {}, run.error?.detail ?? "Kjøringen ga ikke noe svar."));
    return;
  }
  const { text } = await get(`/v1/runs/${run.id}/result`);
  redraw(
    place,
    ...text.map((/** @type {string} */ line) => element("p", {}, line)),
    element("p", {}, element("a", { href: `#/kjoringer?run=${run.id}` }, "Se kjøringen")),
  );
}
