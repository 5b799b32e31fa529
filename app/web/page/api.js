/** The service, as any other client meets it. */

import { askForKey } from "./login.js";
import { Problem } from "./problem.js";

/** @typedef {import("documents").components["schemas"]} Schemas */

const JSON_TYPE = "application/json";
const KEY = "flerkjerne.key";
let key = sessionStorage.getItem(KEY);

/**
 * A request that is let in: asks for a key when the service wants one. Raises Problem.
 * @param {string} address
 * @param {RequestInit} [request]
 * @returns {Promise<Response>}
 */
export async function send(address, request = {}) {
  const answer = await reached(address, request);
  if (answer.status === 401) {
    key = await askForKey(key !== null);
    sessionStorage.setItem(KEY, key);
    return send(address, request);
  }
  if (!answer.ok) throw new Problem(answer.status, await problemOf(answer));
  return answer;
}

/** @param {string} address @param {RequestInit} request */
async function reached(address, request) {
  const headers = new Headers(request.headers);
  if (key !== null) headers.set("Authorization", `Bearer ${key}`);
  try {
    return await fetch(address, { ...request, headers });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Problem(0, { detail: "Tjenesten svarer ikke. Prøv igjen om litt." });
  }
}

/** @param {Response} answer */
async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

/**
 * A document. What has not changed since it was read last is not sent again.
 * @param {string} address
 * @returns {Promise<any>}
 */
export const get = async (address) => (await send(address)).json();

/**
 * Post once, however often the line breaks: the key says that it is the same request.
 * @param {string} address
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export async function post(address, body) {
  const headers = { "Content-Type": JSON_TYPE, "Idempotency-Key": crypto.randomUUID?.() ?? randomKey() };
  const answer = await send(address, { method: "POST", headers, body: JSON.stringify(body) });
  return answer.json();
}

/** `crypto.randomUUID` is only there on loopback and behind TLS. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("-");
}

/**
 * Dismiss a run.
 * @param {string} runId
 */
export const dismiss = (runId) => send(`/v1/runs/${encodeURIComponent(runId)}`, { method: "DELETE" });

/**
 * Everything of a paged list, up to a number that a person can look through.
 * @param {string} address
 * @param {number} [most]
 * @returns {Promise<any[]>}
 */
export async function list(address, most = 200) {
  const found = [];
  /** @type {string | null} */
  let next = `${address}?limit=50`;
  while (next !== null && found.length < most) {
    const page = await get(next);
    found.push(...page.items);
    next = page.next;
  }
  return found;
}

/** Stored scenarios, newest first, then the bundled ones. */
export async function scenarios() {
  const [own, bundled] = await Promise.all([list("/v1/scenarios"), get("/v1/examples")]);
  return /** @type {Schemas["ScenarioSummary"][]} */ ([...own, ...bundled.items]);
}

/** Runs, newest first. */
export const runs = async () => /** @type {Schemas["RunResource"][]} */ (await list("/v1/runs"));

/** Whether there is a plan to look at: that nothing holds is an answer, too. @param {Schemas["RunResource"]} run */
export const hasPlan = ({ kind, outcome }) => kind === "solve" && (outcome === "optimal" || outcome === "feasible");

/**
 * Scenario and plan of a run.
 * @param {string} runId
 * @returns {Promise<{scenario: Schemas["Scenario"], plan: Schemas["Plan"]}>}
 */
export async function answered(runId) {
  const here = `/v1/runs/${encodeURIComponent(runId)}`;
  const [scenario, plan] = await Promise.all([get(`${here}/scenario`), get(`${here}/plan`)]);
  return { scenario, plan };
}

/**
 * Save what the service makes for other programs.
 * @param {string} address
 * @param {string} name
 */
export async function download(address, name) {
  const file = await (await send(address)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
