/** Numbers as Norwegians write them. */

const whole = new Intl.NumberFormat("nb-NO", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("nb-NO", { maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("nb-NO", { maximumFractionDigits: 2 });
const NOTHING = "–";
const MILLION = 1e6;

/** @typedef {number | null | undefined} Maybe */

/**
 * @param {Maybe} value
 * @param {(value: number) => string} written
 */
const orNothing = (value, written) =>
  value === null || value === undefined || Number.isNaN(value)
    ? NOTHING
    : written(value).replace(/^[−-](?=[0,]*([^\d,]|$))/, ""); // minus nought is nought

/** @param {Maybe} value */
export const count = (value) => orNothing(value, (v) => whole.format(v));

/** To one decimal. @param {Maybe} value */
export const decimal = (value) => orNothing(value, (v) => tenths.format(v));

/** A share as per cent. @param {Maybe} value */
export const percent = (value) => orNothing(value, (v) => `${hundredths.format(v * 100)} %`);

/** @param {Maybe} value */
export const minutes = (value) => orNothing(value, (v) => `${tenths.format(v)} min`);

/** NOK in millions. @param {Maybe} value */
export const millions = (value) => orNothing(value, (v) => `${tenths.format(v / MILLION)} mill. kr`);

/** With a sign, for differences. @param {Maybe} value @param {(value: Maybe) => string} written */
export const signed = (value, written) =>
  orNothing(value, (v) => (v > 0 ? `+${written(v)}` : written(v)));

/** @param {Maybe} seconds */
export const duration = (seconds) =>
  orNothing(seconds, (s) =>
    s < 60 ? `${tenths.format(s)} s` : `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`,
  );

/** A point in time. @param {string | null | undefined} iso */
export const moment = (iso) =>
  iso
    ? new Date(iso).toLocaleString("nb-NO", { dateStyle: "short", timeStyle: "short" })
    : NOTHING;

/**
 * A number that a person wrote, with a comma or a point; null when there is none, NaN when it is
 * not a number.
 * @param {string} text
 */
export function read(text) {
  const plain = text.replace(/[\s\u00a0]/g, "").replace(",", ".").replace("−", "-");
  return plain === "" ? null : Number(plain);
}
