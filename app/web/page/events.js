/** What happens to a run, as it happens (server-sent events, with a key where one is asked for). */

import { Problem, send } from "./api.js";

const RETRY_MS = 1000;

/** @typedef {{id: string, event: string, data: any}} RunEvent */

/**
 * Every event of a run, to its end. A line that breaks is taken up where it broke.
 * @param {string} runId
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<RunEvent>}
 */
export async function* eventsOf(runId, signal) {
  let last = "";
  while (!signal.aborted) {
    try {
      const headers = last ? { "Last-Event-ID": last } : undefined;
      const answer = await send(`/v1/runs/${encodeURIComponent(runId)}/events`, { headers, signal });
      if (answer.status === 204 || answer.body === null) return;
      for await (const event of parsed(answer.body)) {
        last = event.id || last;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/**
 * Events of a stream. Comments, which say that the line is open, are left out.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<RunEvent>}
 */
export async function* parsed(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = eventOf(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    reader.releaseLock();
  }
}

/**
 * @param {string} block
 * @returns {RunEvent | null}
 */
function eventOf(block) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name) fields[name] = value;
  }
  if (fields.data === undefined) return null;
  return { id: fields.id ?? "", event: fields.event ?? "message", data: JSON.parse(fields.data) };
}
