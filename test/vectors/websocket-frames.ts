/** Vectors: frames, masks, lengths, fragments, control frames. RFC 6455 §5. */
import {
  bare,
  binary,
  close,
  frameHead,
  hex,
  masked,
  ping,
  pong,
  text,
} from "../support/websockets.ts";
import { answered, closed, type WebSocketVector } from "./websocketvector.ts";

const MASKED =
  "RFC 6455 §5.1: a server MUST close the connection upon receiving a frame that is not masked";
const UNMASKED =
  "RFC 6455 §5.1, §6.1: a server MUST NOT mask what it sends, and sets FIN on the last frame of a message";
const RESERVED = "RFC 6455 §5.2: reserved bits MUST be 0 unless an extension gives them a meaning";
const OPCODE = "RFC 6455 §5.2: an unknown opcode MUST fail the connection";
const MINIMAL = "RFC 6455 §5.2: the minimal number of bytes MUST be used to encode the length";
const MOST_BIT = "RFC 6455 §5.2: the most significant bit of a 64-bit length MUST be 0";
const LENGTHS = "RFC 6455 §5.2: a length is in 7 bits, 16 or 64, in network byte order";
const UNMASKING = "RFC 6455 §5.3, §6.2: a server MUST remove the mask of what it receives";
const FRAGMENTS = "RFC 6455 §5.4: an endpoint MUST support fragmented and unfragmented messages";
const IN_ORDER = "RFC 6455 §5.4: fragments MUST be delivered in the order they were sent in";
const INTERLEAVED =
  "RFC 6455 §5.4: fragments of one message MUST NOT be interleaved with those of another";
const BETWEEN =
  "RFC 6455 §5.4: control frames in the middle of a fragmented message MUST be handled";
const WHOLE_CONTROL = "RFC 6455 §5.4, §5.5: control frames MUST NOT be fragmented";
const SHORT_CONTROL = "RFC 6455 §5.5: control frames MUST have a payload of 125 bytes or less";
const PONG = "RFC 6455 §5.5.2: a pong MUST be sent in response to a ping";
const IDENTICAL = "RFC 6455 §5.5.3: a pong MUST have the application data of its ping";
const UNSOLICITED = "RFC 6455 §5.5.3: a response to an unsolicited pong is not expected";
const STRAY = "RFC 6455 §5.4: a continuation frame continues a message that has begun";

const KEYS = [0x37fa213d, 0xffffffff, 0x000000ff, 0x80000001];
const bytes256 = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

export const frames: readonly WebSocketVector[] = [
  closed(MASKED, "a text", 1002, bare(0x81, "hello")),
  closed(MASKED, "an empty text", 1002, bare(0x81)),
  closed(MASKED, "bytes", 1002, bare(0x82, "x")),
  closed(MASKED, "a ping", 1002, bare(0x89)),
  closed(MASKED, "a pong", 1002, bare(0x8a)),
  closed(MASKED, "a close", 1002, bare(0x88)),
  closed(MASKED, "a long one", 1002, bare(0x82, Buffer.alloc(300))),
  closed(MASKED, "behind a good one", 1002, [text("a"), bare(0x81, "b")], bare(0x81, "a")),
  closed(MASKED, "a continuation", 1002, [masked(0x01, "a"), bare(0x80, "b")]),
  answered(UNMASKED, "a text", text("hi"), hex("81 02 68 69")),
  answered(UNMASKED, "a pong", ping("hi"), hex("8a 02 68 69")),
  ...[0x40, 0x20, 0x10, 0x70, 0x60].flatMap((bits) => [
    closed(RESERVED, `${bits.toString(16)} in a text`, 1002, masked(0x81 | bits, "a")),
    closed(RESERVED, `${bits.toString(16)} in bytes`, 1002, masked(0x82 | bits)),
    closed(RESERVED, `${bits.toString(16)} in a ping`, 1002, masked(0x89 | bits)),
    closed(RESERVED, `${bits.toString(16)} in a close`, 1002, masked(0x88 | bits)),
    closed(RESERVED, `${bits.toString(16)} in a continuation`, 1002, [
      masked(0x01, "a"),
      masked(0x80 | bits, "b"),
    ]),
  ]),
  closed(RESERVED, "behind a good one", 1002, [text("a"), masked(0xa1, "b")], bare(0x81, "a")),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
    closed(OPCODE, `${opcode}`, 1002, masked(0x80 | opcode)),
    closed(
      OPCODE,
      `${opcode} with a payload, between`,
      1002,
      [text("a"), masked(0x80 | opcode, "b"), ping()],
      bare(0x81, "a"),
    ),
    closed(OPCODE, `${opcode}, fragmented`, 1002, masked(opcode, "b")),
  ]),
  closed(MINIMAL, "0 in 16 bits", 1002, hex("82 fe 0000 00000000")),
  closed(MINIMAL, "125 in 16 bits", 1002, hex("82 fe 007d 00000000")),
  closed(MINIMAL, "0 in 64 bits", 1002, hex("82 ff 0000000000000000 00000000")),
  closed(MINIMAL, "65,535 in 64 bits", 1002, hex("82 ff 000000000000ffff 00000000")),
  answered(
    MINIMAL,
    "of what is sent: 125, 126",
    [binary(Buffer.alloc(125)), binary(Buffer.alloc(126))],
    bare(0x82, Buffer.alloc(125)),
    bare(0x82, Buffer.alloc(126)),
  ),
  closed(MOST_BIT, "alone", 1002, hex("82 ff 8000000000000000 00000000")),
  closed(MOST_BIT, "with a length", 1002, hex("82 ff 8000000000010000 00000000")),
  ...[0, 1, 124, 125, 126, 127, 128, 255, 256].flatMap((length) => [
    answered(
      LENGTHS,
      `${length} of text`,
      text("a".repeat(length)),
      bare(0x81, "a".repeat(length)),
    ),
    answered(
      LENGTHS,
      `${length} bytes`,
      binary(Buffer.alloc(length, 0xfe)),
      bare(0x82, Buffer.alloc(length, 0xfe)),
    ),
  ]),
  ...[65_535, 65_536, 70_000].map((length) =>
    answered(
      LENGTHS,
      `${length}`,
      binary(Buffer.alloc(length, 7)),
      bare(0x82, Buffer.alloc(length, 7)),
    ),
  ),
  ...KEYS.map((key) =>
    answered(
      UNMASKING,
      `${key.toString(16)}, each byte`,
      masked(0x82, bytes256, key),
      bare(0x82, bytes256),
    ),
  ),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33].map((length) =>
    answered(
      UNMASKING,
      `${length} of text`,
      masked(0x81, "abcdefghijklmnopqrstuvwxyz0123456".slice(0, length), 0x01020304),
      bare(0x81, "abcdefghijklmnopqrstuvwxyz0123456".slice(0, length)),
    ),
  ),
  answered(
    UNMASKING,
    "the example of §5.7",
    hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"),
    hex("81 05 48 65 6c 6c 6f"),
  ),
  answered(FRAGMENTS, "two", [masked(0x01, "Hel"), masked(0x80, "lo")], bare(0x81, "Hello")),
  answered(
    FRAGMENTS,
    "two of bytes",
    [masked(0x02, "Hel"), masked(0x80, "lo")],
    bare(0x82, "Hello"),
  ),
  answered(FRAGMENTS, "empty ones", [masked(0x01), masked(0x00), masked(0x80)], bare(0x81)),
  answered(
    FRAGMENTS,
    "an empty first one",
    [masked(0x01), masked(0x00, "a"), masked(0x80)],
    bare(0x81, "a"),
  ),
  answered(FRAGMENTS, "an empty last one", [masked(0x02, "a"), masked(0x80)], bare(0x82, "a")),
  answered(
    FRAGMENTS,
    "each with a mask of its own",
    [masked(0x01, "ab", 0x11223344), masked(0x80, "cdefg", 0xfffefdfc)],
    bare(0x81, "abcdefg"),
  ),
  answered(
    FRAGMENTS,
    "two messages",
    [masked(0x01, "a"), masked(0x80, "b"), masked(0x02, "c"), masked(0x80, "d")],
    bare(0x81, "ab"),
    bare(0x82, "cd"),
  ),
  answered(
    IN_ORDER,
    "five",
    ["1", "2", "3", "4"]
      .map((part, i) => masked(i === 0 ? 0x01 : 0x00, part))
      .concat(masked(0x80, "5")),
    bare(0x81, "12345"),
  ),
  closed(INTERLEAVED, "a text in a text", 1002, [masked(0x01, "a"), masked(0x81, "b")]),
  closed(INTERLEAVED, "bytes in a text", 1002, [masked(0x01, "a"), masked(0x82, "b")]),
  closed(INTERLEAVED, "a text in bytes", 1002, [masked(0x02, "a"), masked(0x01, "b")]),
  closed(INTERLEAVED, "after a continuation", 1002, [
    masked(0x02, "a"),
    masked(0x00, "b"),
    masked(0x82, "b"),
  ]),
  answered(
    BETWEEN,
    "a ping",
    [masked(0x01, "a"), ping("p"), masked(0x80, "b")],
    bare(0x8a, "p"),
    bare(0x81, "ab"),
  ),
  answered(
    BETWEEN,
    "several",
    [
      masked(0x01, "a"),
      ping("1"),
      ping("2"),
      masked(0x00, "b"),
      pong("x"),
      ping("3"),
      masked(0x80, "c"),
    ],
    bare(0x8a, "1"),
    bare(0x8a, "2"),
    bare(0x8a, "3"),
    bare(0x81, "abc"),
  ),
  closed(BETWEEN, "a close", 1000, [masked(0x01, "a"), close(1000)]),
  closed(WHOLE_CONTROL, "a ping", 1002, masked(0x09, "a")),
  closed(WHOLE_CONTROL, "a pong", 1002, masked(0x0a, "a")),
  closed(WHOLE_CONTROL, "a close", 1002, masked(0x08)),
  closed(WHOLE_CONTROL, "a ping and its continuation", 1002, [
    masked(0x09, "a"),
    masked(0x80, "b"),
  ]),
  answered(
    SHORT_CONTROL,
    "125 in a ping",
    ping(Buffer.alloc(125, 0xfe)),
    bare(0x8a, Buffer.alloc(125, 0xfe)),
  ),
  closed(SHORT_CONTROL, "126 in a ping", 1002, ping(Buffer.alloc(126))),
  closed(SHORT_CONTROL, "126 in a pong", 1002, pong(Buffer.alloc(126))),
  closed(SHORT_CONTROL, "126 in a close", 1002, masked(0x88, Buffer.alloc(126, 0x20))),
  closed(
    SHORT_CONTROL,
    "2^40 in a ping, of which none comes",
    1002,
    hex("89 ff 0000010000000000 00000000"),
  ),
  answered(PONG, "an empty ping", ping(), bare(0x8a)),
  answered(
    PONG,
    "ten",
    Array.from({ length: 10 }, (_, i) => ping(`${i}`)),
    ...Array.from({ length: 10 }, (_, i) => bare(0x8a, `${i}`)),
  ),
  answered(
    PONG,
    "between messages",
    [text("a"), ping("p"), text("b")],
    bare(0x81, "a"),
    bare(0x8a, "p"),
    bare(0x81, "b"),
  ),
  answered(IDENTICAL, "text", ping("Hello, world!"), bare(0x8a, "Hello, world!")),
  answered(
    IDENTICAL,
    "bytes that are no text",
    ping(hex("00 ff fe fd fc fb 00 ff")),
    bare(0x8a, hex("00 ff fe fd fc fb 00 ff")),
  ),
  answered(IDENTICAL, "masked", masked(0x89, "masked", 0x9e3779b9), bare(0x8a, "masked")),
  answered(UNSOLICITED, "an empty one", pong()),
  answered(UNSOLICITED, "with a payload, before a ping", [pong("x"), ping("y")], bare(0x8a, "y")),
  closed(STRAY, "alone, the last", 1002, masked(0x80, "x")),
  closed(STRAY, "alone, one of many", 1002, masked(0x00, "x")),
  closed(STRAY, "empty", 1002, masked(0x00)),
  closed(STRAY, "after a message", 1002, [text("a"), masked(0x80, "x")], bare(0x81, "a")),
  closed(
    STRAY,
    "after a fragmented message",
    1002,
    [masked(0x01, "a"), masked(0x80, "b"), masked(0x00, "x")],
    bare(0x81, "ab"),
  ),
  closed(STRAY, "as soon as its head has come", 1002, frameHead(0x80, 5, 0x80)),
];
