import assert from "node:assert/strict";
import { test } from "node:test";

import { chosenIn, keyOf, written } from "../page/chosen.js";
import { journeysTo, placesAt, rulesAbout, sizeOf, sourcesOf, sumOf, yearsOf } from "../page/figures.js";
import { namer } from "../page/names.js";

/** @type {any} */
const SCENARIO = {
  care_types: { hdo: { title: "HDO" }, care_home: { title: "Omsorgsbolig" } },
  sites: { tun: { title: "Tunet" } },
  projects: {
    nybygg: { title: "Nybygg", site: "tun", excludes: ["utvidelse"], ownership: "private", opens: { earliest: 2028 } },
    utvidelse: { title: "Utvidelse", site: "tun" },
  },
  policies: { forbidden_projects: ["nybygg"], allowed_ownership: ["municipal"] },
  sources: {
    "/projects": { status: "assumption" },
    "/projects/nybygg": { status: "documented" },
    "/projects/nybygg/places/max": { status: "derived" },
  },
};
/** @type {any} */
const PLAN = {
  years: { 2028: {}, 2026: {} },
  sites: { tun: { places: { hdo: { 2026: 10, 2028: 22 } } } },
  projects: { utvidelse: { site: "tun", opens: 2028, places: { hdo: { 2028: 12 } } } },
  allocation: [
    { year: 2028, site: "tun", district: "a", places: 3 },
    { year: 2028, site: "tun", district: "b", places: 9 },
    { year: 2026, site: "tun", district: "a", places: 10 },
  ],
};

test("places are told apart: those of before and new ones", () => {
  assert.deepEqual(placesAt(SCENARIO, PLAN, "tun", 2028), [{ type: "hdo", title: "HDO", standing: 10, added: 12 }]);
  assert.equal(sumOf(placesAt(SCENARIO, PLAN, "tun", 2026)), 10);
  assert.deepEqual(placesAt(SCENARIO, PLAN, "nowhere", 2028), []);
  assert.equal(sizeOf(PLAN.projects.utvidelse), 12);
  assert.deepEqual(yearsOf(PLAN), [2026, 2028]);
});

test("journeys are those of the year, most people first", () => {
  assert.deepEqual(journeysTo(PLAN, "tun", 2028).map(({ district }) => district), ["b", "a"]);
});

test("rules about a project are told", () => {
  assert.deepEqual(rulesAbout(SCENARIO, PLAN, "nybygg"), [
    "Scenariet forbyr prosjektet.",
    "Eierformen (privat) er ikke tillatt i scenariet.",
    "Utelukkes av «Utvidelse», som åpner i planen.",
    "Kan tidligst åpne i 2028.",
  ]);
  assert.deepEqual(rulesAbout(SCENARIO, PLAN, "nothing"), []);
});

test("sources of a part are its own and those below, else the nearest above", () => {
  const pointers = (/** @type {string} */ at) => sourcesOf(SCENARIO, at).map(({ pointer }) => pointer);
  assert.deepEqual(pointers("/projects/nybygg"), ["/projects/nybygg", "/projects/nybygg/places/max"]);
  assert.deepEqual(pointers("/projects/utvidelse"), ["/projects"]);
  assert.deepEqual(pointers("/sites/tun"), []);
});

test("a choice comes back from its address", () => {
  const chosen = /** @type {const} */ ({ kind: "project", id: "a&b" });
  assert.deepEqual(chosenIn(new URLSearchParams(written(chosen))), chosen);
  assert.equal(chosenIn(new URLSearchParams("run=1")), null);
  assert.deepEqual(written(null), {});
  assert.equal(keyOf(chosen), "project:a&b");
});

test("a run is called by its scenario, or by one that is the same", () => {
  const of = { scenario_id: "s", scenario_hash: "x" };
  const question = { scenario_id: null, scenario_hash: "x" };
  const nameOf = namer([{ id: "s", title: "Mål fra 2032" }], [question, of]);
  assert.equal(nameOf(of), "Mål fra 2032");
  assert.equal(nameOf(question), "Mål fra 2032");
  assert.equal(nameOf({ scenario_id: "gone", scenario_hash: "y" }), "Ikke lagret scenario");
});
