/**
 * PartialMessage: frames that are half-way, because the bytes ended in them or because their message has several.
 *
 * readFrames() makes one when it meets a frame that is not a whole, ordinary message, and drops it when nothing is open
 * any more. Every rule of the protocol on frames is here, each checked as soon as the byte that breaks it has come.
 *
 * @see RFC 6455 §5.2 to §5.5; RFC 7692 §6
 */
import { BodyBuffer } from "../base/bodybuffer.ts";
import type { WebSocketFault } from "./faults.ts";
import {
  FIN,
  type FrameReader,
  LENGTH_16,
  LENGTH_64,
  MASK_BYTES,
  MASKED,
  MOST_16,
  OP_BINARY,
  OP_CLOSE,
  OP_CONTINUATION,
  OP_PING,
  OP_PONG,
  OP_TEXT,
  type PartialFrames,
  RSV1,
  SHORT_LENGTH,
} from "./frames.ts";
import { takeMaskOff } from "./mask.ts";
import { Utf8Stream } from "./utf8stream.ts";

const LONGEST_HEAD = 14;
const OPCODE = 0x0f;
const FIRST_CONTROL = 0x8;
const RSV2_RSV3 = 0x30;
const TWO_TO_32 = 0x1_0000_0000;
/** A 64-bit length whose upper half is above this is no safe integer, and no message of ours. */
const MOST_HIGH = 0x1f_ffff;

const nothing = Buffer.alloc(0);

export class PartialMessage implements PartialFrames {
  // The frame.
  readonly #head = Buffer.alloc(LONGEST_HEAD);
  #headLength = 0;
  /** Bytes its head will have; known when two of them are. */
  #headNeeds = 2;
  #opcode = 0;
  #isFinal = false;
  #isMasked = false;
  #key = 0;
  #phase = 0;
  /** Payload bytes still to come; -1 = the head is not complete. */
  #left = -1;
  /** Bytes that the last #readHead() took. */
  #taken = 0;
  /** The payload of a control frame. */
  #control = nothing;
  #controlLength = 0;

  // The message; its opcode is 0 while none is open.
  #messageOpcode = 0;
  #isCompressed = false;
  #body: BodyBuffer | null = null;
  #utf8: Utf8Stream | null = null;

  get heldBytes(): number {
    return this.#controlLength + (this.#body?.length ?? 0);
  }

  read(reader: FrameReader, bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (;;) {
      if (this.#left < 0) {
        const fault = this.#readHead(reader, bytes, at, end);
        if (fault !== null) return this.#fail(reader, fault, end);
        at += this.#taken;
        if (this.#left < 0) return end;
      }
      const take = Math.min(this.#left, end - at);
      if (take > 0) {
        if (!this.#takePayload(bytes, at, at + take)) return this.#fail(reader, "utf8", end);
        at += take;
        this.#left -= take;
      }
      if (this.#left > 0) return end;
      const goesOn = this.#endFrame(reader);
      if (goesOn === null) return this.#fail(reader, "utf8", end);
      if (!goesOn) return ~at;
      if (reader.partial === null || at === end) return at;
    }
  }

  // Steps.

  #readHead(reader: FrameReader, bytes: Buffer, start: number, end: number): WebSocketFault | null {
    let at = start;
    const head = this.#head;
    for (;;) {
      while (this.#headLength < this.#headNeeds && at < end)
        head[this.#headLength++] = bytes[at++]!;
      this.#taken = at - start;
      if (this.#headLength < this.#headNeeds) return null;
      if (this.#headNeeds > 2 || this.#headLength > 2) break;
      const fault = this.#judge(reader, head[0]!, head[1]!);
      if (fault !== null) return fault;
      if (this.#headNeeds === 2) break;
    }
    return this.#beginPayload(reader);
  }

  /** The first two bytes of a frame. */
  #judge(reader: FrameReader, first: number, second: number): WebSocketFault | null {
    const opcode = first & OPCODE;
    const isControl = opcode >= FIRST_CONTROL;
    if ((first & RSV2_RSV3) !== 0) return "reservedBits";
    if ((first & RSV1) !== 0) {
      if (!reader.inflates) return "reservedBits";
      if (isControl || opcode === OP_CONTINUATION) return "compressedContinuation";
    }
    if (isControl ? opcode > OP_PONG : opcode > OP_BINARY) return "opcode";
    const isMasked = (second & MASKED) !== 0;
    if (isMasked !== reader.expectsMask) return isMasked ? "masked" : "unmasked";
    const length = second & ~MASKED;
    this.#isFinal = (first & FIN) !== 0;
    this.#opcode = opcode;
    if (isControl) {
      if (!this.#isFinal) return "controlFragmented";
      if (length > SHORT_LENGTH) return "controlTooLong";
    } else if (opcode === OP_CONTINUATION) {
      if (this.#messageOpcode === 0) return "strayContinuation";
    } else {
      if (this.#messageOpcode !== 0) return "expectedContinuation";
      this.#isCompressed = (first & RSV1) !== 0;
    }
    this.#headNeeds = 2 + (isMasked ? MASK_BYTES : 0);
    if (length === LENGTH_16) this.#headNeeds += 2;
    else if (length === LENGTH_64) this.#headNeeds += 8;
    return null;
  }

  /** The head is complete. */
  #beginPayload(reader: FrameReader): WebSocketFault | null {
    const head = this.#head;
    let length = head[1]! & ~MASKED;
    let at = 2;
    if (length === LENGTH_16) {
      length = head.readUInt16BE(at);
      at += 2;
      if (length < LENGTH_16) return "length";
    } else if (length === LENGTH_64) {
      const high = head.readUInt32BE(at);
      if (high >= TWO_TO_32 / 2) return "length";
      length =
        high > MOST_HIGH ? Number.POSITIVE_INFINITY : high * TWO_TO_32 + head.readUInt32BE(at + 4);
      at += 8;
      if (length <= MOST_16) return "length";
    }
    if (reader.expectsMask) this.#key = head.readInt32BE(at);
    this.#phase = 0;
    this.#headLength = 0;
    this.#headNeeds = 2;
    if (this.#opcode >= FIRST_CONTROL) {
      this.#control = length === 0 ? nothing : Buffer.alloc(length);
      this.#controlLength = 0;
    } else {
      if ((this.#body?.length ?? 0) + length > reader.maxMessageBytes) return "tooBig";
      if (this.#opcode !== OP_CONTINUATION) this.#messageOpcode = this.#opcode;
    }
    this.#isMasked = reader.expectsMask;
    this.#left = length;
    return null;
  }

  /** @returns false if the text cannot be UTF-8 any more */
  #takePayload(bytes: Buffer, start: number, end: number): boolean {
    if (this.#isMasked) {
      takeMaskOff(bytes, start, end, this.#key, this.#phase);
      this.#phase = (this.#phase + end - start) & 3;
    }
    if (this.#opcode >= FIRST_CONTROL) {
      bytes.copy(this.#control, this.#controlLength, start, end);
      this.#controlLength += end - start;
      return true;
    }
    if (this.#messageOpcode === OP_TEXT && !this.#isCompressed) {
      this.#utf8 ??= new Utf8Stream();
      if (!this.#utf8.write(bytes, start, end)) return false;
    }
    this.#body ??= new BodyBuffer();
    this.#body.append(bytes, start, end, this.#isFinal ? this.#left : 0);
    return true;
  }

  /** The frame is complete. @returns whether the reader goes on; null if a text is not UTF-8 */
  #endFrame(reader: FrameReader): boolean | null {
    this.#left = -1;
    const opcode = this.#opcode;
    if (opcode >= FIRST_CONTROL) {
      const payload = this.#control;
      this.#control = nothing;
      this.#controlLength = 0;
      if (this.#messageOpcode === 0) reader.partial = null;
      if (opcode === OP_PING) return reader.onPing(payload);
      return opcode === OP_CLOSE ? reader.onClose(payload) : reader.onPong(payload);
    }
    if (!this.#isFinal) return true;
    const isText = this.#messageOpcode === OP_TEXT;
    const body = this.#body?.take() ?? nothing;
    if (this.#utf8 !== null && !this.#utf8.isComplete) return null;
    this.#body = null;
    this.#utf8 = null;
    this.#messageOpcode = 0;
    reader.partial = null;
    if (this.#isCompressed) return reader.onCompressed(body, isText);
    return isText ? reader.onText(body.utf8Slice(0, body.length)) : reader.onBinary(body);
  }

  #fail(reader: FrameReader, fault: WebSocketFault, end: number): number {
    reader.partial = null;
    reader.onFault(fault);
    return ~end;
  }
}
