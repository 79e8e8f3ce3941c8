/**
 * MaskedFrames: writes the frames of a client, each masked with four random bytes of its own.
 *
 * The profile of client connections has one. Payloads are masked in the outbox's arena, where they are written anyhow;
 * those that do not fit in it are copied once.
 *
 * @see RFC 6455 §5.3, §10.3
 */
import { randomFillSync } from "node:crypto";
import type { Outbox } from "../native/outbox.ts";
import {
  FIN,
  LENGTH_16,
  LENGTH_64,
  MASK_BYTES,
  MASKED,
  MOST_16,
  OP_TEXT,
} from "../websocket/frames.ts";
import { takeMaskOff } from "../websocket/mask.ts";
import type { FrameWriter } from "./websocketprofile.ts";

/** Keys that are asked of the kernel's generator at once. */
const POOL_KEYS = 4096;

/** Most UTF-8 bytes of one UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3;

/** Up to this many characters a loop in JavaScript is cheaper than a call of Buffer's. */
const SHORT_TEXT = 64;

const LAST_ASCII = 0x7f;

/** Bytes of the longest head: two, an eight-byte length, the mask. */
const LONGEST_HEAD = 14;

export class MaskedFrames implements FrameWriter {
  readonly #outbox: Outbox;
  readonly #keys = new Int32Array(POOL_KEYS);
  #nextKey = POOL_KEYS;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** @hot bench/micro/websocket.bench.mjs: once per message */
  writeTextFrame(slot: number, generation: number, text: string): number {
    const { length } = text;
    const outbox = this.#outbox;
    if (length <= SHORT_TEXT) {
      const { arena } = outbox;
      const start = outbox.reserve(length + LONGEST_HEAD);
      const payload = start + 2 + MASK_BYTES;
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > LAST_ASCII) break;
        arena[payload + i] = unit;
      }
      if (i === length) {
        this.#finish(slot, generation, start, FIN | OP_TEXT, length);
        return length;
      }
    }
    const start = outbox.reserve(length * MOST_BYTES_A_UNIT + LONGEST_HEAD);
    if (start === -1) {
      const bytes = Buffer.from(text, "utf8");
      this.writeBytesFrame(slot, generation, FIN | OP_TEXT, bytes);
      return bytes.length;
    }
    const { arena } = outbox;
    // Nearly always the length in characters tells how long the head is.
    const guess = start + headBytes(length);
    const bytes = arena.utf8Write(text, guess, length * MOST_BYTES_A_UNIT);
    const payload = start + headBytes(bytes);
    if (payload !== guess) arena.copyWithin(payload, guess, guess + bytes);
    this.#finish(slot, generation, start, FIN | OP_TEXT, bytes);
    return bytes;
  }

  writeBytesFrame(slot: number, generation: number, first: number, bytes: Uint8Array): void {
    const outbox = this.#outbox;
    const head = headBytes(bytes.length);
    const start = outbox.reserve(head + bytes.length);
    if (start === -1) {
      const frame = Buffer.allocUnsafeSlow(head + bytes.length);
      frame.set(bytes, head);
      this.#mask(frame, 0, first, bytes.length);
      outbox.writeBytes(slot, generation, frame);
      return;
    }
    outbox.arena.set(bytes, start + head);
    this.#finish(slot, generation, start, first, bytes.length);
  }

  /** Sends the frame whose payload of `length` bytes has been put behind the room for its head at `start`. */
  #finish(slot: number, generation: number, start: number, first: number, length: number): void {
    const outbox = this.#outbox;
    const end = this.#mask(outbox.arena, start, first, length);
    outbox.sendReserved(slot, generation, start, end);
  }

  /** Writes the head at `start` and masks the payload behind it. @returns where the frame ends */
  #mask(bytes: Buffer, start: number, first: number, length: number): number {
    let at = start + 2;
    bytes[start] = first;
    if (length < LENGTH_16) bytes[start + 1] = MASKED | length;
    else if (length <= MOST_16) {
      bytes[start + 1] = MASKED | LENGTH_16;
      at = bytes.writeUInt16BE(length, at);
    } else {
      bytes[start + 1] = MASKED | LENGTH_64;
      at = bytes.writeBigUInt64BE(BigInt(length), at);
    }
    if (this.#nextKey === POOL_KEYS) {
      randomFillSync(this.#keys);
      this.#nextKey = 0;
    }
    const key = this.#keys[this.#nextKey++]!;
    bytes[at] = key >>> 24;
    bytes[at + 1] = key >>> 16;
    bytes[at + 2] = key >>> 8;
    bytes[at + 3] = key;
    at += MASK_BYTES;
    takeMaskOff(bytes, at, at + length, key, 0);
    return at + length;
  }
}

/** Bytes of the head of a masked frame. RFC 6455 §5.2. */
function headBytes(length: number): number {
  if (length < LENGTH_16) return 2 + MASK_BYTES;
  return (length <= MOST_16 ? 4 : 10) + MASK_BYTES;
}
