/** What is said to the planner, aloud to those who listen. */

import { element } from "./dom.js";

const place = () => /** @type {HTMLElement} */ (document.getElementById("messages"));

/**
 * Say something, or what went wrong.
 * @param {unknown} said a text or an error
 */
export function tell(said) {
  if (said instanceof DOMException && said.name === "AbortError") return;
  const failed = said instanceof Error;
  if (failed) console.error(said);
  const text = failed ? said.message : String(said);
  const close = element("button", { type: "button", onclick: quiet }, "Lukk");
  place().replaceChildren(element("p", { class: failed ? "message error" : "message" }, text, " ", close));
}

/** Take back what was said. */
export const quiet = () => place().replaceChildren();
