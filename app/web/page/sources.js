/** Where the figures of a part of the scenario are from. */

import { element } from "./dom.js";
import { sourcesOf } from "./figures.js";
import { SOURCE, word } from "./words.js";

/**
 * @param {import("./figures.js").Scenario} scenario
 * @param {string} pointer JSON pointer of the part
 */
export function sources(scenario, pointer) {
  const found = sourcesOf(scenario, pointer);
  if (!found.length) return element("p", {}, "Scenariet oppgir ingen kilde for dette.");
  return element(
    "ul",
    { class: "sources" },
    ...found.map(({ pointer: at, source }) =>
      element(
        "li",
        {},
        element("strong", {}, word(SOURCE, source.status)),
        ` (${at}) `,
        source.note,
        source.publisher && ` ${[source.publisher, source.year].filter(Boolean).join(", ")}.`,
        source.licence && ` ${source.licence}.`,
        link(source.url),
      ),
    ),
  );
}

/** Only what a browser opens as a page. @param {string | null | undefined} url */
const link = (url) =>
  url && /^https?:\/\//.test(url) ? [" ", element("a", { href: url, rel: "noreferrer" }, "Kilden")] : null;
