/** Vectors: texts are UTF-8, and refused as soon as they are not. RFC 6455 §5.6, §8.1. */
import { bare, frameHead, hex, masked, text } from "../support/frames.ts";
import { answered, closed, rule, type WebSocketVector } from "./websocketvector.ts";

const GOOD: readonly (readonly [name: string, bytes: string])[] = [
  ["two, three and four bytes a character", "c2a2 e282ac f09f9880"],
  ["the first of each length", "00 c280 e0a080 f0908080"],
  ["the last of each length", "7f dfbf efbfbf f48fbfbf"],
  ["around the surrogates", "ed9fbf ee8080"],
  ["the replacement character", "efbfbd"],
  ["non-characters", "efb790 efbfbe f09fbfbe f09fbfbf"],
  ["a byte order mark", "efbbbf 61"],
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
    closed("a cut character at the end", 1007, masked(0x81, hex("61 e282"))),
    closed("a cut character at the end of the last fragment", 1007, [
      masked(0x01, "a"),
      masked(0x80, hex("f09f98")),
    ]),
  ]),
  ...rule("RFC 6455 §8.1: ... as soon as the first byte has come that can be in no text", [
    // The message never ends.
    closed("in the first of many fragments", 1007, masked(0x01, hex("41 ff"))),
    closed("in the second", 1007, [masked(0x01, hex("ce")), masked(0x00, hex("ba f4 90"))]),
    closed("in the second byte of a character that a fragment cuts", 1007, [
      masked(0x01, hex("f4")),
      masked(0x00, hex("90")),
    ]),
    closed("in a frame of which more is to come", 1007, [
      frameHead(0x81, 1000, 0x80),
      hex("00000000 61 f4 90"),
    ]),
    closed("in a frame of 64 KiB of which more is to come", 1007, [
      frameHead(0x81, 70_000, 0x80),
      hex("00000000 eda0"),
    ]),
  ]),
  ...rule("RFC 6455 §5.6: the interpretation of bytes is up to the application", [
    answered(
      "what is no text",
      masked(0x82, hex("ff c0af eda080")),
      bare(0x82, hex("ff c0af eda080")),
    ),
  ]),
];
