/** xheaders, trustedDownstream, protocol: whom a request comes from, as a proxy tells it. */
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import type { RequestDispatcher } from "../../lib/server/exchange.ts";
import { HTTPServer } from "../../lib/index.ts";
import { type ServerOptions, serverSuite } from "../support/servers.ts";
import { answer, serving } from "./serving.ts";

const whom: RequestDispatcher = {
  startRequest(exchange) {
    const { remoteIp, protocol } = exchange.request;
    answer(exchange, `${remoteIp} ${protocol}`);
  },
};

/** What a request with these fields is said to come from. */
async function ask(options: ServerOptions, ...fields: string[]): Promise<string> {
  let text = "";
  await serving(whom, options, async ({ connect }) => {
    const client = await connect();
    text = (await client.get("/", fields.map((field) => `${field}\r\n`).join(""))).text;
    // Of this request only.
    assert.match((await client.get("/")).text, /^127\.0\.0\.1 /);
  });
  return text;
}

const trusting = { xheaders: true, trustedDownstream: ["5.5.5.5", "10.0.0.0/8", "2001:db8::/32"] };

const addresses = serverSuite("xheaders: the client's address");
for (const [fields, ip] of [
  [[], "127.0.0.1"],
  [["X-Real-IP: 4.4.4.4"], "4.4.4.4"],
  [["X-Forwarded-For: 127.0.0.1, 4.4.4.4"], "4.4.4.4"],
  [["X-Real-IP: 2620:0:1cfe:face:b00c::3"], "2620:0:1cfe:face:b00c::3"],
  [["X-Forwarded-For: ::1, 2620:0:1cfe:face:b00c::3"], "2620:0:1cfe:face:b00c::3"],
  [["X-Real-IP: 4.4.4.4<script>"], "127.0.0.1"],
  [["X-Forwarded-For: 4.4.4.4, 5.5.5.5<script>"], "127.0.0.1"],
  [["X-Real-IP: www.google.com"], "127.0.0.1"],
  [["X-Forwarded-For: 4.4.4.4, 5.5.5.5"], "4.4.4.4"],
  [["X-Forwarded-For: 3.3.3.3, 4.4.4.4 ,5.5.5.5,10.1.2.3"], "4.4.4.4"],
  [["X-Forwarded-For: 4.4.4.4", "X-Forwarded-For: 10.0.0.1"], "4.4.4.4"],
  [["X-Forwarded-For: 4.4.4.4, 2001:db8::9"], "4.4.4.4"],
  [["X-Forwarded-For: 4.4.4.4, 2001:db9::9"], "2001:db9::9"],
  [["X-Forwarded-For: 5.5.5.5, 10.0.0.1"], "5.5.5.5"],
  [["X-Forwarded-For: 11.0.0.1, 10.0.0.1"], "11.0.0.1"],
  [["X-Forwarded-For: , 5.5.5.5"], "127.0.0.1"],
  [["X-Forwarded-For:"], "127.0.0.1"],
  [["X-Real-IP: 1.1.1.1", "X-Real-IP: 2.2.2.2"], "127.0.0.1"],
  [["X-Forwarded-For: 3.3.3.3", "X-Real-IP: 4.4.4.4"], "4.4.4.4"],
  [["X-Forwarded-For: 3.3.3.3", "X-Real-IP: no"], "127.0.0.1"],
  [[`X-Forwarded-For: 3.3.3.3${", 5.5.5.5".repeat(2_000)}`], "3.3.3.3"],
] as const) {
  const named = fields.join("; ").slice(0, 80);
  addresses(`is ${ip} for ${named === "" ? "no fields" : named}`, async () => {
    assert.is(await ask(trusting, ...fields), `${ip} http`);
  });
}
addresses("is the connection's without the option", async () => {
  assert.is(await ask({}, "X-Real-IP: 4.4.4.4", "X-Forwarded-Proto: https"), "127.0.0.1 http");
});
addresses.run();

const schemes = serverSuite("xheaders: the scheme");
for (const [fields, scheme] of [
  [[], "http"],
  [["X-Scheme: https"], "https"],
  [["X-Forwarded-Proto: https"], "https"],
  [["X-Forwarded-Proto: https , http"], "http"],
  [["X-Forwarded-Proto: http,https"], "https"],
  [["X-Forwarded-Proto: unknown"], "http"],
  [["X-Scheme: https", "X-Forwarded-Proto: http"], "https"],
  [["X-Scheme: ftp", "X-Forwarded-Proto: https"], "http"],
] as const) {
  schemes(`is ${scheme} for ${fields.join("; ") || "no fields"}`, async () => {
    assert.is(await ask(trusting, ...fields), `127.0.0.1 ${scheme}`);
  });
}
schemes("is the option protocol's, which a field may change if fields are believed", async () => {
  assert.is(await ask({ protocol: "https" }), "127.0.0.1 https");
  assert.is(await ask({ protocol: "https" }, "X-Scheme: http"), "127.0.0.1 https");
  assert.is(await ask({ protocol: "https", xheaders: true }, "X-Scheme: http"), "127.0.0.1 http");
  assert.is(await ask({ protocol: null }), "127.0.0.1 http");
});
schemes.run();

const options = serverSuite("trustedDownstream");
options("takes addresses and networks, and nothing else", () => {
  const make = (trustedDownstream: string[]) => new HTTPServer(whom, { trustedDownstream });
  for (const right of ["1.2.3.4", "::1", "0.0.0.0/0", "1.2.3.4/32", "::/0", "::1/128"])
    make([right]);
  for (const wrong of [
    "",
    "localhost",
    "1.2.3",
    "1.2.3.4/33",
    "::1/129",
    "1.2.3.4/",
    "1.2.3.4/-1",
    "1.2.3.4/08",
    "/8",
  ]) {
    assert.throws(
      () => make([wrong]),
      (error: unknown) => error instanceof CodedError && error.code === "ERR_OPTION_RANGE",
      wrong,
    );
  }
});
options.run();
