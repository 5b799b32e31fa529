/** Charts by year: stacked columns and lines, each with a description and a table. */

import { drawing, element, freshId } from "./dom.js";
import { GREY, INK } from "./palette.js";
import { foldedTable } from "./table.js";

/** @typedef {number | null} Value */
/** @typedef {{name: string, colour: string, values: Value[]}} Columns stacked, the first at the bottom */
/** @typedef {{name: string, dashed?: boolean, values: Value[]}} Line */
/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} text what it shows, in a sentence
 * @property {string} across what the horizontal axis counts, as a table heading
 * @property {string[]} at where the values stand, in order
 * @property {Columns[]} [columns]
 * @property {Line[]} [lines]
 * @property {(value: number) => string} written
 * @property {number} [marked] index that is pointed out
 * @property {boolean} [fromLowest] the axis begins at the lowest value instead of nought
 */

const WIDTH = 480;
const HEIGHT = 230;
const EDGE = { left: 66, right: 12, top: 12, bottom: 26 };
const STEPS = [1, 2, 2.5, 5, 10];

/** @param {Chart} chart */
export function chart(chart) {
  const title = freshId("chart");
  const caption = element("figcaption", { id: title }, chart.title);
  return element(
    "figure",
    { class: "chart" },
    caption,
    picture(chart),
    key(chart),
    foldedTable(chart.title, [chart.across, ...named(chart).map(({ name }) => name)], rows(chart)),
  );
}

/** @param {Chart} chart */
const named = ({ columns = [], lines = [] }) => [...columns, ...lines];

/** @param {Chart} chart */
const rows = (chart) =>
  chart.at.map((place, index) => [
    place,
    ...named(chart).map(({ values }) => {
      const value = values[index];
      return value === null || value === undefined ? "–" : chart.written(value);
    }),
  ]);

/** @param {Chart} chart */
function picture(chart) {
  const [low, high] = range(chart);
  const ticks = ticksBetween(low, high);
  const [bottom, top] = [Math.min(low, ticks[0]), Math.max(high, ticks[ticks.length - 1])];
  const width = (WIDTH - EDGE.left - EDGE.right) / Math.max(1, chart.at.length);
  /** @param {number} value */
  const y = (value) =>
    HEIGHT - EDGE.bottom - ((value - bottom) / (top - bottom || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  /** @param {number} index */
  const x = (index) => EDGE.left + (index + 0.5) * width;
  return drawing(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${chart.title}. ${chart.text}` },
    chart.marked !== undefined &&
      chart.marked >= 0 &&
      drawing("rect", {
        class: "marked",
        x: x(chart.marked) - width / 2,
        y: EDGE.top,
        width,
        height: HEIGHT - EDGE.top - EDGE.bottom,
      }),
    ticks.map((value) => gridline(y(value), chart.written(value))),
    labels(chart, x),
    stacks(chart, x, y, width),
    (chart.lines ?? []).map((line) => path(line, x, y)),
  );
}

/** @param {Chart} chart @returns {[number, number]} */
function range(chart) {
  const heights = chart.at.map((_, index) =>
    (chart.columns ?? []).reduce((sum, { values }) => sum + (values[index] ?? 0), 0),
  );
  const values = (chart.lines ?? []).flatMap(({ values }) => values.filter((value) => value !== null));
  const all = /** @type {number[]} */ ([...values, ...(chart.columns ? heights : [])]);
  if (!all.length) return [0, 1];
  const low = chart.fromLowest ? Math.min(...all) : Math.min(0, ...all);
  return [low, Math.max(...all, low + Number.EPSILON)];
}

/**
 * Round values that span a range, four or so.
 * @param {number} low
 * @param {number} high
 * @returns {number[]}
 */
export function ticksBetween(low, high) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = power * (STEPS.find((step) => step * power >= span / 4) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** @param {number} y @param {string} text */
const gridline = (y, text) =>
  drawing(
    "g",
    { class: "grid" },
    drawing("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y }),
    drawing("text", { x: EDGE.left - 6, y: y + 4, "text-anchor": "end" }, text),
  );

/** @param {Chart} chart @param {(index: number) => number} x */
function labels(chart, x) {
  const every = Math.ceil(chart.at.length / 8);
  return chart.at.map(
    (text, index) =>
      index % every === 0 &&
      drawing("text", { class: "label", x: x(index), y: HEIGHT - 8, "text-anchor": "middle" }, text),
  );
}

/**
 * @param {Chart} chart
 * @param {(index: number) => number} x
 * @param {(value: number) => number} y
 * @param {number} width
 */
function stacks(chart, x, y, width) {
  return chart.at.flatMap((_, index) => {
    let below = 0;
    return (chart.columns ?? []).map(({ colour, values }) => {
      const value = values[index] ?? 0;
      below += value;
      if (value <= 0) return null;
      return drawing("rect", {
        x: x(index) - width * 0.38,
        y: y(below),
        width: width * 0.76,
        height: Math.max(0, y(below - value) - y(below)),
        fill: colour,
        stroke: GREY,
        "stroke-width": 0.5,
      });
    });
  });
}

/**
 * @param {Line} line
 * @param {(index: number) => number} x
 * @param {(value: number) => number} y
 */
function path({ values, dashed }, x, y) {
  let pen = "M";
  const steps = values.map((value, index) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const step = `${pen}${x(index).toFixed(1)},${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  });
  return drawing("path", {
    d: steps.join(""),
    fill: "none",
    stroke: INK,
    "stroke-width": 2,
    "stroke-linecap": "round",
    "stroke-dasharray": dashed ? "5 4" : null,
  });
}

/** @param {Chart} chart */
function key({ columns = [], lines = [] }) {
  return element(
    "ul",
    { class: "key" },
    ...columns.map(({ name, colour }) => element("li", {}, swatch(colour), name)),
    ...lines.map(({ name, dashed }) => element("li", {}, stroke(dashed), name)),
  );
}

/** A patch of colour for a legend. @param {string} colour */
export const swatch = (colour) =>
  drawing(
    "svg",
    { class: "swatch", viewBox: "0 0 16 12", "aria-hidden": "true" },
    drawing("rect", { x: 0.5, y: 0.5, width: 15, height: 11, fill: colour, stroke: GREY }),
  );

/** @param {boolean | undefined} dashed */
const stroke = (dashed) =>
  drawing(
    "svg",
    { class: "swatch", viewBox: "0 0 16 12", "aria-hidden": "true" },
    drawing("line", {
      x1: 0, x2: 16, y1: 6, y2: 6, stroke: INK, "stroke-width": 2, "stroke-dasharray": dashed ? "5 3" : null,
    }),
  );
