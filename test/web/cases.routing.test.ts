/** Known requests and the answers they must get, byte for byte: XSRF tokens and routing, cases 133 to 141. */
import * as assert from "uvu/assert";
import type { Exchange } from "../../lib/server/exchange.ts";
import {
  Application,
  ErrorHandler,
  FallbackHandler,
  HostMatches,
  type HTTPServerRequest,
  RequestHandler,
} from "../../lib/index.ts";
import { serverSuite, startApplication } from "../support/servers.ts";
import { FORM, get, HOST, served, serving } from "../support/wire.ts";

const t = serverSuite("known requests of XSRF and routing");

class Ok extends RequestHandler {
  post() {
    this.write("ok");
  }
  put() {
    this.write("ok");
  }
  delete() {
    this.write("ok");
  }
}

const form = (method: string, target: string, body: string, fields = "") =>
  `${method} ${target} HTTP/1.1\r\n${HOST}${FORM}Content-Length: ${body.length}\r\n${fields}\r\n${body}`;

const rejected: readonly (readonly [why: string, bytes: string, status: number])[] = [
  ["neither argument nor cookie", form("POST", "/", ""), 403],
  ["an argument without cookie", form("POST", "/", "_xsrf=deadbeef"), 403],
  ["a cookie without argument", form("POST", "/", "", "Cookie: _xsrf=deadbeef\r\n"), 403],
  ["a malformed argument", form("POST", "/", "_xsrf=3%7C", "Cookie: _xsrf=deadbeef\r\n"), 403],
  ["a malformed cookie", form("POST", "/", "_xsrf=deadbeef", "Cookie: _xsrf=3|\r\n"), 403],
  ["another token", form("POST", "/", "_xsrf=deadbee0", "Cookie: _xsrf=deadbeef\r\n"), 403],
  ["a PUT", form("PUT", "/", ""), 403],
  ["a DELETE", `DELETE / HTTP/1.1\r\n${HOST}\r\n`, 403],
  ["an ErrorHandler, which does not ask", form("POST", "/e", ""), 417],
  ["no route, which does not ask", form("POST", "/404", ""), 404],
];
for (const [why, bytes, status] of rejected) {
  t(`133: ${why} is ${status}`, async () => {
    const { ask } = await serving(
      [
        ["/", Ok],
        ["/e", ErrorHandler, { statusCode: 417 }],
      ],
      { xsrfCookies: true },
    );
    assert.is((await ask(bytes)).status, status);
  });
}

class Token extends RequestHandler {
  get() {
    this.write(this.xsrfToken);
  }
}

/** The raw token of a version 2 one, in hex, and its time. */
function unmasked(token: string): readonly [raw: string, time: string] {
  const [version, mask = "", masked = "", time = ""] = token.split("|");
  assert.is(version, "2");
  const key = Buffer.from(mask, "hex");
  assert.is(key.length, 4);
  const raw = Buffer.from(masked, "hex").map((byte, i) => byte ^ (key[i % 4] ?? 0));
  return [Buffer.from(raw).toString("hex"), time];
}

t("135: a client without a token is given one, each its own", async () => {
  const { connect } = await serving([["/", Token]], { xsrfCookies: true });
  const client = await connect();
  const raws = new Set<string>();
  for (let i = 0; i < 2; i++) {
    void client.send(get("/"));
    const { text, headers } = await client.readResponse();
    assert.match(text, /^2\|[0-9a-f]{8}\|[0-9a-f]{32}\|\d{10}$/);
    assert.equal(headers("Set-Cookie"), [`_xsrf=${text}; Path=/`]);
    raws.add(unmasked(text)[0]);
  }
  assert.is(raws.size, 2);
});

t("135: a client's token is masked anew in each response, and not set again", async () => {
  const { connect } = await serving([["/", Token]], { xsrfCookies: true });
  const client = await connect();
  const bodies = new Set<string>();
  for (let i = 0; i < 2; i++) {
    void client.send(get("/", "Cookie: _xsrf=2|01020304|dfafbdeb|1300000000\r\n"));
    const { text, headers } = await client.readResponse();
    assert.equal(headers("Set-Cookie"), []);
    assert.equal(unmasked(text), ["deadbeef", "1300000000"]);
    bodies.add(text);
  }
  assert.is(bodies.size, 2);
});

/** A handler that writes a text. */
function writing(text: string): typeof RequestHandler {
  return class extends RequestHandler {
    override get() {
      this.write(text);
    }
  };
}

t("137: virtual hosts, all that match in the order they were added, then the rest", async () => {
  const app = new Application([["/foo", writing("wild")]]);
  app.addHandlers("www\\.example\\.com", [["/foo", writing("[0]")]]);
  app.addHandlers("www\\.example\\.com", [["/bar", writing("[1]")]]);
  app.addHandlers("www.e.*e.com", [["/bar", writing("[2]")]]);
  const { ask } = served(await startApplication(app));
  const asks: readonly (readonly [path: string, host: string, status: number, text?: string])[] = [
    ["/foo", "127.0.0.1", 200, "wild"],
    ["/bar", "127.0.0.1", 404],
    ["/foo", "www.example.com", 200, "[0]"],
    ["/foo", "WWW.EXAMPLE.COM:8080", 200, "[0]"],
    ["/bar", "www.example.com", 200, "[1]"],
    ["/bar", "www.exe.com", 200, "[2]"],
    ["/foo", "www.exe.com", 200, "wild"],
  ];
  for (const [path, host, status, text] of asks) {
    const response = await ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.is(response.status, status, `${host}${path}`);
    if (text !== undefined) assert.is(response.text, text);
  }
});

function call(request: HTTPServerRequest): void {
  request.connection?.writeHeaders(
    { version: "HTTP/1.1", code: 200, reason: "OK" },
    new (request.headers.constructor as new () => typeof request.headers)(),
    Buffer.from("CALL"),
  );
  request.connection?.finish();
}

t("139: nested rules, a function and a connection delegate", async () => {
  const delegate = {
    startRequest(exchange: Exchange) {
      exchange.sendHead(200, "OK", "", 2);
      exchange.write("OK");
      exchange.finish();
    },
  };
  const { ask } = await serving([
    [new HostMatches("a\\.com"), [["/x", writing("a")]]],
    ["/x", writing("any")],
    ["/call", call],
    ["/del", delegate],
  ] as never);
  const asks: readonly (readonly [path: string, host: string, status: number, text?: string])[] = [
    ["/x", "a.com", 200, "a"],
    ["/x", "b.com", 200, "any"],
    ["/call", "a.com", 200, "CALL"],
    ["/del", "b.com", 200, "OK"],
    ["/none", "a.com", 404],
  ];
  for (const [path, host, status, text] of asks) {
    const response = await ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.is(response.status, status, `${host}${path}`);
    if (text !== undefined) assert.is(response.text, text);
  }
});

t("141: FallbackHandler hands over what no route before it takes", async () => {
  const { ask } = await serving([
    ["/foo", writing("foo")],
    [".*", FallbackHandler, { fallback: call }],
  ]);
  const foo = await ask("GET /foo HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal([foo.status, foo.text], [200, "foo"]);
  const bar = await ask("GET /bar HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal([bar.status, bar.text], [200, "CALL"]);
});

t.run();
