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
