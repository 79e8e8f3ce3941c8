/** Field names with numbers. What a list changes is tested in a thread, see fieldids.worker.ts. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fieldIdOf, headerCase, UNKNOWN_FIELD } from "../../lib/http/knownfields.ts";

const known = suite("known field names");

known("have ids from 1 on, once a list is set, and it is set once", async () => {
  const worker = new Worker(new URL("fieldids.worker.js", import.meta.url));
  const [message] = await once(worker, "message");
  assert.is(message, "ok");
});

known("are unknown otherwise", () => {
  assert.is(fieldIdOf("x-nobody-has-this"), UNKNOWN_FIELD);
});

known("are spelled Http-Header-Case", () => {
  assert.is(headerCase("content-TYPE"), "Content-Type");
  assert.is(headerCase("etag"), "Etag");
  assert.is(headerCase(""), "");
});

known.run();
