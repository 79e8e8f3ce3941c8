/** Vectors: Connection, who closes and who does not (RFC 9112 §9.3 and §9.6, RFC 9110 §7.6.1). */
import { accepted, acceptedLast, get, HIDDEN, PLAIN, post, type Vector } from "./vector.ts";

const of = (value: string): string => get(`Connection: ${value}\r\n`);
const old = (fields: string): string => `GET / HTTP/1.0\r\n${fields}\r\n`;

const closes = (name: string, bytes: string, body = "hello"): Vector => ({
  name,
  bytes,
  wanted: [{ status: 200, body, fields: { connection: "close" } }],
  end: "closed",
});
/** HTTP/1.0 kept alive: the response must say so, or the client waits for the end. */
const keeps = (name: string, bytes: string, count = 1): Vector => ({
  name,
  bytes,
  wanted: Array.from({ length: count }, () => ({
    status: 200,
    body: "hello",
    fields: { connection: "keep-alive" },
  })),
  end: "open",
});

export const connectionTokens: readonly Vector[] = [
  closes("close", of("close")),
  closes("close in capitals", of("CLOSE")),
  closes("close in mixed case", of("cLoSe")),
  closes("close first in a list", of("close, foo")),
  closes("close last in a list", of("foo, close")),
  closes("close inside a list", of("foo,close,bar")),
  closes("close among white space", of(" foo ,\tClose\t, bar ")),
  closes("close among empty elements", of(", ,close,")),
  closes("keep-alive and close", of("keep-alive, close")),
  closes("close and keep-alive", of("close, keep-alive")),
  closes("close on a second line", get("Connection: keep-alive\r\nConnection: close\r\n")),
  closes("close on a first line", get("Connection: close\r\nConnection: keep-alive\r\n")),
  closes("the name in lower case", get("connection: close\r\n")),
  closes("a request behind it is not looked at", of("close") + HIDDEN),
  closes("garbage behind it is not looked at", `${of("close")}\x00\x01\x02 garbage\r\n\r\n`),
  closes(
    "a body, and a request behind that",
    post("Connection: close\r\nContent-Length: 5\r\n", `hello${HIDDEN}`),
    "5:hello",
  ),
  closes(
    "chunks, and a request behind those",
    post("Connection: close\r\nTransfer-Encoding: chunked\r\n", `5\r\nhello\r\n0\r\n\r\n${HIDDEN}`),
    "5:hello",
  ),
  {
    name: "close on the second of three requests",
    bytes: PLAIN + of("close") + HIDDEN,
    wanted: [
      { status: 200, body: "hello" },
      { status: 200, body: "hello", fields: { connection: "close" } },
    ],
    end: "closed",
  },

  accepted("keep-alive", of("keep-alive"), "hello"),
  accepted("an empty value", of(""), "hello"),
  accepted("closed is another token", of("closed"), "hello"),
  accepted("x-close is another token", of("x-close"), "hello"),
  accepted("clos is another token", of("clos"), "hello"),
  accepted("not-close in a list is another token", of("not-close, foo"), "hello"),
  accepted("two words are no list", of("foo close"), "hello"),
  accepted("Proxy-Connection is another field", get("Proxy-Connection: close\r\n"), "hello"),
  accepted("X-Connection is another field", get("X-Connection: close\r\n"), "hello"),
  accepted("Host named as hop by hop is still a field", of("Host"), "hello"),

  accepted(
    "an upgrade to h2c that is not taken up",
    `${get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n")}${PLAIN}`,
    "hello",
    "hello",
  ),
  accepted(
    "an upgrade to WebSocket that no handler takes up",
    `${get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")}${PLAIN}`,
    "hello",
    "hello",
  ),
  accepted(
    "an upgrade with a body",
    `${post("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n", "hello")}${PLAIN}`,
    "5:hello",
    "hello",
  ),
  accepted(
    "an upgrade with chunks",
    `${post("Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")}${PLAIN}`,
    "5:hello",
    "hello",
  ),
  accepted("Upgrade without Connection", get("Upgrade: websocket\r\n") + PLAIN, "hello", "hello"),
  closes("an upgrade and close", get("Connection: Upgrade, close\r\nUpgrade: h2c\r\n")),

  acceptedLast("HTTP/1.0", old(""), "hello"),
  acceptedLast("HTTP/1.0 with close", old("Connection: close\r\n"), "hello"),
  acceptedLast("HTTP/1.0 with another token", old("Connection: foo\r\n"), "hello"),
  acceptedLast(
    "HTTP/1.0 with keep-alive and close",
    old("Connection: keep-alive, close\r\n"),
    "hello",
  ),
  acceptedLast("HTTP/1.0: a request behind it is not looked at", old("") + HIDDEN, "hello"),
  acceptedLast(
    "HTTP/1.0 with Keep-Alive as another field",
    old("Keep-Alive: timeout=5\r\n"),
    "hello",
  ),
  keeps("HTTP/1.0 with keep-alive", old("Connection: keep-alive\r\n")),
  keeps("HTTP/1.0 with Keep-Alive", old("Connection: Keep-Alive\r\n")),
  keeps("HTTP/1.0 with keep-alive in a list", old("Connection: foo, keep-alive\r\n")),
  keeps("HTTP/1.0 with keep-alive, twice", old("Connection: keep-alive\r\n").repeat(2), 2),
  keeps(
    "HTTP/1.0 with keep-alive, twice, an empty line between",
    `${old("Connection: keep-alive\r\n")}\r\n${old("Connection: keep-alive\r\n")}`,
    2,
  ),
  acceptedLast(
    "POST in HTTP/1.0 with keep-alive and no length",
    "POST /body HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "0:",
  ),
];
