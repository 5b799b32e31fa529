/** A slider over the years that can play by itself. */

import { element, freshId } from "./dom.js";

const YEAR_MS = 1200;

/**
 * @param {number[]} years
 * @param {number} year shown first
 * @param {(year: number) => void} onYear
 */
export function player(years, year, onYear) {
  const id = freshId("year");
  const output = element("output", { for: id, class: "year" }, year);
  const slider = element("input", {
    id, type: "range", min: years[0], max: years[years.length - 1], step: 1, value: year,
    oninput: () => moveTo(Number(slider.value)),
  });
  const button = element("button", { type: "button", onclick: toggle }, "Spill av");
  let playing = 0;

  /** @param {number} to */
  function moveTo(to) {
    slider.value = String(to);
    output.textContent = String(to);
    onYear(to);
  }

  function toggle() {
    if (playing) {
      stop();
      return;
    }
    button.textContent = "Stopp";
    if (Number(slider.value) === years[years.length - 1]) moveTo(years[0]);
    playing = window.setInterval(forward, YEAR_MS);
  }

  function forward() {
    const next = Number(slider.value) + 1;
    if (next > years[years.length - 1] || !slider.isConnected) stop();
    else moveTo(next);
  }

  function stop() {
    window.clearInterval(playing);
    playing = 0;
    button.textContent = "Spill av";
  }

  return element(
    "div",
    { class: "player", role: "group", "aria-label": "År" },
    button,
    element("label", { for: id }, "År"),
    slider,
    output,
  );
}
