/** What is said to the planner, aloud to those who listen. */

import { element } from "./dom.js";
import { Problem } from "./problem.js";

const place = () => /** @type {HTMLElement} */ (document.getElementById("messages"));

/**
 * Say something, or what went wrong. What stands there already is not said again.
 * @param {unknown} said a text or an error
 * @returns {() => void} takes it back, if it still stands
 */
export function tell(said) {
  if (said instanceof DOMException && said.name === "AbortError") return () => {};
  const failed = said instanceof Error;
  if (failed && !(said instanceof Problem)) console.error(said); // nobody foresaw it
  const text = failed ? said.message : String(said);
  const standing = () => place().firstElementChild?.firstChild?.textContent;
  if (standing() !== text) {
    const close = element("button", { type: "button", onclick: quiet }, "Lukk");
    place().replaceChildren(element("p", { class: failed ? "message error" : "message" }, text, " ", close));
  }
  return () => {
    if (standing() === text) quiet();
  };
}

/** Take back whatever was said. */
export const quiet = () => place().replaceChildren();
