/** The parts of the opening handshake that are functions of values. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  acceptValue,
  isSameOrigin,
  judgeHandshake,
  judgeUpgrade,
  originOf,
  subprotocolsOf,
} from "../../lib/websocket/handshake.ts";

/** Fields by name in lower case. */
function fields(given: Readonly<Record<string, string>>) {
  const map = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    get: (name: string) => map.get(name.toLowerCase()) ?? null,
    has: (name: string) => map.has(name.toLowerCase()),
  };
}

const complete = {
  Host: "a",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

const t = suite("a handshake");

t("has the accept value of RFC 6455 §1.3", () => {
  assert.is(acceptValue("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

for (const [name, changed, upgrade, rest] of [
  ["is complete", {}, null, null],
  ["names another protocol", { Upgrade: "h2c" }, 400, null],
  ["names the protocol within another word", { Upgrade: "websocketx" }, 400, null],
  ["has no upgrade token", { Connection: "keep-alive" }, 400, null],
  ["is to be closed", { Connection: "close, upgrade" }, 400, null],
  ["has a bad version", { "Sec-WebSocket-Version": "14" }, null, 426],
  ["has a bad key", { "Sec-WebSocket-Key": "x" }, null, 400],
] as const) {
  t(`that ${name} is judged ${upgrade ?? rest}`, () => {
    const headers = fields({ ...complete, ...changed });
    const request = { version: "HTTP/1.1", headers, body: [] };
    assert.is(judgeUpgrade(request)?.status ?? null, upgrade);
    assert.is(judgeHandshake(request)?.status ?? null, rest);
  });
}

t("is refused in HTTP/1.0, without Host, and with a body", () => {
  const headers = fields(complete);
  assert.is(judgeUpgrade({ version: "HTTP/1.0", headers, body: [] })?.status, 400);
  assert.is(judgeHandshake({ version: "HTTP/1.1", headers, body: [1] })?.status, 400);
  const { Host: _, ...others } = complete;
  const hostless = { version: "HTTP/1.1", headers: fields(others), body: [] };
  assert.is(judgeHandshake(hostless)?.status, 400);
});

t("comes from the same origin if host and port are the same", () => {
  for (const [origin, host, isSame] of [
    ["http://a", "a", true],
    ["https://A.example", "a.EXAMPLE", true],
    ["http://a:8080", "a:8080", true],
    ["http://a/path?q#f", "a", true],
    ["http://[::1]:80", "[::1]:80", true],
    ["http://a:80", "a", false],
    ["http://a", "a:80", false],
    ["http://b.a", "a", false],
    ["http://a.b", "a", false],
    ["http://u@a", "a", false],
    ["null", "a", false],
    ["a", "a", false],
    ["", "", false],
    ["://a", "a", false],
    ["file://", "", false],
    [" http://a", "a", false],
  ] as const) {
    assert.is(isSameOrigin(origin, host), isSame, `${origin} at ${host}`);
  }
});

t("has its origin in the field of its version", () => {
  assert.is(originOf(fields({ Origin: "http://a" })), "http://a");
  assert.is(originOf(fields({ "Sec-WebSocket-Origin": "http://b" })), "http://b");
  assert.is(
    originOf(fields({ Origin: "http://a", "Sec-WebSocket-Origin": "http://b" })),
    "http://a",
  );
  assert.is(originOf(fields({})), null);
});

t("offers subprotocols that are tokens", () => {
  const of = (value: string) => subprotocolsOf(fields({ "Sec-WebSocket-Protocol": value }));
  assert.equal(of("a, b,c"), ["a", "b", "c"]);
  assert.equal(of(" a ,, \tb"), ["a", "b"]);
  assert.equal(of('a b, "c", d/e, f.g-h'), ["f.g-h"]);
  assert.equal(of(""), []);
  assert.equal(subprotocolsOf(fields({})), []);
});

t.run();
