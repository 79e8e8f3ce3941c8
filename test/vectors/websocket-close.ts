/** Vectors: the closing handshake and its codes. RFC 6455 §5.5.1, §7. */
import { bare, binary, close, closing, hex, masked, ping, text } from "../support/frames.ts";
import { closed, echoed, rule, type WebSocketVector } from "./websocketvector.ts";

/** More than one read brings. */
const LONG = Buffer.alloc(256 * 1024, "0123456789");

export const closes: readonly WebSocketVector[] = [
  ...rule("RFC 6455 §5.5.1: a close frame MUST be answered with a close frame", [
    echoed("with its code", 1000, close(1000)),
    echoed("with code and reason", 1001, close(1001, "goodbye")),
    echoed("after a message", 1000, [text("a"), close(1000)], bare(0x81, "a")),
    echoed("with the longest reason", 1000, close(1000, "x".repeat(123))),
  ]),
  ...rule("RFC 6455 §5.5.1, §7.1.1: the server MUST close the TCP connection, and at once", [
    echoed("with a reason of two bytes and more a character", 1000, close(1000, "größe €")),
  ]),
  ...rule("RFC 6455 §7.1.5: a close frame without a body has no code", [
    echoed("none", null, close()),
  ]),
  ...rule("RFC 6455 §5.5.1: what came before a close frame is answered before it", [
    echoed(
      "a message of 256 KiB, a ping behind it",
      1000,
      [binary(LONG), close(1000), ping("x")],
      bare(0x82, LONG),
    ),
    echoed(
      "messages and pings in turn",
      1000,
      [text("a"), ping("1"), text("b"), ping("2"), close(1000)],
      Buffer.concat([bare(0x81, "a"), bare(0x8a, "1"), bare(0x81, "b"), bare(0x8a, "2")]),
    ),
  ]),
  ...rule("RFC 6455 §5.5.1: after a close frame MUST NOT be sent any data", [
    echoed("a message behind it", 1000, [close(1000), text("x")]),
    echoed("a ping behind it", 1000, [close(1000), ping("x")]),
    echoed("a close behind it", 1000, [close(1000), close(1001)]),
    echoed("garbage behind it", 1000, [close(1000), hex("ff ff ff ff ff ff ff ff")]),
    echoed("in the middle of a message", 1000, [masked(0x01, "a"), close(1000), masked(0x80, "b")]),
  ]),
  ...rule("RFC 6455 §5.5.1: the first two bytes of the body MUST be a code", [
    closed("one byte", 1002, masked(0x88, hex("03"))),
    closed("one byte, 0", 1002, masked(0x88, hex("00"))),
  ]),
  ...rule("RFC 6455 §5.5.1, §8.1: a reason that is not UTF-8 MUST fail the connection", [
    closed("ff", 1007, close(1000, hex("ff fe"))),
    closed("a surrogate", 1007, close(1000, hex("ed a0 80"))),
    closed("cut", 1007, close(1000, hex("61 e2 82"))),
    closed(
      "of 123 bytes, the last bad",
      1007,
      close(1000, Buffer.concat([Buffer.alloc(122, 0x61), hex("ff")])),
    ),
  ]),
  ...rule(
    "RFC 6455 §7.4.1, §7.4.2: codes that are reserved, or in no range, MUST NOT be in a close frame",
    [
      ...[
        0, 1, 100, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 2000, 2999, 5000, 9999, 65_535,
      ].flatMap((code) => [
        closed(`${code}`, 1002, close(code)),
        closed(`${code} with a reason`, 1002, close(code, "bye")),
      ]),
    ],
  ),
  ...rule("RFC 6455 §7.4.1, §7.4.2: codes that may be in a close frame", [
    ...[
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
      4999,
    ].map((code) => echoed(`${code}`, code, close(code))),
  ]),
  ...rule("RFC 6455 §7.1.7: after the connection has failed nothing MUST be processed", [
    closed("a message behind a fault", 1002, [bare(0x81, "a"), text("b")]),
    closed("a ping behind a fault", 1002, [masked(0x83), ping("b")]),
    closed("a close behind a fault", 1002, [masked(0x83), close(1000)]),
    closed("a message behind a bad close", 1002, [masked(0x88, closing(1005)), text("b")]),
  ]),
];
