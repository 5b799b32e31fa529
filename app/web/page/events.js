/** What happens to a run, as it happens (server-sent events, with a key where one is asked for). */

import { send } from "./api.js";
import { parsed } from "./event_stream.js";
import { tell } from "./messages.js";
import { passing, Problem } from "./problem.js";

const RETRY_MS = 1000;

/**
 * Every event of a run, to its end. A line that breaks is taken up where it broke.
 * @param {string} runId
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<import("./event_stream.js").RunEvent>}
 */
export async function* eventsOf(runId, signal) {
  let last = "";
  let takeBack = () => {};
  while (!signal.aborted) {
    try {
      const headers = last ? { "Last-Event-ID": last } : undefined;
      const answer = await send(`/v1/runs/${encodeURIComponent(runId)}/events`, { headers, signal });
      takeBack();
      if (answer.status === 204 || answer.body === null) return;
      for await (const event of parsed(answer.body)) {
        last = event.id || last;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem) {
        if (!passing(error)) throw error;
        takeBack = tell(error);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
