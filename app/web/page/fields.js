/** Fields of a form that writes into a document. */

import { at, pointer, put } from "./changes.js";
import { element, freshId, options } from "./dom.js";
import { read } from "./numbers.js";
import { points } from "./series.js";

/** @typedef {import("./changes.js").Tree} Tree */
/** @typedef {import("./problem.js").Issue} Issue */
/** @typedef {{tree: Tree, years: [number, number]}} Draft */

const DIGITS = 12;

/** @typedef {{symbol: string, factor: number}} Unit what is written is the document's value times the factor */
export const PLACES = { symbol: "plasser", factor: 1 };
export const FTE = { symbol: "årsverk", factor: 1 };
export const PER_CENT = { symbol: "%", factor: 100 };
export const MILLIONS = { symbol: "mill. kr", factor: 1e-6 };
export const MINUTES = { symbol: "minutter", factor: 1 };
export const YEAR = { symbol: "år", factor: 1 };
export const NUMBER = { symbol: "", factor: 1 };

/** @param {number} value */
const rounded = (value) => Number(value.toPrecision(DIGITS));

/** @param {number | null | undefined} value @param {Unit} unit */
const shown = (value, { factor }) =>
  value === null || value === undefined ? "" : String(rounded(value * factor)).replace(".", ",");

/**
 * An input with its label, and room for what the service says about it.
 * @param {string} label
 * @param {string[]} path
 * @param {HTMLElement} input
 * @param {string} [symbol]
 */
function labelled(label, path, input, symbol = "") {
  const [id, error] = [freshId("field"), freshId("error")];
  input.id = id;
  input.setAttribute("aria-describedby", error);
  return element(
    "div",
    { class: "field", "data-pointer": pointer(path) },
    element("label", { for: id }, symbol ? `${label} (${symbol})` : label),
    input,
    element("p", { id: error, class: "error" }),
  );
}

/**
 * Inputs that belong together, and room for what the service says about them.
 * @param {string} legend
 * @param {string[]} path
 * @param {HTMLElement[]} content
 */
function group(legend, path, content) {
  const error = freshId("error");
  return element(
    "fieldset",
    { class: "field", "data-pointer": pointer(path), "aria-describedby": error },
    element("legend", {}, legend),
    ...content,
    element("p", { id: error, class: "error" }),
  );
}

/** @param {string} label @param {Draft} draft @param {string[]} path */
export function textField(label, draft, path) {
  const input = element("input", {
    type: "text", required: true, value: at(draft.tree, path) ?? "",
    oninput: () => put(draft.tree, path, input.value),
  });
  return labelled(label, path, input);
}

/** Empty: none. @param {string} label @param {Draft} draft @param {string[]} path @param {Unit} unit */
export function numberField(label, draft, path, unit) {
  const input = element("input", {
    type: "text", inputmode: "decimal", value: shown(at(draft.tree, path), unit),
    oninput: () => write(input, unit, (value) => put(draft.tree, path, value)),
  });
  return labelled(label, path, input, unit.symbol);
}

/** @param {HTMLInputElement} input @param {Unit} unit @param {(value: number | null) => void} store */
function write(input, { factor }, store) {
  const value = read(input.value);
  const wrong = Number.isNaN(value);
  input.setCustomValidity(wrong ? "Skriv et tall." : "");
  input.setAttribute("aria-invalid", String(wrong));
  if (!wrong) store(value === null ? null : rounded(value / factor));
}

/**
 * @param {string} label
 * @param {string[]} path what it is about, for what the service says of it
 * @param {[string, string][]} values
 * @param {string} chosen
 * @param {(value: string) => void} onChange
 */
export function choiceField(label, path, values, chosen, onChange) {
  const input = element("select", { onchange: () => onChange(input.value) }, ...options(values, chosen));
  return labelled(label, path, input);
}

/**
 * Boxes of which any number may be ticked.
 * @param {string} legend
 * @param {string[]} path
 * @param {[string, string][]} values
 * @param {string[]} chosen
 * @param {(chosen: string[]) => void} onChange
 */
export function boxes(legend, path, values, chosen, onChange) {
  const inputs = values.map(([value, text]) => {
    const input = element("input", { type: "checkbox", value, checked: chosen.includes(value), onchange: changed });
    return { input, label: element("label", { class: "toggle" }, input, text) };
  });
  function changed() {
    onChange(inputs.filter(({ input }) => input.checked).map(({ input }) => input.value));
  }
  return group(legend, path, inputs.map(({ label }) => label));
}

/**
 * Years and values that hold from then on, with rows to add and take away.
 * @param {string} legend
 * @param {Draft} draft
 * @param {string[]} path
 * @param {Unit} unit
 */
export function seriesField(legend, draft, path, unit) {
  const [first, last] = draft.years;
  const series = at(draft.tree, path);
  /** @type {[number, number | null][]} */
  const known = typeof series === "number" ? [[first, series]] : points(series);
  const rows = element("div", { class: "rows" });

  function store() {
    /** @type {Record<string, number>} */
    const written = {};
    for (const row of rows.children) {
      const [year, value] = row.querySelectorAll("input");
      const number = read(value.value);
      if (year.value && number !== null && !Number.isNaN(number)) written[year.value] = rounded(number / unit.factor);
    }
    put(draft.tree, path, Object.keys(written).length ? written : null);
  }

  /** @param {number} year @param {number | null} value */
  function addRow(year, value) {
    const [ofYear, ofValue] = [freshId("year"), freshId("value")];
    const yearInput = element("input", { id: ofYear, type: "number", min: first - 50, max: last, value: year, oninput: store });
    const valueInput = element("input", { id: ofValue, type: "text", inputmode: "decimal", value: shown(value, unit), oninput: () => write(valueInput, unit, store) });
    const row = element(
      "div",
      { class: "row" },
      element("label", { for: ofYear }, "Fra år"), yearInput,
      element("label", { for: ofValue }, unit.symbol || "Verdi"), valueInput,
      element("button", { type: "button", "aria-label": `Fjern raden for ${year}`, onclick: () => { row.remove(); store(); } }, "Fjern"),
    );
    rows.append(row);
    return yearInput;
  }

  for (const [year, value] of known) addRow(year, value);
  const add = element("button", { type: "button", onclick: () => addRow(nextYear(rows, first, last), null).focus() }, "Legg til år");
  return group(unit.symbol ? `${legend} (${unit.symbol})` : legend, path, [rows, add]);
}

/** @param {HTMLElement} rows @param {number} first @param {number} last */
function nextYear(rows, first, last) {
  const years = [...rows.querySelectorAll('input[type="number"]')].map((input) => Number(/** @type {HTMLInputElement} */ (input).value));
  return years.length ? Math.min(last, Math.max(...years) + 1) : first;
}

/**
 * What cannot be read as what it should be, before the service is asked.
 * @param {HTMLFormElement} form
 * @returns {Issue[]}
 */
export function unreadable(form) {
  const inputs = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[data-pointer] input")]);
  return inputs
    .filter((input) => !input.checkValidity())
    .map((input) => ({ pointer: fieldOf(input).dataset.pointer ?? "", message: complaint(input) }));
}

/** @param {HTMLInputElement} input */
function complaint({ validity, validationMessage, min, max }) {
  if (validity.valueMissing) return "Fyll ut feltet.";
  return validity.customError ? validationMessage : `Skriv et årstall fra ${min} til ${max}.`;
}

/** @param {Element} input */
const fieldOf = (input) => /** @type {HTMLElement} */ (input.closest("[data-pointer]"));

/**
 * Show beside each field what is wrong with it, and give for each fault what to say of it and where
 * it is mended; nowhere, when the form has no field for it.
 * @param {HTMLElement} form
 * @param {Issue[]} issues
 */
export function showIssues(form, issues) {
  const fields = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-pointer]")]);
  for (const field of fields) unmark(field);
  return issues.map(({ pointer, message, hint }) => {
    const text = [message, hint].filter(Boolean).join(" ");
    const field = fields
      .filter(({ dataset }) => `${pointer}/`.startsWith(`${dataset.pointer}/`))
      .sort((a, b) => (b.dataset.pointer ?? "").length - (a.dataset.pointer ?? "").length)[0];
    return { pointer, text: field ? `${nameOf(field)}: ${text}` : text, input: field ? mark(field, text) : null };
  });
}

/** @param {HTMLElement} field */
const nameOf = (field) => field.querySelector("label, legend")?.textContent ?? "";

/** @param {HTMLElement} field */
const errorOf = (field) => /** @type {HTMLElement} */ (field.querySelector("p.error"));

/** @param {HTMLElement} field */
const inputsOf = (field) => /** @type {HTMLInputElement[]} */ ([...field.querySelectorAll("input, select")]);

/** @param {HTMLElement} field */
function unmark(field) {
  errorOf(field).textContent = "";
  for (const input of inputsOf(field)) input.removeAttribute("aria-invalid");
}

/** Gives the input that the fault is about. @param {HTMLElement} field @param {string} text */
function mark(field, text) {
  const error = errorOf(field);
  error.textContent = `${error.textContent} ${text}`.trim();
  const inputs = inputsOf(field);
  const input = inputs.find((one) => !one.checkValidity()) ?? inputs[0];
  input?.setAttribute("aria-invalid", "true");
  for (let fold = field.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  return input ?? null;
}
