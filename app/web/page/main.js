/** Shows the view that the address asks for. */

import { element, keyed } from "./dom.js";
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

/** @param {boolean} first nothing was shown before */
async function show(first) {
  const { name, query } = address();
  const view = VIEWS[name] ?? plan;
  watch.abort();
  watch = new AbortController();
  const { signal } = watch;
  quiet();
  document.title = `${view.title} – flerkjerne`;
  mark(name);
  const content = /** @type {HTMLElement} */ (document.getElementById("content"));
  const heading = element("h1", { tabindex: -1 }, view.title);
  const place = element("div", { class: `view ${name}`, "aria-busy": "true" }, heading);
  const held = content.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
  content.replaceChildren(place);
  if (!first) heading.focus();
  try {
    await view.show(place, query, signal);
  } catch (error) {
    if (!signal.aborted) tell(error);
  }
  place.removeAttribute("aria-busy");
  if (held && document.activeElement === heading) keyed(place, held)?.focus();
}

/** @param {string} name */
function mark(name) {
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @type {HTMLElement} */ (document.querySelector(".skip")).addEventListener("click", (event) => {
  event.preventDefault(); // the fragment is the address of a view
  document.getElementById("content")?.focus();
});
window.addEventListener("hashchange", (event) => {
  if (new URL(event.newURL).hash !== new URL(event.oldURL).hash) show(false);
});
show(true);
