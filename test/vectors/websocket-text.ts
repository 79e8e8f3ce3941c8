/** Vectors: texts are UTF-8, and refused as soon as they are not. RFC 6455 §5.6, §8.1. */
import { bare, frameHead, hex, masked, text } from "../support/frames.ts";
import { answered, closed, rule, type WebSocketVector } from "./websocketvector.ts";

/** Bytes from one to another, as hex. */
function bytesBetween(first: number, last: number): string {
  return Buffer.from(Array.from({ length: last - first + 1 }, (_, i) => first + i)).toString("hex");
}

/** U+FFFE and U+FFFF of all 17 planes, as hex. */
function lastOfPlanes(): string {
  const points = Array.from({ length: 17 }, (_, plane) => [
    (plane << 16) + 0xfffe,
    (plane << 16) + 0xffff,
  ]);
  return Buffer.from(String.fromCodePoint(...points.flat())).toString("hex");
}

const GOOD: readonly (readonly [name: string, bytes: string])[] = [
  ["two, three and four bytes a character", "c2a2 e282ac f09f9880"],
  ["the first of each length", "00 c280 e0a080 f0908080"],
  ["the last of each length", "7f dfbf efbfbf f48fbfbf"],
  ["around the surrogates", "ed9fbf ee8080"],
  ["the replacement character", "efbfbd"],
  ["non-characters", "efb790 efbfbe f09fbfbe f09fbfbf"],
  ["a byte order mark", "efbbbf 61"],
  ["both sides of each length's border", "7f c280 dfbf e0a080 efbfbf f0908080"],
  ["the specials", "efbfb9 efbfba efbfbb efbfbc efbfbd"],
  ["the last two of each plane", lastOfPlanes()],
  ["the Greek word of many tests", "cebae1bdb9cf83cebcceb5"],
];

const BAD: readonly (readonly [name: string, bytes: string])[] = [
  ["a continuation byte", "80"],
  ["the last continuation byte", "bf"],
  ["seven continuation bytes", "80bf80bf80bf80"],
  ["a lead byte and a blank", "c020"],
  ["an overlong slash in two", "c0af"],
  ["an overlong slash in three", "e080af"],
  ["an overlong slash in four", "f08080af"],
  ["the largest overlong in two", "c1bf"],
  ["the largest overlong in three", "e09fbf"],
  ["the largest overlong in four", "f08fbfbf"],
  ["an overlong NUL", "c080"],
  ["five bytes", "f888808080"],
  ["six bytes", "fc8480808080"],
  ["above 10ffff", "f4908080"],
  ["f5", "f5808080"],
  ["fe", "fe"],
  ["ff", "ff"],
  ["the first surrogate", "eda080"],
  ["the last surrogate", "edbfbf"],
  ["a pair of surrogates", "eda080edb080"],
  ["a cut character and another", "e28241"],
  ["the Greek word with a surrogate in it", "cebae1bdb9cf83cebcceb5eda080656469746564"],
];

/** As BAD, tried in fewer ways. */
const RARE: readonly (readonly [name: string, bytes: string])[] = [
  ["fe and ff", "fefeffff"],
  ["all continuation bytes", bytesBetween(0x80, 0xbf)],
  ["an overlong NUL in three", "e08080"],
  ["an overlong NUL in four", "f0808080"],
  ["an overlong slash in five", "f8808080af"],
  ["an overlong slash in six", "fc80808080af"],
  ["the largest overlong in five", "f887bfbfbf"],
  ["the largest overlong in six", "fc83bfbfbfbf"],
  ["the largest in four", "f7bfbfbf"],
  ["the largest in five", "fbbfbfbfbf"],
  ["the largest in six", "fdbfbfbfbfbf"],
  ["all that is cut by a byte", "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"],
  ...["edadbf", "edae80", "edafbf", "edb080", "edbe80"].map(
    (bytes) => ["a surrogate", bytes] as const,
  ),
  ...[
    "eda080edbfbf",
    "edadbfedb080",
    "edadbfedbfbf",
    "edae80edb080",
    "edae80edbfbf",
    "edafbfedb080",
    "edafbfedbfbf",
  ].map((bytes) => ["a pair of surrogates", bytes] as const),
];

const WORD = "cebae1bdb9cf83cebcceb5";

/** What comes of a message, whose rest does not. */
const UNENDED: readonly (readonly [name: string, ...bytes: Buffer[]])[] = [
  ["in the first of many fragments", masked(0x01, hex("41 ff"))],
  [
    "in the second of three, whose first is good",
    masked(0x01, hex(WORD)),
    masked(0x00, hex("f4908080")),
  ],
  [
    "in the second of three, by its first byte alone",
    masked(0x01, hex(`${WORD} f4`)),
    masked(0x00, hex("90")),
  ],
  [
    "behind good bytes of a frame of which more is to come",
    frameHead(0x81, 21, 0x80),
    hex(`00000000 ${WORD} f490`),
  ],
  ["in the second", masked(0x01, hex("ce")), masked(0x00, hex("ba f4 90"))],
  [
    "in the second byte of a character that a fragment cuts",
    masked(0x01, hex("f4")),
    masked(0x00, hex("90")),
  ],
  ["in a frame of which more is to come", frameHead(0x81, 1000, 0x80), hex("00000000 61 f4 90")],
  [
    "in a frame of 64 KiB of which more is to come",
    frameHead(0x81, 70_000, 0x80),
    hex("00000000 eda0"),
  ],
];

/** A lead byte, or one that can be none, and a blank; and characters that end too early. */
const CUT = [
  ...Array.from({ length: 0x40 }, (_, i) => `${(0xc0 + i).toString(16)}20`),
  ...["e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"],
];

export const texts: readonly WebSocketVector[] = [
  ...rule("RFC 6455 §5.6: the whole of a text message is UTF-8, and its fragments need not be", [
    ...GOOD.flatMap(([name, bytes]) => {
      const whole = hex(bytes);
      const parts = [...whole].map((byte, i) => masked(i === 0 ? 0x01 : 0x00, Buffer.of(byte)));
      return [
        answered(name, masked(0x81, whole, 0x12345678), bare(0x81, whole)),
        answered(`${name}, a fragment a byte`, [...parts, masked(0x80)], bare(0x81, whole)),
      ];
    }),
  ]),
  ...rule("RFC 6455 §8.1: a text that is not UTF-8 MUST fail the connection", [
    ...BAD.flatMap(([name, bytes]) => {
      const whole = hex(bytes);
      const parts = [...whole].map((byte, i) => masked(i === 0 ? 0x01 : 0x00, Buffer.of(byte)));
      return [
        closed(name, 1007, masked(0x81, whole, 0x12345678)),
        closed(`${name}, a fragment a byte`, 1007, [...parts, masked(0x80)]),
        closed(
          `${name}, behind a good text`,
          1007,
          [text("a"), masked(0x81, whole)],
          bare(0x81, "a"),
        ),
        closed(
          `${name}, among others`,
          1007,
          masked(0x81, Buffer.concat([Buffer.alloc(200, 0x61), whole, Buffer.alloc(200, 0x61)])),
        ),
      ];
    }),
    ...RARE.flatMap(([name, bytes]) => {
      const whole = hex(bytes);
      const parts = [...whole].map((byte, i) => masked(i === 0 ? 0x01 : 0x00, Buffer.of(byte)));
      return [
        closed(`${name}: ${bytes}`, 1007, masked(0x81, whole, 0x12345678)),
        closed(`${name}: ${bytes}, a fragment a byte`, 1007, [...parts, masked(0x80)]),
      ];
    }),
    ...CUT.map((bytes) => closed(bytes, 1007, masked(0x81, hex(bytes)))),
    closed("a cut character at the end", 1007, masked(0x81, hex("61 e282"))),
    closed("a cut character at the end of the last fragment", 1007, [
      masked(0x01, "a"),
      masked(0x80, hex("f09f98")),
    ]),
  ]),
  ...rule("RFC 6455 §8.1: ... as soon as the first byte has come that can be in no text", [
    // The message never ends.
    ...UNENDED.map(([name, ...bytes]) => closed(name, 1007, bytes)),
  ]),
  ...rule("RFC 6455 §5.6: the interpretation of bytes is up to the application", [
    answered(
      "what is no text",
      masked(0x82, hex("ff c0af eda080")),
      bare(0x82, hex("ff c0af eda080")),
    ),
  ]),
];
