// The entity tag of a response. `node bench/micro/conditional.bench.mjs`; needs a build.

import { etagOf, matchesIfNoneMatch } from "../../dist/lib/http/conditional.js";
import { run } from "./harness.mjs";

const small = ["Hello, World!"];
const large = [Buffer.alloc(16 * 1024, "x")];
const pieces = Array.from(
  { length: 8 },
  () => "a piece of a page that is put together from several",
);
const etag = etagOf(small);
const list = `"0123456789", W/"abcdef", ${etag}`;

run("etagOf a text of 13 characters", () => etagOf(small));
run("etagOf 16 KiB", () => etagOf(large));
run("etagOf eight pieces of text", () => etagOf(pieces));
run("matchesIfNoneMatch, the third of three tags", () => matchesIfNoneMatch(list, etag));
