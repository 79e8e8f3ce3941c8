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
} from "../support/frames.ts";
import { answered, closed, echoed, rule, type WebSocketVector } from "./websocketvector.ts";

const KEYS = [0x37fa213d, 0xffffffff, 0x000000ff, 0x80000001];
const bytes256 = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/** 64 KiB, or less, in fragments of so many bytes. */
const FRAGMENTED = [1, 7, 125, 126, 127, 1300, 4096, 65_535].map((size) => {
  const payload = Buffer.alloc(size < 1000 ? 40 * size : 65_536, "0123456789");
  const parts: Buffer[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const isLast = at + size >= payload.length;
    const part = payload.subarray(at, at + size);
    parts.push(masked((at === 0 ? 0x01 : 0x00) | (isLast ? 0x80 : 0), part, 0x01020304));
  }
  return answered(`${size} bytes each`, parts, bare(0x81, payload));
});

export const frames: readonly WebSocketVector[] = [
  ...rule(
    "RFC 6455 §5.1: a server MUST close the connection upon receiving a frame that is not masked",
    [
      closed("a text", 1002, bare(0x81, "hello")),
      closed("an empty text", 1002, bare(0x81)),
      closed("bytes", 1002, bare(0x82, "x")),
      closed("a ping", 1002, bare(0x89)),
      closed("a pong", 1002, bare(0x8a)),
      closed("a close", 1002, bare(0x88)),
      closed("a long one", 1002, bare(0x82, Buffer.alloc(300))),
      closed("behind a good one", 1002, [text("a"), bare(0x81, "b")], bare(0x81, "a")),
      closed("a continuation", 1002, [masked(0x01, "a"), bare(0x80, "b")]),
    ],
  ),
  ...rule(
    "RFC 6455 §5.1, §6.1: a server MUST NOT mask what it sends, and sets FIN on the last frame of a message",
    [
      answered("a text", text("hi"), hex("81 02 68 69")),
      answered("a pong", ping("hi"), hex("8a 02 68 69")),
    ],
  ),
  ...rule("RFC 6455 §5.2: reserved bits MUST be 0 unless an extension gives them a meaning", [
    ...[0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70].flatMap((bits) => [
      closed(`${bits.toString(16)} in a text`, 1002, masked(0x81 | bits, "a")),
      closed(`${bits.toString(16)} in bytes`, 1002, masked(0x82 | bits)),
      closed(`${bits.toString(16)} in a ping`, 1002, masked(0x89 | bits)),
      closed(`${bits.toString(16)} in a close`, 1002, masked(0x88 | bits)),
      closed(`${bits.toString(16)} in a continuation`, 1002, [
        masked(0x01, "a"),
        masked(0x80 | bits, "b"),
      ]),
    ]),
    closed("behind a good one", 1002, [text("a"), masked(0xa1, "b")], bare(0x81, "a")),
  ]),
  ...rule("RFC 6455 §5.2: an unknown opcode MUST fail the connection", [
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
      closed(`${opcode}`, 1002, masked(0x80 | opcode)),
      closed(
        `${opcode} with a payload, between`,
        1002,
        [text("a"), masked(0x80 | opcode, "b"), ping()],
        bare(0x81, "a"),
      ),
      closed(`${opcode}, fragmented`, 1002, masked(opcode, "b")),
    ]),
  ]),
  ...rule("RFC 6455 §5.2: the minimal number of bytes MUST be used to encode the length", [
    closed("0 in 16 bits", 1002, hex("82 fe 0000 00000000")),
    closed("125 in 16 bits", 1002, hex("82 fe 007d 00000000")),
    closed("0 in 64 bits", 1002, hex("82 ff 0000000000000000 00000000")),
    closed("65,535 in 64 bits", 1002, hex("82 ff 000000000000ffff 00000000")),
    answered(
      "of what is sent: 125, 126",
      [binary(Buffer.alloc(125)), binary(Buffer.alloc(126))],
      bare(0x82, Buffer.alloc(125)),
      bare(0x82, Buffer.alloc(126)),
    ),
  ]),
  ...rule("RFC 6455 §5.2: the most significant bit of a 64-bit length MUST be 0", [
    closed("alone", 1002, hex("82 ff 8000000000000000 00000000")),
    closed("with a length", 1002, hex("82 ff 8000000000010000 00000000")),
  ]),
  ...rule("RFC 6455 §5.2: a length is in 7 bits, 16 or 64, in network byte order", [
    ...[0, 1, 124, 125, 126, 127, 128, 255, 256].flatMap((length) => [
      answered(`${length} of text`, text("a".repeat(length)), bare(0x81, "a".repeat(length))),
      answered(
        `${length} bytes`,
        binary(Buffer.alloc(length, 0xfe)),
        bare(0x82, Buffer.alloc(length, 0xfe)),
      ),
    ]),
    ...[65_535, 65_536, 65_537].flatMap((length) => [
      answered(`${length} of text`, text("a".repeat(length)), bare(0x81, "a".repeat(length))),
      answered(
        `${length} of text, two bytes a character`,
        text("é".repeat(length >> 1)),
        bare(0x81, "é".repeat(length >> 1)),
      ),
    ]),
    ...[65_535, 65_536, 70_000].map((length) =>
      answered(`${length}`, binary(Buffer.alloc(length, 7)), bare(0x82, Buffer.alloc(length, 7))),
    ),
  ]),
  ...rule("RFC 6455 §5.3, §6.2: a server MUST remove the mask of what it receives", [
    ...KEYS.map((key) =>
      answered(`${key.toString(16)}, each byte`, masked(0x82, bytes256, key), bare(0x82, bytes256)),
    ),
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33].map((length) =>
      answered(
        `${length} of text`,
        masked(0x81, "abcdefghijklmnopqrstuvwxyz0123456".slice(0, length), 0x01020304),
        bare(0x81, "abcdefghijklmnopqrstuvwxyz0123456".slice(0, length)),
      ),
    ),
    answered(
      "the example of §5.7",
      hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"),
      hex("81 05 48 65 6c 6c 6f"),
    ),
  ]),
  ...rule("RFC 6455 §5.4: an endpoint MUST support fragmented and unfragmented messages", [
    answered("two", [masked(0x01, "Hel"), masked(0x80, "lo")], bare(0x81, "Hello")),
    answered("two of bytes", [masked(0x02, "Hel"), masked(0x80, "lo")], bare(0x82, "Hello")),
    answered("empty ones", [masked(0x01), masked(0x00), masked(0x80)], bare(0x81)),
    answered(
      "an empty first one",
      [masked(0x01), masked(0x00, "a"), masked(0x80)],
      bare(0x81, "a"),
    ),
    answered("an empty last one", [masked(0x02, "a"), masked(0x80)], bare(0x82, "a")),
    answered(
      "each with a mask of its own",
      [masked(0x01, "ab", 0x11223344), masked(0x80, "cdefg", 0xfffefdfc)],
      bare(0x81, "abcdefg"),
    ),
    answered(
      "two messages",
      [masked(0x01, "a"), masked(0x80, "b"), masked(0x02, "c"), masked(0x80, "d")],
      bare(0x81, "ab"),
      bare(0x82, "cd"),
    ),
  ]),
  ...rule("RFC 6455 §5.4: fragments MUST be delivered in the order they were sent in", [
    answered(
      "five",
      ["1", "2", "3", "4"]
        .map((part, i) => masked(i === 0 ? 0x01 : 0x00, part))
        .concat(masked(0x80, "5")),
      bare(0x81, "12345"),
    ),
  ]),
  ...rule("RFC 6455 §5.4: fragments may be of any size", FRAGMENTED),
  ...rule("RFC 6455 §5.4: fragments of one message MUST NOT be interleaved with those of another", [
    closed("a text in a text", 1002, [masked(0x01, "a"), masked(0x81, "b")]),
    closed("bytes in a text", 1002, [masked(0x01, "a"), masked(0x82, "b")]),
    closed("a text in bytes", 1002, [masked(0x02, "a"), masked(0x01, "b")]),
    closed("after a continuation", 1002, [masked(0x02, "a"), masked(0x00, "b"), masked(0x82, "b")]),
  ]),
  ...rule("RFC 6455 §5.4: control frames in the middle of a fragmented message MUST be handled", [
    answered(
      "a ping",
      [masked(0x01, "a"), ping("p"), masked(0x80, "b")],
      bare(0x8a, "p"),
      bare(0x81, "ab"),
    ),
    answered(
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
    answered(
      "in each gap",
      [
        masked(0x01, "1"),
        masked(0x00, "2"),
        ping("a"),
        masked(0x00, "3"),
        masked(0x00, "4"),
        ping("b"),
        masked(0x80, "5"),
      ],
      bare(0x8a, "a"),
      bare(0x8a, "b"),
      bare(0x81, "12345"),
    ),
    echoed("a close", 1000, [masked(0x01, "a"), close(1000)]),
  ]),
  ...rule("RFC 6455 §5.4, §5.5: control frames MUST NOT be fragmented", [
    closed("a ping", 1002, masked(0x09, "a")),
    closed("a pong", 1002, masked(0x0a, "a")),
    closed("a close", 1002, masked(0x08)),
    closed("a ping and its continuation", 1002, [masked(0x09, "a"), masked(0x80, "b")]),
  ]),
  ...rule("RFC 6455 §5.5: control frames MUST have a payload of 125 bytes or less", [
    answered("125 in a ping", ping(Buffer.alloc(125, 0xfe)), bare(0x8a, Buffer.alloc(125, 0xfe))),
    closed("126 in a ping", 1002, ping(Buffer.alloc(126))),
    closed("126 in a pong", 1002, pong(Buffer.alloc(126))),
    closed("126 in a close", 1002, masked(0x88, Buffer.alloc(126, 0x20))),
    closed("2^40 in a ping, of which none comes", 1002, hex("89 ff 0000010000000000 00000000")),
  ]),
  ...rule("RFC 6455 §5.5.2: a pong MUST be sent in response to a ping", [
    answered("an empty ping", ping(), bare(0x8a)),
    answered(
      "ten",
      Array.from({ length: 10 }, (_, i) => ping(`${i}`)),
      ...Array.from({ length: 10 }, (_, i) => bare(0x8a, `${i}`)),
    ),
    answered(
      "between messages",
      [text("a"), ping("p"), text("b")],
      bare(0x81, "a"),
      bare(0x8a, "p"),
      bare(0x81, "b"),
    ),
  ]),
  ...rule("RFC 6455 §5.5.3: a pong MUST have the application data of its ping", [
    answered("text", ping("Hello, world!"), bare(0x8a, "Hello, world!")),
    answered(
      "bytes that are no text",
      ping(hex("00 ff fe fd fc fb 00 ff")),
      bare(0x8a, hex("00 ff fe fd fc fb 00 ff")),
    ),
    answered("masked", masked(0x89, "masked", 0x9e3779b9), bare(0x8a, "masked")),
  ]),
  ...rule("RFC 6455 §5.5.3: a response to an unsolicited pong is not expected", [
    answered("an empty one", pong()),
    answered("with a payload, before a ping", [pong("x"), ping("y")], bare(0x8a, "y")),
  ]),
  ...rule("RFC 6455 §5.4: a continuation frame continues a message that has begun", [
    closed("alone, the last", 1002, masked(0x80, "x")),
    closed("alone, one of many", 1002, masked(0x00, "x")),
    closed("empty", 1002, masked(0x00)),
    closed("after a message", 1002, [text("a"), masked(0x80, "x")], bare(0x81, "a")),
    closed(
      "after a fragmented message",
      1002,
      [masked(0x01, "a"), masked(0x80, "b"), masked(0x00, "x")],
      bare(0x81, "ab"),
    ),
    closed("the last, a message behind it", 1002, [masked(0x80, "x"), text("a")]),
    closed("one of many, a message behind it", 1002, [masked(0x00, "x"), text("a")]),
    closed(
      "between two fragmented messages",
      1002,
      [
        masked(0x01, "a"),
        masked(0x80, "b"),
        masked(0x00, "x"),
        masked(0x01, "c"),
        masked(0x80, "d"),
      ],
      bare(0x81, "ab"),
    ),
    closed("one of many, a fragmented message behind it, twice", 1002, [
      masked(0x00, "x"),
      masked(0x01, "a"),
      masked(0x80, "b"),
      masked(0x00, "x"),
      masked(0x01, "a"),
      masked(0x80, "b"),
    ]),
    closed("the last, a fragmented message behind it", 1002, [
      masked(0x80, "x"),
      masked(0x01, "a"),
      masked(0x80, "b"),
    ]),
    closed("as soon as its head has come", 1002, frameHead(0x80, 5, 0x80)),
  ]),
];
