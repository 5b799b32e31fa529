import assert from "node:assert/strict";
import { test } from "node:test";

import { parsed } from "../page/event_stream.js";

const TEXT = ': open\n\nid: 7\nevent: state\ndata: {"status":"running"}\n\ndata: {"title":"Søre Ål"}\n\nid: 8\n\ndata: {"lost":';

/** @param {number} size bytes at a time */
async function read(size) {
  const bytes = new TextEncoder().encode(TEXT);
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  const found = [];
  for await (const event of parsed(stream)) found.push(event);
  return found;
}

for (const size of [1, 2, 7, 1000]) {
  test(`events are whole, however the bytes come (${size} at a time)`, async () => {
    assert.deepEqual(await read(size), [
      { id: "7", event: "state", data: { status: "running" } },
      { id: "", event: "message", data: { title: "Søre Ål" } },
    ]);
  });
}
