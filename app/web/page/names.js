/** What runs are called. */

/** @typedef {{scenario_id: string | null, scenario_hash: string}} Run */

const NOT_STORED = "Ikke lagret scenario";

/**
 * Names a run by its scenario, or by one that is the same to the letter: questions about a plan are
 * sent with the scenario itself.
 * @param {{id: string, title: string}[]} scenarios
 * @param {Run[]} runs
 * @returns {(run: Run) => string}
 */
export function namer(scenarios, runs) {
  const titles = new Map(scenarios.map(({ id, title }) => [id, title]));
  /** @param {Run} run */
  const own = ({ scenario_id }) => (scenario_id === null ? undefined : titles.get(scenario_id));
  const same = new Map(runs.filter(own).map((run) => [run.scenario_hash, own(run)]));
  return (run) => own(run) ?? same.get(run.scenario_hash) ?? NOT_STORED;
}
