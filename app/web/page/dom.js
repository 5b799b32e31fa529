/** Elements, made without markup in strings: what a document says can never become a script. */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element. A property is set when the element has one of that name, else an attribute; a
 * function is a listener (`onclick`), and null, undefined and false are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

/**
 * As `element`, for drawings.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function drawing(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} made
 * @param {Record<string, unknown>} attributes
 * @param {(Child | Child[])[]} children
 * @returns {E}
 */
function furnished(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") {
      made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) made.append(child instanceof Node ? child : String(child));
  }
  return made;
}

const FOCUSABLE = "a[href], button, summary, input, select, [tabindex]";

/**
 * Replace what a place holds. What was unfolded stays so, and focus stays where it was: on what has
 * the same `data-key`, else on what stands in the same place.
 * @param {HTMLElement} place
 * @param {...(Node | string)} nodes
 */
export function redraw(place, ...nodes) {
  const open = [...place.querySelectorAll("details")].map((one) => one.open);
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const index = [...place.querySelectorAll(FOCUSABLE)].indexOf(/** @type {Element} */ (focused));
  place.replaceChildren(...nodes);
  place.querySelectorAll("details").forEach((one, nth) => { one.open = open[nth] ?? one.open; });
  if (focused === null || focused === place) return;
  const same = keyed(place, focused.getAttribute("data-key"));
  (same ?? /** @type {HTMLElement | undefined} */ (place.querySelectorAll(FOCUSABLE)[index]))?.focus();
}

/**
 * The first element in a place with a key.
 * @param {ParentNode} place
 * @param {string | null} key
 */
export const keyed = (place, key) =>
  key === null ? null : /** @type {HTMLElement | null} */ (place.querySelector(`[data-key="${CSS.escape(key)}"]`));

let made = 0;

/**
 * An id that no other element has.
 * @param {string} stem
 */
export function freshId(stem) {
  made += 1;
  return `${stem}-${made}`;
}

/**
 * A list of names and what they are: `[["Plasser", "47"], …]`.
 * @param {[string, Child | Child[]][]} pairs
 */
export function figures(pairs) {
  return element(
    "dl",
    { class: "figures" },
    ...pairs.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, ...[value].flat())),
    ),
  );
}

/**
 * Options of a select, the chosen one marked.
 * @param {[string, string][]} values value and text
 * @param {string} chosen
 */
export function options(values, chosen) {
  return values.map(([value, text]) =>
    element("option", { value, selected: value === chosen }, text),
  );
}
