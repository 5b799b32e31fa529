/** Shows the view that the address asks for. */

import { element } from "./dom.js";
import { quiet, tell } from "./messages.js";
import { address } from "./route.js";
import * as compare from "./views/compare.js";
import * as plan from "./views/plan.js";
import * as runs from "./views/runs.js";
import * as scenario from "./views/scenario.js";

/**
 * @typedef {object} View
 * @property {string} title
 * @property {(place: HTMLElement, query: URLSearchParams, signal: AbortSignal) => Promise<void>} show
 *   fills a place; the signal ends what the view has going
 */

/** @type {Record<string, View>} */
const VIEWS = { plan, scenario, kjoringer: runs, sammenlign: compare };

let watch = new AbortController();

async function show() {
  const { name, query } = address();
  const view = VIEWS[name] ?? plan;
  watch.abort();
  watch = new AbortController();
  const { signal } = watch;
  quiet();
  document.title = `${view.title} – flerkjerne`;
  mark(name);
  const content = /** @type {HTMLElement} */ (document.getElementById("content"));
  const place = element("div", { class: `view ${name}`, "aria-busy": "true" }, element("h1", {}, view.title));
  content.replaceChildren(place);
  try {
    await view.show(place, query, signal);
  } catch (error) {
    if (!signal.aborted) tell(error);
  }
  place.removeAttribute("aria-busy");
}

/** @param {string} name */
function mark(name) {
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

window.addEventListener("hashchange", (event) => {
  if (new URL(event.newURL).hash !== new URL(event.oldURL).hash) show();
});
show();
