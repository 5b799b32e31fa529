/** What the codes of the documents are called. */

/** @type {Record<string, string>} */
export const STATUS = {
  accepted: "I kø",
  running: "Regner",
  successful: "Ferdig",
  failed: "Mislyktes",
  dismissed: "Avbrutt",
};

/** @type {Record<string, string>} */
export const KIND = {
  solve: "Plan",
  repair: "Hva må gi etter",
  price: "Hva regler koster",
  why_not: "Hvorfor, hvorfor ikke",
  alternatives: "Nesten like gode",
  pareto: "Avveininger",
  stress: "Stresstest",
};

/** @type {Record<string, string>} */
export const OUTCOME = {
  optimal: "Beste plan",
  feasible: "Plan, ikke bevist best",
  infeasible: "Ingen plan oppfyller alle krav",
  no_plan: "Ingen plan funnet innen grensene",
};

/** @type {Record<string, string>} */
export const PROJECT_KIND = {
  extension: "Utvidelse",
  conversion: "Ombygging",
  new: "Nybygg",
  temporary: "Midlertidig",
};

/** @type {Record<string, string>} */
export const OWNERSHIP = {
  municipal: "Kommunal",
  non_profit: "Ideell",
  private: "Privat",
  public_private: "Offentlig–privat samarbeid",
};

/** @type {Record<string, string>} */
export const QUALITY = {
  documented: "dokumentert posisjon",
  secondary: "posisjon fra annenhåndskilde",
  proxy: "posisjon er en stedfortreder",
  guess: "posisjon er en gjetning",
  missing: "posisjon er ikke funnet; punktet er en stedfortreder",
};

/** @type {Record<string, string>} */
export const SOURCE = {
  documented: "Dokumentert",
  derived: "Utledet",
  assumption: "Forutsetning",
};

/**
 * The word, or the code itself when there is none.
 * @param {Record<string, string>} words
 * @param {string | null | undefined} code
 */
export const word = (words, code) => (code ? (words[code] ?? code) : "–");
