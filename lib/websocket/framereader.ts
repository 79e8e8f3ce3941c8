/**
 * The frame reader: turns the bytes of a WebSocket into messages and control frames, and refuses what breaks the rules.
 *
 *     inbox arena ──▶ readFrames(reader, bytes, start, end) ──▶ onText · onBinary · onPing · onPong · onClose · onFault
 *
 * A connection implements FrameReader. Messages that lie whole in the bytes are unmasked and decoded where they lie; only
 * what is cut, fragmented or no ordinary message gets an object, PartialMessage, which ends with it: a connection on
 * which nothing is half-way holds no buffer and no parser. What is wrong is told once, as a fault of faults.ts, as early
 * as it can be known; nothing is read after it.
 *
 * @see RFC 6455 §5
 */
import { isUtf8 } from "node:buffer";
import {
  FIN,
  type FrameReader,
  LENGTH_16,
  MASK_BYTES,
  MASKED,
  MOST_16,
  OP_BINARY,
  OP_TEXT,
} from "./frames.ts";
import { messageMemory, takeMaskOff, unmaskedCopy } from "./mask.ts";
import { PartialMessage } from "./partialmessage.ts";
import { asciiText } from "./shorttext.ts";

const LENGTH = 0x7f;
/** Bytes of the longest head, without a mask. A frame whose length takes 16 bits is longer than that. */
const LONG_HEAD = 10;
const FIN_TEXT = FIN | OP_TEXT;
const FIN_BINARY = FIN | OP_BINARY;
const REPLACEMENT = "\ufffd";

/**
 * Reads frames until the bytes end or the reader stops.
 *
 * @param bytes what was read from the socket; unmasked in place
 * @returns up to where they were taken: less than `end` if the reader stopped, which keeps the rest and offers it again
 */
export function readFrames(reader: FrameReader, bytes: Buffer, start: number, end: number): number {
  let at = start;
  for (;;) {
    if (reader.partial === null) {
      at = readWhole(reader, bytes, at, end);
      if (at < 0) return ~at;
      if (at === end) return end;
      reader.partial = new PartialMessage();
    }
    at = reader.partial.read(reader, bytes, at, end);
    if (at < 0) return ~at;
    if (at === end) return end;
  }
}

/**
 * Reads messages of one frame, as long as they are whole and ordinary.
 *
 * @hot bench/micro/websocket.bench.mjs: its loop runs once per frame; a short text message costs its text, nothing else
 * @returns where the first frame begins that is something else; negative (~offset) if the reader stopped there
 */
function readWhole(reader: FrameReader, bytes: Buffer, start: number, end: number): number {
  const { expectsMask, maxMessageBytes } = reader;
  let at = start;
  while (end - at >= 2) {
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    if (first !== FIN_TEXT && first !== FIN_BINARY) return at;
    if (second >= MASKED !== expectsMask) return at;
    let length = second & LENGTH;
    let payload = at + 2;
    if (length >= LENGTH_16) {
      if (end - at < LONG_HEAD) return at;
      if (length === LENGTH_16) {
        length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
        if (length < LENGTH_16) return at;
        payload += 2;
      } else {
        length = longLength(bytes, at + 2);
        if (length <= MOST_16) return at;
        payload += 8;
      }
    }
    if (expectsMask) payload += MASK_BYTES;
    const next = payload + length;
    if (next > end || length > maxMessageBytes) return at;
    const key = expectsMask
      ? (bytes[payload - 4]! << 24) |
        (bytes[payload - 3]! << 16) |
        (bytes[payload - 2]! << 8) |
        bytes[payload - 1]!
      : 0;
    at = next;
    if (first === FIN_TEXT) {
      const isAscii = expectsMask && !takeMaskOff(bytes, payload, next, key, 0);
      const text = isAscii ? asciiText(bytes, payload, next) : bytes.utf8Slice(payload, next);
      // Decoding puts a U+FFFD in the place of what is not UTF-8: without one there is nothing to judge.
      if (!isAscii && text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(payload, next))) {
        reader.onFault("utf8");
        return ~end;
      }
      if (!reader.onText(text)) return ~at;
    } else if (!reader.onBinary(messageOf(bytes, payload, next, key, expectsMask))) {
      return ~at;
    }
  }
  return at;
}

/** A binary message, in memory of its own. */
function messageOf(
  bytes: Buffer,
  start: number,
  end: number,
  key: number,
  isMasked: boolean,
): Buffer {
  if (isMasked) return unmaskedCopy(bytes, start, end, key);
  const copy = messageMemory(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
}

/** A length of 64 bits; 0 if it is more than an arena holds. */
function longLength(bytes: Buffer, at: number): number {
  const high = bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]! | bytes[at + 4]!;
  return high === 0 ? (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]! : 0;
}
