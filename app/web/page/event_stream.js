/** Server-sent events, as they come over the line. */

/** @typedef {{id: string, event: string, data: any}} RunEvent */

/**
 * Events of a stream. Comments, which say that the line is open, are left out.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<RunEvent>}
 */
export async function* parsed(stream) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
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
