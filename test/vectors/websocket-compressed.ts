/** Vectors: permessage-deflate. RFC 7692 §5 to §7. The server sends nothing compressed: its threshold is out of reach. */
import { constants, deflateRawSync } from "node:zlib";
import { bare, hex, masked, ping, text } from "../support/frames.ts";
import { answered, closed, rule, type WebSocketVector } from "./websocketvector.ts";

const FIELDS = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/** The payload of a compressed message. RFC 7692 §7.2.1. */
function deflated(payload: string | Buffer): Buffer {
  const bytes = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  return bytes.subarray(0, -4);
}

const hello = hex("f2 48 cd c9 c9 07 00");
const shared = hex("f2 00 11 00 00");

const vectors: readonly WebSocketVector[] = [
  ...rule("RFC 7692 §7.2.3: each of the forms of one message MUST be decompressed", [
    answered("one block", masked(0xc1, hello), bare(0x81, "Hello")),
    answered(
      "two fragments",
      [masked(0x41, hello.subarray(0, 3)), masked(0x80, hello.subarray(3))],
      bare(0x81, "Hello"),
    ),
    answered(
      "no compression",
      masked(0xc1, hex("00 05 00 fa ff 48 65 6c 6c 6f 00")),
      bare(0x81, "Hello"),
    ),
    answered("BFINAL set to 1", masked(0xc1, hex("f3 48 cd c9 c9 07 00 00")), bare(0x81, "Hello")),
    answered(
      "BFINAL set to 1 on the empty block whose rest is the tail",
      [masked(0xc1, hex("00 05 00 fa ff 48 65 6c 6c 6f 01")), masked(0xc1, shared)],
      bare(0x81, "Hello"),
      bare(0x81, "Hello"),
    ),
    answered(
      "two blocks in one message",
      masked(0xc1, hex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00")),
      bare(0x81, "Hello"),
    ),
    answered("an empty message", masked(0xc1, hex("00")), bare(0x81)),
  ]),
  ...rule("RFC 7692 §7.1.1: the window of the messages before MUST be kept", [
    answered(
      "the same message again",
      [masked(0xc1, hello), masked(0xc1, shared)],
      bare(0x81, "Hello"),
      bare(0x81, "Hello"),
    ),
    answered(
      "with another between, not compressed",
      [masked(0xc1, hello), text("x"), masked(0xc1, shared)],
      bare(0x81, "Hello"),
      bare(0x81, "x"),
      bare(0x81, "Hello"),
    ),
  ]),
  ...rule("RFC 7692 §6, §7.2: messages without RSV1 MUST be taken as they are", [
    answered("a text", text("plain"), bare(0x81, "plain")),
    answered("fragments", [masked(0x01, "pl"), masked(0x80, "ain")], bare(0x81, "plain")),
  ]),
  ...rule("RFC 7692 §6.2: a message MUST be decompressed whatever its fragments are", [
    answered(
      "a byte each, a ping between",
      [...hello]
        .flatMap((byte, i) => [masked(i === 0 ? 0x41 : 0x00, Buffer.of(byte)), ping(`${i}`)])
        .concat(masked(0x80)),
      ...[...hello].map((_, i) => bare(0x8a, `${i}`)),
      bare(0x81, "Hello"),
    ),
    answered("an empty first one", [masked(0x41), masked(0x80, hello)], bare(0x81, "Hello")),
    answered(
      "100,000 characters",
      masked(0xc1, deflated("a".repeat(100_000))),
      bare(0x81, "a".repeat(100_000)),
    ),
    answered(
      "bytes",
      masked(0xc2, deflated(Buffer.alloc(1000, 0xff)), 0x11223344),
      bare(0x82, Buffer.alloc(1000, 0xff)),
    ),
  ]),
  ...rule("RFC 7692 §6.1: RSV1 MUST NOT be set on any frame of a message but the first", [
    closed("on the second", 1002, [
      masked(0x41, hello.subarray(0, 3)),
      masked(0xc0, hello.subarray(3)),
    ]),
    closed("on the second alone", 1002, [masked(0x01, "a"), masked(0xc0, hello)]),
  ]),
  ...rule("RFC 7692 §6.1: a control frame MUST NOT be compressed", [
    closed("a ping", 1002, masked(0xc9, hello)),
    closed("a close", 1002, masked(0xc8)),
    closed("a pong", 1002, masked(0xca)),
  ]),
  ...rule("RFC 6455 §5.2: RSV2 and RSV3 have no meaning with permessage-deflate either", [
    closed("RSV2", 1002, masked(0xa1, "a")),
    closed("RSV3 with RSV1", 1002, masked(0xd1, hello)),
  ]),
  ...rule(
    "RFC 6455 §8.1, RFC 7692 §6.2: what cannot be decompressed, or is no UTF-8 then, MUST fail the connection",
    [
      closed("no deflate", 1007, masked(0xc1, hex("ff ff ff ff ff"))),
      closed("a distance before the first byte", 1007, masked(0xc1, shared)),
      closed(
        "a stored block whose length is not its complement",
        1007,
        masked(0xc1, hex("00 05 00 fa fe 48 65 6c 6c 6f 00")),
      ),
      closed("bytes that are no UTF-8", 1007, masked(0xc1, deflated(hex("61 ff")))),
      closed("a text that ends in a cut character", 1007, masked(0xc1, deflated(hex("61 e2 82")))),
    ],
  ),
];

export const compressed: readonly WebSocketVector[] = vectors.map((vector) => ({
  ...vector,
  fields: FIELDS,
}));
