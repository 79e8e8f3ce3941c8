// Reading headers of a request from its spans, and checking headers of a response.
// `node bench/micro/httpheaders.bench.mjs`; needs a build. The aim for `get` of a known field: 40 ns.

import { checkFieldName, checkFieldValue } from "../../dist/lib/http/fieldvalue.js";
import { HTTPHeaders } from "../../dist/lib/http/httpheaders.js";
import { fieldIdOf, setFieldNames } from "../../dist/lib/http/knownfields.js";
import { ID_SHIFT, OFFSET_MASK, SPAN_LENGTH, spansOf } from "../../dist/lib/http/spans.js";
import { run } from "./harness.mjs";

// The addon's list is longer; what counts is which of the fields below are on it.
setFieldNames([
  "host",
  "connection",
  "cookie",
  "user-agent",
  "accept",
  "accept-language",
  "accept-encoding",
]);

const headCount = 64;

/** Heads that differ, so that nothing about one of them is learnt by heart. */
const heads = Array.from({ length: headCount }, (_, i) => {
  const text = [
    `GET /user/${i} HTTP/1.1`,
    `Host: www.example-${i}.com`,
    "Connection: keep-alive",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
    `X-Custom-Field: ${i}`,
    `Cookie: session=${i}-0123456789; theme=dark`,
    "\r\n",
  ].join("\r\n");
  return { text, spans: withIds(text) };
});
const headers = heads.map(({ text, spans }) => HTTPHeaders.fromHead(text, spans));

/** What the parser gives: spansOf() with the ids of the names in it. */
function withIds(text) {
  const spans = [...spansOf(text)];
  for (let at = 0; at < spans.length; at += SPAN_LENGTH) {
    const start = spans[at] & OFFSET_MASK;
    spans[at] = start | (fieldIdOf(text.slice(start, text.indexOf(":", start))) << ID_SHIFT);
  }
  return spans;
}

/** Calls `work` for each head; the time printed is that of one of them. */
function overHeads(name, work) {
  const all = () => {
    let last;
    for (let i = 0; i < headCount; i++) last = work(i);
    return last;
  };
  run(name, all, { operations: headCount });
}

overHeads("get of a known field, the first of seven", (i) => headers[i].get("host"));
overHeads("get of a known field, the last of seven", (i) => headers[i].get("cookie"));
overHeads("get of a known field that is not there", (i) => headers[i].get("accept-encoding"));
overHeads("get of a field without an id", (i) => headers[i].get("x-custom-field"));
overHeads("fromHead and five gets", (i) => {
  const fields = HTTPHeaders.fromHead(heads[i].text, heads[i].spans);
  return (
    fields.get("host").length +
    fields.get("user-agent").length +
    fields.get("accept").length +
    fields.get("cookie").length +
    fields.get("accept-language").length
  );
});
overHeads("checkFieldName of a name seen before", () => checkFieldName("Content-Type"));
overHeads("checkFieldValue of 24 characters", () => checkFieldValue("text/html; charset=UTF-8"));
