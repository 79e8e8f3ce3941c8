// The Date field of a response. `node bench/micro/httpdate.bench.mjs`; needs a build.

import { DateCache, formatTimestamp } from "../../dist/lib/http/httpdate.js";
import { run } from "./harness.mjs";

const cache = new DateCache();
let nowMs = Date.UTC(2026, 0, 1);

run("DateCache.text, a new second in each 1,000th call", () => cache.text(nowMs++));
run("formatTimestamp", () => formatTimestamp(nowMs++));
