/**
 * The frame reader against a reference: every kind of frame inside of a message and outside, texts of every border of
 * UTF-8 cut at every byte, and streams of frames that are changed at random; of clients and of servers.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { noise } from "../support/noise.ts";
import { Collector, type CollectorOptions } from "./collector.ts";
import { judge } from "./framereference.ts";

const KEY = Buffer.from("a1b2c3d4", "hex");

interface FrameParts {
  readonly first: number;
  readonly payload?: Uint8Array | string;
  readonly isMasked: boolean;
  /** Bits of the length, or as few as will do. */
  readonly lengthBits?: 7 | 16 | 64;
}

function frame({ first, payload = "", isMasked, lengthBits }: FrameParts): Buffer {
  const body = Buffer.from(payload as string);
  const bits = lengthBits ?? (body.length < 126 ? 7 : body.length < 65_536 ? 16 : 64);
  const mask = isMasked ? 0x80 : 0;
  let head = Buffer.of(first, mask | body.length);
  if (bits === 16) head = Buffer.of(first, mask | 126, body.length >> 8, body.length & 255);
  if (bits === 64) {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = mask | 127;
    head.writeUInt32BE(body.length, 6);
  }
  if (!isMasked) return Buffer.concat([head, body]);
  return Buffer.concat([head, KEY, body.map((byte, i) => byte ^ (KEY[i & 3] ?? 0))]);
}

/** Feeds bytes in pieces. */
function heard(pieces: readonly Buffer[], options: CollectorOptions): readonly string[] {
  const collector = new Collector(options);
  for (const piece of pieces) if (!collector.hasFailed) collector.feed(piece);
  return collector.events;
}

/** What is heard must be what the reference says, whole, byte by byte, and as soon as it can be known. */
function agree(bytes: Buffer, options: CollectorOptions, cuts: readonly number[] = []): void {
  const { events, faults, knownAt } = judge(bytes, options);
  const ways = [[bytes], [...bytes].map((byte) => Buffer.of(byte))];
  for (const cut of cuts) ways.push([bytes.subarray(0, cut), bytes.subarray(cut)]);
  if (faults.size > 0) ways.push([bytes.subarray(0, knownAt)]);
  for (const [way, pieces] of ways.entries()) {
    const got = [...heard(pieces, options)];
    const fault = got.at(-1)?.startsWith("fault ") === true ? got.pop() : undefined;
    const isRight =
      got.length === events.length &&
      got.every((event, i) => event === events[i]) &&
      (fault === undefined
        ? faults.size === 0
        : [...faults].some((allowed) => fault === `fault ${allowed}`));
    if (isRight) continue;
    const wanted = [...events, [...faults].join(" or ")].join(", ");
    assert.unreachable(
      `${bytes.toString("hex")}, way ${way}: heard ${got.join(", ")} ${fault}; must be ${wanted}`,
    );
  }
}

const SIDES = [true, false];

const t = suite("the frame reader and its reference");

for (const expectsMask of SIDES) {
  for (const inflates of [false, true]) {
    const whose = expectsMask ? "client" : "server";
    t(`agree on every frame of a ${whose}${inflates ? ", with compression" : ""}`, () => {
      for (let first = 0; first < 256; first++) {
        for (const isMasked of [true, false]) {
          for (const lengthBits of [7, 16, 64] as const) {
            for (const isWithin of [true, false]) {
              const good = { isMasked: expectsMask };
              const opcode = first & 15;
              // A message that it begins, or is within, is ended.
              const goesOn = opcode >= 8 ? isWithin : first < 128;
              const bytes = Buffer.concat([
                frame({ ...good, first: isWithin ? 0x01 : 0x81, payload: "before" }),
                frame({ first, isMasked, lengthBits, payload: "Hello" }),
                frame({ ...good, first: 0x89, payload: "ping" }),
                frame({ ...good, first: goesOn ? 0x80 : 0x81, payload: "behind" }),
              ]);
              agree(bytes, { expectsMask, inflates });
            }
          }
        }
      }
    });
  }
}

/** Characters at the borders of RFC 3629 §4, and what is none. */
const CHARACTERS = [
  ..."7f c280 dfbf e0a080 e0bfbf ecbfbf ed8080 ed9fbf ee8080 efbfbf f0908080 f0bfbfbf f1808080".split(
    " ",
  ),
  ..."f3bfbfbf f4808080 f48fbfbf 80 bf c0 c1 c080 c1bf c27f c2c0 e09fbf e0a07f e0a0c0 eda080 edbfbf".split(
    " ",
  ),
  ..."f08fbfbf f0908041 f090c080 f07f8080 f4908080 f5808080 f888808080 fdbfbfbfbfbf fe ff c2 e282".split(
    " ",
  ),
  ..."f09f98 e0 f0 f4 ed f490 e228a1 e28228 f0288cbc f09028bc f0288c28".split(" "),
];

for (const expectsMask of SIDES) {
  t(`agree on texts of a ${expectsMask ? "client" : "server"}, in fragments cut anywhere`, () => {
    const good = { isMasked: expectsMask };
    for (const [before, behind] of [
      ["", ""],
      ["κ", "z"],
      ["a".repeat(130), "b".repeat(130)],
    ] as const) {
      for (const character of CHARACTERS) {
        const text = Buffer.concat([
          Buffer.from(before),
          Buffer.from(character, "hex"),
          Buffer.from(behind),
        ]);
        const start = Buffer.byteLength(before);
        const whole = frame({ ...good, first: 0x81, payload: text });
        agree(whole, { expectsMask }, cutsOf(whole));
        for (let cut = start; cut <= text.length - Buffer.byteLength(behind); cut++) {
          const bytes = Buffer.concat([
            frame({ ...good, first: 0x01, payload: text.subarray(0, cut) }),
            frame({ ...good, first: 0x89, payload: "between" }),
            frame({ ...good, first: 0x00 }),
            frame({ ...good, first: 0x80, payload: text.subarray(cut) }),
            frame({ ...good, first: 0x81, payload: "behind" }),
          ]);
          agree(bytes, { expectsMask });
        }
      }
    }
  });
}

function cutsOf(bytes: Buffer): number[] {
  return bytes.length > 40 ? [] : Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
}

for (const expectsMask of SIDES) {
  t(`agree on frames of a ${expectsMask ? "client" : "server"} that are changed at random`, () => {
    const random = noise(400_000);
    let at = 0;
    const next = (below: number) => {
      at += 2;
      return random.readUInt16LE(at) % below;
    };
    let goodStreams = 0;
    for (let round = 0; round < 3000; round++) {
      const frames: Buffer[] = [];
      let isWithin = false;
      for (let count = 1 + next(6); count > 0; count--) {
        const isControl = next(4) === 0;
        const isFinal = isControl || next(3) > 0;
        const opcode = isControl ? 9 + next(2) : isWithin ? 0 : 1 + next(2);
        const payload = "aé€😀".repeat(next(isControl ? 12 : 30));
        const one = frame({
          first:
            (isFinal ? 0x80 : 0) |
            opcode |
            (opcode % 8 !== 0 && !isControl && next(6) === 0 ? 0x40 : 0),
          payload,
          isMasked: expectsMask,
        });
        if (!isControl) isWithin = !isFinal;
        if (next(8) === 0) one[next(one.length)] = next(256);
        frames.push(next(40) === 0 ? one.subarray(0, next(one.length)) : one);
      }
      const bytes = Buffer.concat(frames);
      const options = { expectsMask, inflates: next(3) > 0, maxMessageBytes: 100 + next(300) };
      agree(bytes, options, bytes.length > 1 ? [1 + next(bytes.length - 1)] : []);
      if (judge(bytes, options).faults.size === 0) goodStreams++;
    }
    assert.ok(goodStreams > 300 && goodStreams < 2700, `${goodStreams} without a fault`);
  });
}

t.run();
