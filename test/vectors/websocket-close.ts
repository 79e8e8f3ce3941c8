/** Vectors: the closing handshake and its codes. RFC 6455 §5.5.1, §7. */
import { bare, close, closing, hex, masked, ping, text } from "../support/websockets.ts";
import { closed, type WebSocketVector } from "./websocketvector.ts";

const ANSWER = "RFC 6455 §5.5.1: a close frame MUST be answered with a close frame";
const SERVER_FIRST =
  "RFC 6455 §5.5.1, §7.1.1: the server MUST close the TCP connection, and at once";
const LAST = "RFC 6455 §5.5.1: after a close frame MUST NOT be sent any data";
const BODY = "RFC 6455 §5.5.1: the first two bytes of the body MUST be a code";
const REASON = "RFC 6455 §5.5.1, §8.1: a reason that is not UTF-8 MUST fail the connection";
const NO_CODE = "RFC 6455 §7.1.5: a close frame without a body has no code";
const CODES =
  "RFC 6455 §7.4.1, §7.4.2: codes that are reserved, or in no range, MUST NOT be in a close frame";
const ALLOWED = "RFC 6455 §7.4.1, §7.4.2: codes that may be in a close frame";
const FAILED = "RFC 6455 §7.1.7: after the connection has failed nothing MUST be processed";

export const closes: readonly WebSocketVector[] = [
  closed(ANSWER, "with its code", 1000, close(1000)),
  closed(ANSWER, "with code and reason", 1001, close(1001, "goodbye")),
  closed(ANSWER, "after a message", 1000, [text("a"), close(1000)], bare(0x81, "a")),
  closed(ANSWER, "with the longest reason", 1000, close(1000, "x".repeat(123))),
  closed(
    SERVER_FIRST,
    "with a reason of two bytes and more a character",
    1000,
    close(1000, "größe €"),
  ),
  closed(NO_CODE, "none", null, close()),
  closed(LAST, "a message behind it", 1000, [close(1000), text("x")]),
  closed(LAST, "a ping behind it", 1000, [close(1000), ping("x")]),
  closed(LAST, "a close behind it", 1000, [close(1000), close(1001)]),
  closed(LAST, "garbage behind it", 1000, [close(1000), hex("ff ff ff ff ff ff ff ff")]),
  closed(LAST, "in the middle of a message", 1000, [
    masked(0x01, "a"),
    close(1000),
    masked(0x80, "b"),
  ]),
  closed(BODY, "one byte", 1002, masked(0x88, hex("03"))),
  closed(BODY, "one byte, 0", 1002, masked(0x88, hex("00"))),
  closed(REASON, "ff", 1007, close(1000, hex("ff fe"))),
  closed(REASON, "a surrogate", 1007, close(1000, hex("ed a0 80"))),
  closed(REASON, "cut", 1007, close(1000, hex("61 e2 82"))),
  closed(
    REASON,
    "of 123 bytes, the last bad",
    1007,
    close(1000, Buffer.concat([Buffer.alloc(122, 0x61), hex("ff")])),
  ),
  ...[
    0, 1, 100, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 2000, 2999, 5000, 9999, 65_535,
  ].flatMap((code) => [
    closed(CODES, `${code}`, 1002, close(code)),
    closed(CODES, `${code} with a reason`, 1002, close(code, "bye")),
  ]),
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code) => closed(ALLOWED, `${code}`, code, close(code))),
  closed(FAILED, "a message behind a fault", 1002, [bare(0x81, "a"), text("b")]),
  closed(FAILED, "a ping behind a fault", 1002, [masked(0x83), ping("b")]),
  closed(FAILED, "a close behind a fault", 1002, [masked(0x83), close(1000)]),
  closed(FAILED, "a message behind a bad close", 1002, [masked(0x88, closing(1005)), text("b")]),
];
