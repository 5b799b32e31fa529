/** A run as it goes: status, what it has found against time, and a way to stop it. */

import { dismiss, get } from "./api.js";
import { chart } from "./charts.js";
import { element, figures, redraw } from "./dom.js";
import { eventsOf } from "./events.js";
import { tell } from "./messages.js";
import { decimal, duration, millions, percent } from "./numbers.js";
import { OUTCOME, STATUS, word } from "./words.js";

/** @typedef {import("documents").components["schemas"]["RunResource"]} Run */
/** @typedef {{seconds: number, incumbent_nok: number | null, bound_nok: number | null, gap: number | null}} Standing */

const MILLION = 1e6;
const OPEN = ["accepted", "running"];

/** @param {{status: string}} run */
export const isOpen = (run) => OPEN.includes(run.status);

/**
 * A panel that follows a run to its end.
 * @param {Run} run
 * @param {AbortSignal} signal ends the watch
 * @param {(run: Run) => void} onEnd
 */
export function live(run, signal, onEnd) {
  const told = element("div", { tabindex: -1 });
  const stop = stopButton(run, told);
  /** @param {Run} now @param {Standing[]} course */
  const show = (now, course) => {
    redraw(told, ...standing(now, course));
    if (isOpen(now)) return;
    if (document.activeElement === stop) told.focus();
    stop.remove();
  };
  const panel = element("div", { class: "live" }, told, stop);
  show(run, []);
  follow(run, show, signal, onEnd).catch(tell);
  return panel;
}

/**
 * @param {Run} run
 * @param {(run: Run, course: Standing[]) => void} show
 * @param {AbortSignal} signal
 * @param {(run: Run) => void} onEnd
 */
async function follow(run, show, signal, onEnd) {
  /** @type {Standing[]} */
  const course = [];
  let now = run;
  for await (const { event, data } of eventsOf(run.id, signal)) {
    if (event === "state") now = { ...now, ...data };
    if (event === "progress") now = { ...now, progress: data };
    if (event === "incumbent") now = { ...now, progress: { ...now.progress, ...data } };
    if (event !== "state" && data.seconds !== null) course.push(data);
    show(now, course);
  }
  if (signal.aborted) return;
  now = await get(`/v1/runs/${run.id}`);
  show(now, course);
  if (isOpen(run)) onEnd(now);
}

/** @param {Run} run @param {Standing[]} course */
function standing(run, course) {
  const { incumbent_nok, bound_nok, gap, seconds, part, parts } = run.progress;
  return [
    figures([
      ["Status", element("span", { class: `status ${run.status}` }, word(STATUS, run.status))],
      ["Utfall", word(OUTCOME, run.outcome)],
      ["Beste plan så langt", millions(incumbent_nok)],
      ["Ingen plan koster mindre enn", millions(bound_nok)],
      ["Avstand til det best mulige", percent(gap)],
      ["Brukt", duration(seconds)],
      ...(parts ? [/** @type {[string, string]} */ (["Delberegning", `${part ?? 0} av om lag ${parts}`])] : []),
    ]),
    run.error ? element("p", { class: "error" }, run.error.detail) : "",
    course.length > 1 ? courseChart(course) : "",
  ];
}

/** @param {Run} run @param {HTMLElement} told has focus afterwards: a button that is off has none */
function stopButton(run, told) {
  const button = element("button", { type: "button", class: "stop" }, "Avbryt kjøringen");
  button.addEventListener("click", async () => {
    told.focus();
    button.disabled = true;
    try {
      await dismiss(run.id);
    } catch (error) {
      button.disabled = false;
      tell(error);
    }
  });
  return button;
}

/** @param {Standing[]} course */
function courseChart(course) {
  const ordered = [...course].sort((a, b) => a.seconds - b.seconds);
  /** @param {number | null} value */
  const inMillions = (value) => (value === null ? null : value / MILLION);
  return chart({
    title: "Beste plan og nedre grense mot tid",
    text: "Linjene nærmer seg hverandre. Når de møtes, er planen bevist best.",
    across: "Sekunder",
    at: ordered.map(({ seconds }) => decimal(seconds)),
    lines: [
      { name: "Beste plan (mill. kr)", values: ordered.map(({ incumbent_nok }) => inMillions(incumbent_nok)) },
      { name: "Nedre grense (mill. kr)", dashed: true, values: ordered.map(({ bound_nok }) => inMillions(bound_nok)) },
    ],
    written: decimal,
    fromLowest: true,
  });
}
