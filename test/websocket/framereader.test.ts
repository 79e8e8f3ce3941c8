/** What the frame reader makes of bytes: every rule of RFC 6455 §5 and §8.1, whole and cut everywhere. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bare, Collector, type CollectorOptions, everyWay, masked } from "./collector.ts";

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ""), "hex");

function hears(
  name: string,
  bytes: Buffer,
  expected: string[],
  options: CollectorOptions = {},
): void {
  reader(name, () => {
    for (const events of everyWay(bytes, options)) assert.equal(events, expected);
  });
}

const reader = suite("the frame reader");
hears("takes a text", masked(0x81, "hello"), ['text "hello"']);
hears("takes the example of RFC 6455 §5.7", hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), [
  'text "Hello"',
]);
hears("takes an unmasked text of a server", hex("81 05 48 65 6c 6c 6f"), ['text "Hello"'], {
  expectsMask: false,
});
hears("takes bytes", masked(0x82, Buffer.of(0, 255, 128)), ["binary 00ff80"]);
hears("takes empty messages", Buffer.concat([masked(0x81, ""), masked(0x82, "")]), [
  'text ""',
  "binary",
]);
hears("takes characters of every length", masked(0x81, "aé€😀"), ['text "aé€😀"']);
hears(
  "takes several in a row",
  Buffer.concat([masked(0x81, "a"), masked(0x82, "b"), masked(0x81, "c")]),
  ['text "a"', "binary 62", 'text "c"'],
);
for (const length of [125, 126, 127, 65_535]) {
  const text = "x".repeat(length);
  reader(`takes ${length} bytes`, () => {
    const collector = new Collector();
    collector.feed(masked(0x81, text));
    collector.feed(masked(0x81, text).subarray(0, 100));
    collector.feed(masked(0x81, text).subarray(100));
    assert.equal(collector.events, [
      `text ${JSON.stringify(text)}`,
      `text ${JSON.stringify(text)}`,
    ]);
  });
}
reader("takes 65,536 bytes in pieces", () => {
  const bytes = Buffer.alloc(65_536, "ab");
  const collector = new Collector();
  const frame = masked(0x82, bytes, 0xf1e2d3c4);
  for (let at = 0; at < frame.length; at += 1001) collector.feed(frame.subarray(at, at + 1001));
  assert.equal(collector.events, [`binary ${bytes.toString("hex")}`]);
});
reader("holds nothing between messages", () => {
  const collector = new Collector();
  collector.feed(masked(0x81, "whole"));
  assert.is(collector.partial, null);
  const frame = Buffer.concat([masked(0x01, "ha"), masked(0x80, "lf")]);
  collector.feed(frame.subarray(0, 9));
  assert.is.not(collector.partial, null);
  collector.feed(frame.subarray(9));
  assert.is(collector.partial, null);
  collector.feed(masked(0x89, "p"));
  assert.is(collector.partial, null);
});
reader("holds what has come of a message, not what is claimed", () => {
  const collector = new Collector({ maxMessageBytes: 2 ** 40 });
  collector.feed(hex("82 ff 00 00 00 10 00 00 00 00 01 02 03 04 aa bb"));
  assert.is(collector.partial?.heldBytes, 2);
});
reader("reads on after thousands of control frames in one read", () => {
  const collector = new Collector();
  collector.feed(Buffer.concat(Array.from({ length: 20_000 }, () => masked(0x89, ""))));
  assert.is(collector.events.length, 20_000);
});

// Fragments and control frames.
hears(
  "puts fragments together",
  Buffer.concat([
    masked(0x01, "one "),
    masked(0x00, ""),
    masked(0x00, "two "),
    masked(0x80, "three"),
  ]),
  ['text "one two three"'],
);
hears(
  "takes control frames between fragments",
  Buffer.concat([masked(0x02, "a"), masked(0x89, "p"), masked(0x8a, "q"), masked(0x80, "b")]),
  ["ping 70", "pong 71", "binary 6162"],
);
hears(
  "takes a character that is cut by fragments",
  Buffer.concat([masked(0x01, hex("e2")), masked(0x00, hex("82")), masked(0x80, hex("ac"))]),
  ['text "€"'],
);
hears("takes 125 bytes in a ping", masked(0x89, Buffer.alloc(125, 1)), [
  `ping ${"01".repeat(125)}`,
]);
hears("takes a close with code and reason", masked(0x88, hex("03e8 62 79 65")), [
  "close 03e8627965",
]);
hears("takes a close without", masked(0x88, ""), ["close"]);

// Faults.
for (const [name, bytes, fault, options] of [
  ["RSV1 without an extension", masked(0xc1, "a"), "reservedBits"],
  ["RSV2", masked(0xa1, "a"), "reservedBits"],
  ["RSV3", masked(0x91, "a"), "reservedBits"],
  ["RSV2 in a ping", masked(0xa9, ""), "reservedBits"],
  ["opcode 3", masked(0x83, ""), "opcode"],
  ["opcode 7", masked(0x87, ""), "opcode"],
  ["opcode 11", masked(0x8b, ""), "opcode"],
  ["opcode 15", masked(0x8f, ""), "opcode"],
  ["an unmasked frame of a client", bare(0x81, "hello"), "unmasked"],
  ["an unmasked empty frame", bare(0x81, ""), "unmasked"],
  ["an unmasked ping", bare(0x89, ""), "unmasked"],
  ["a masked frame of a server", masked(0x81, "hello"), "masked", { expectsMask: false }],
  ["a short length in two bytes", hex("82 fe 00 7d 00000000"), "length"],
  ["a length of two bytes in eight", hex("82 ff 00000000 0000ffff 00000000"), "length"],
  ["a length with its first bit set", hex("82 ff 80000000 00000000 00000000"), "length"],
  ["a fragmented ping", masked(0x09, ""), "controlFragmented"],
  ["a fragmented close", masked(0x08, ""), "controlFragmented"],
  ["a ping of 126 bytes", masked(0x89, Buffer.alloc(126)), "controlTooLong"],
  ["a continuation of nothing", masked(0x80, "x"), "strayContinuation"],
  ["an unfinished continuation of nothing", masked(0x00, "x"), "strayContinuation"],
  ["2^40 bytes declared", hex("81 ff 00000100 00000000 00000000"), "tooBig"],
  ["2^62 bytes declared", hex("81 ff 40000000 00000000 00000000"), "tooBig"],
  ["one byte too many", masked(0x82, Buffer.alloc(17)), "tooBig", { maxMessageBytes: 16 }],
  ["a compressed ping", masked(0xc9, ""), "compressedContinuation", { inflates: true }],
] as const) {
  hears(`refuses ${name}`, bytes, [`fault ${fault}`], options);
}
hears("refuses a message inside another", Buffer.concat([masked(0x01, "a"), masked(0x81, "b")]), [
  "fault expectedContinuation",
]);
hears(
  "refuses a compressed continuation",
  Buffer.concat([masked(0x41, "a"), masked(0xc0, "b")]),
  ["fault compressedContinuation"],
  { inflates: true },
);
hears(
  "refuses a continuation after a whole message",
  Buffer.concat([masked(0x81, "a"), masked(0x80, "b")]),
  ['text "a"', "fault strayContinuation"],
);
hears(
  "adds up the fragments of a message that is too big",
  Buffer.concat([masked(0x02, Buffer.alloc(10)), masked(0x80, Buffer.alloc(7))]),
  ["fault tooBig"],
  { maxMessageBytes: 16 },
);
hears(
  "takes as many bytes as are allowed",
  masked(0x82, Buffer.alloc(16)),
  [`binary ${"00".repeat(16)}`],
  {
    maxMessageBytes: 16,
  },
);
hears("takes a compressed message as it is", masked(0xc1, "zz"), ["compressed text 7a7a"], {
  inflates: true,
});

// UTF-8.
for (const [name, bytes] of [
  ["a lone continuation byte", "80"],
  ["an overlong slash", "c0af"],
  ["an overlong three-byte character", "e080af"],
  ["an overlong four-byte character", "f08080af"],
  ["a surrogate", "eda080"],
  ["a code point above 10ffff", "f4908080"],
  ["a byte that leads nothing", "ff"],
  ["a five-byte form", "f888808080"],
  ["a cut character", "e282"],
  ["a cut character and another", "e28241"],
] as const) {
  hears(`refuses ${name}`, masked(0x81, hex(bytes)), ["fault utf8"]);
  hears(
    `refuses ${name} in fragments`,
    Buffer.concat(
      [...hex(bytes)]
        .map((byte, at) => masked(at === 0 ? 1 : 0, Buffer.of(byte)))
        .concat(masked(0x80, "")),
    ),
    ["fault utf8"],
  );
}
reader("refuses bad UTF-8 at its first byte, in a frame that has not ended", () => {
  const collector = new Collector();
  const frame = masked(0x81, Buffer.concat([Buffer.from("ok "), hex("f490"), Buffer.alloc(100)]));
  collector.feed(frame.subarray(0, 6 + 3 + 1));
  assert.equal(collector.events, []);
  collector.feed(frame.subarray(6 + 3 + 1, 6 + 3 + 2));
  assert.equal(collector.events, ["fault utf8"]);
});
reader("refuses bad UTF-8 in the first of many fragments", () => {
  const collector = new Collector();
  collector.feed(masked(0x01, hex("41ff")));
  assert.equal(collector.events, ["fault utf8"]);
});
reader("does not judge bytes as text", () => {
  const collector = new Collector();
  collector.feed(masked(0x82, hex("ff")));
  assert.equal(collector.events, ["binary ff"]);
});
reader.run();
