/** Asks for the key that the service wants. It is kept for this tab alone. */

import { element, freshId } from "./dom.js";

/** @type {Promise<string> | null} */
let asked = null;

/**
 * The key that is given; the dialog stands until there is one.
 * @param {boolean} again whether the one before was refused
 * @returns {Promise<string>}
 */
export function askForKey(again) {
  asked ??= shown(again).finally(() => {
    asked = null;
  });
  return asked;
}

/** @param {boolean} again @returns {Promise<string>} */
function shown(again) {
  const [title, field, error] = [freshId("key"), freshId("key"), freshId("key")];
  const input = element("input", {
    id: field,
    type: "password",
    autocomplete: "current-password",
    required: true,
    "aria-describedby": again ? error : null,
  });
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", { id: title }, "Logg inn"),
    element("p", {}, "Tjenesten krever en nøkkel. Den som driver tjenesten, lager den med «flerkjerne keys create»."),
    again && element("p", { id: error, class: "error", role: "alert" }, "Nøkkelen ble ikke godtatt."),
    element("label", { for: field }, "Nøkkel"),
    input,
    element("button", { class: "main" }, "Logg inn"),
  );
  const dialog = element("dialog", { "aria-labelledby": title }, form);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    form.addEventListener("submit", () => {
      dialog.remove();
      resolve(input.value.trim());
    });
  });
}
