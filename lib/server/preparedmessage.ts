/**
 * PreparedMessage: a message for many, framed once. The hub makes one for each publication, and histories keep them.
 */
import { log } from "../base/log.ts";
import { EXTERNAL_BYTES, SharedFrame } from "../native/broadcast.ts";
import { FIN, OP_BINARY, OP_TEXT, RSV1 } from "../websocket/frames.ts";
import type { PerMessageDeflate } from "../websocket/permessagedeflate.ts";

/** Up to this many bytes a message is compressed, on the loop's thread: once for all, some ms. Longer ones are sent as they are. */
const MOST_COMPRESSED_BYTES = 256 * 1024;

/** What is published: text as a string, or as the bytes of its UTF-8 with isBinary false; or bytes. */
export interface MessageContent {
  readonly payload: string | Uint8Array;
  readonly isBinary: boolean;
}

/** Who is to get it, as far as that decides its bytes. */
export interface FrameReceiver {
  /** permessage-deflate, if it has been agreed on. */
  readonly deflate: PerMessageDeflate | null;
}

export class PreparedMessage {
  readonly isBinary: boolean;
  readonly #frame: SharedFrame;
  readonly #isKept: boolean;
  /** Its compressed frames, by the window's bits; null = there are none. */
  #compressed: Map<number, SharedFrame> | null = null;

  /** @param isKept it is kept beyond the turn, in a history */
  constructor(content: MessageContent, isKept: boolean) {
    const { payload, isBinary } = content;
    this.isBinary = isBinary;
    this.#isKept = isKept;
    this.#frame = new SharedFrame(FIN | (isBinary ? OP_BINARY : OP_TEXT), payload, isKept);
  }

  /** First byte of its frame when it is not compressed. */
  get first(): number {
    return FIN | (this.isBinary ? OP_BINARY : OP_TEXT);
  }

  /** The message itself; not to be changed. */
  get payload(): Buffer {
    return this.#frame.bytes.subarray(this.#frame.payloadAt);
  }

  /** Bytes of the frame. */
  get bytes(): number {
    return this.#frame.bytes.length;
  }

  /** It is sent from where it is: flush after it, so that the outbox does not pin many. */
  get isLarge(): boolean {
    return this.bytes >= EXTERNAL_BYTES;
  }

  /** The frame for a receiver: the same one for all who take it in the same form. @hot once per receiver */
  preparedFor(receiver: FrameReceiver): SharedFrame {
    const { deflate } = receiver;
    return deflate === null ? this.#frame : this.#compressedFor(deflate);
  }

  /** Compressed without what was sent before, so that it is the same for all. RFC 7692 §7.2.1 */
  #compressedFor(deflate: PerMessageDeflate): SharedFrame {
    const { bytes, payloadAt } = this.#frame;
    const length = bytes.length - payloadAt;
    const isSent = deflate.compresses(length) && length <= MOST_COMPRESSED_BYTES;
    if (!isSent) return this.#frame;
    const bits = deflate.sendBits;
    this.#compressed ??= new Map();
    let frame = this.#compressed.get(bits);
    if (frame === undefined) {
      frame = this.#compress(deflate);
      this.#compressed.set(bits, frame);
    }
    if (frame !== this.#frame) deflate.forgetSent();
    return frame;
  }

  #compress(deflate: PerMessageDeflate): SharedFrame {
    try {
      const bytes = deflate.deflateForMany(this.payload);
      return new SharedFrame(this.first | RSV1, bytes, this.#isKept);
    } catch (error) {
      log.error("a message is sent to many as it is: it cannot be compressed", error);
      return this.#frame;
    }
  }
}
