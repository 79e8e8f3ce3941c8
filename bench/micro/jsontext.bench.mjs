// JSON responses beside JSON.stringify. `node bench/micro/jsontext.bench.mjs`; needs a build.

import { jsonText } from "../../dist/lib/web/jsontext.js";
import { run } from "./harness.mjs";

const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const strings = () => ({ id: "42", host: "127.0.0.1:8888", "user-agent": agent, accept: "*/*" });
const mixed = () => ({ id: 42, name: "Ada", isAdmin: true, tags: ["a", "b"], note: null });
const escaped = () => ({ text: 'a "quoted" text\nof two lines', other: "plain" });

for (const [what, make] of Object.entries({ strings, mixed, escaped })) {
  run(`jsonText, ${what}`, () => jsonText(make()));
  run(`JSON.stringify, ${what}`, () => JSON.stringify(make()));
}
