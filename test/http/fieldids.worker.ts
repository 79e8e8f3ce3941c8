/**
 * Runs in a thread of its own for httpheaders.test.ts and knownfields.test.ts: sets a list of field
 * names and reads headers by their ids. Posts "ok", or fails the thread.
 */
import { parentPort } from "node:worker_threads";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { HTTPHeaders } from "../../lib/http/httpheaders.ts";
import { fieldIdOf, fieldIds, setFieldNames } from "../../lib/http/knownfields.ts";
import { spansOf } from "../../lib/http/spans.ts";

function refused(names: string[]): void {
  assert.throws(
    () => setFieldNames(names),
    (error: unknown) => error instanceof CodedError && error.code === "ERR_ARGUMENT_RANGE",
  );
}

const HEAD = "GET / HTTP/1.1\r\nHOST: a\r\nX-Other: 1\r\nSet: b\r\nset: c\r\nSets: d\r\n\r\n";

// The list is judged whole before any of it counts.
refused(["Host"]);
refused(["a b"]);
refused(["a", "a"]);
refused(Array.from({ length: 256 }, (_, index) => `n${index}`));
assert.is(fieldIds.size, 0);

// Id 255 takes the sign bit of the first number of a triple.
const names = ["host", ...Array.from({ length: 253 }, (_, index) => `n${index}`), "set"];
setFieldNames(names);
setFieldNames(names);
refused(["set", "host"]);
assert.is(fieldIds.get("host"), 1);
assert.is(fieldIdOf("Host"), 1);
assert.is(fieldIdOf("hOsT"), 1);
assert.is(fieldIdOf("SET"), 255);
assert.is(fieldIdOf("x-other"), 0);

const spans = spansOf(HEAD).map((value, index) => {
  if (index % 3 !== 0) return value;
  const name = HEAD.slice(value, HEAD.indexOf(":", value)).toLowerCase();
  return value | ((fieldIds.get(name) ?? 0) << 24);
});
const headers = HTTPHeaders.fromHead(HEAD, spans);
for (const read of [headers, headers.copy(), HTTPHeaders.fromHeadText(HEAD)]) {
  assert.is(read.get("host"), "a");
  assert.is(read.get("Host"), "a");
  assert.is(read.get("hOST"), "a");
  assert.is(read.get("x-other"), "1");
  assert.is(read.get("set"), "b,c");
  assert.equal(read.getList("set"), ["b", "c"]);
  assert.is(read.get("sets"), "d");
  assert.is(read.get("n0"), null);
  assert.is(read.get("x-none"), null);
}
assert.equal([...headers.names()], ["Host", "X-Other", "Set", "Sets"]);

parentPort?.postMessage("ok");
