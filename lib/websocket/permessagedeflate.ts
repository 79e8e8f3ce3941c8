/**
 * PerMessageDeflate: what one connection does with permessage-deflate, once it has been agreed on.
 *
 *     onCompressed(bytes, isText) ─▶ inflate(bytes) ─▶ textOf() · keepable() · a fault
 *     message ─▶ compresses(length)? ─▶ deflate(bytes) ─▶ a frame with RSV1
 *
 * Short messages are done at once; for long ones a promise is returned, and until it has settled nothing else of that
 * direction may be asked: the order of messages is the connection's. Where a side keeps no window from one message to the
 * next, connections share compressors and decompressors (deflatepool.ts) and hold no memory of zlib's themselves.
 *
 * @see RFC 7692 §7
 */
import { isUtf8 } from "node:buffer";
import { CodedError } from "../base/errors.ts";
import {
  COMPRESS_ASYNC_BYTES,
  DECOMPRESS_ASYNC_BYTES,
  Deflater,
  type InflateFault,
  Inflater,
} from "../native/deflate.ts";
import { borrowDeflater, borrowInflater, type Loan } from "./deflatepool.ts";
import type { DeflateAgreement } from "./extensions.ts";
import type { WebSocketFault } from "./faults.ts";

export interface DeflateSettings {
  /** How much memory compression takes besides its window, 1 to 9. */
  readonly memLevel: number;
  /** How much work compression does, 0 to 9. */
  readonly level: number;
  /** Messages of fewer bytes are sent as they are. */
  readonly thresholdBytes: number;
  /** Most bytes of a message after decompression. */
  readonly maxMessageBytes: number;
}

/** Which end of the connection we are. */
export type DeflateSide = "server" | "client";

const REPLACEMENT = "\ufffd";
const faults = { tooBig: "inflatesTooBig", malformed: "deflate" } as const satisfies Record<
  InflateFault,
  WebSocketFault
>;

export class PerMessageDeflate {
  readonly #settings: DeflateSettings;
  readonly #sendBits: number;
  readonly #receiveBits: number;
  readonly #sendKeeps: boolean;
  readonly #receiveKeeps: boolean;
  /** Those of this connection alone, made with the first message. */
  #deflater: Deflater | null = null;
  #inflater: Inflater | null = null;
  /** How often onSilence() has been called since the last message that those have worked on. */
  #silences = 0;
  #isClosed = false;

  constructor(agreement: DeflateAgreement, side: DeflateSide, settings: DeflateSettings) {
    const isServer = side === "server";
    this.#settings = settings;
    this.#sendBits = isServer ? agreement.serverMaxWindowBits : agreement.clientMaxWindowBits;
    this.#receiveBits = isServer ? agreement.clientMaxWindowBits : agreement.serverMaxWindowBits;
    this.#sendKeeps = !(isServer
      ? agreement.serverNoContextTakeover
      : agreement.clientNoContextTakeover);
    this.#receiveKeeps = !(isServer
      ? agreement.clientNoContextTakeover
      : agreement.serverNoContextTakeover);
  }

  /** log2 of the largest window that the peer decompresses with: what is sent to it may use no larger one. */
  get sendBits(): number {
    return this.#sendBits;
  }

  /** A window is kept from message to message, in one direction or both: memory of zlib's that is this connection's alone. */
  get keepsContext(): boolean {
    return this.#sendKeeps || this.#receiveKeeps;
  }

  /** Tells whether a message of this length is to be sent compressed. */
  compresses(length: number): boolean {
    return length >= this.#settings.thresholdBytes;
  }

  /**
   * Compresses a message.
   *
   * @returns the payload of its frame, which the next message of any connection overwrites: send it in this turn, or copy
   *   it by keepable(). A promise for a long message; its null says that close() was called meanwhile
   * @throws Error ERR_NATIVE_MEMORY; ERR_STATE if the last promise is still open, or after close()
   */
  deflate(bytes: Uint8Array): Buffer | Promise<Buffer | null> {
    this.#assertOpen();
    const isLong = bytes.length >= COMPRESS_ASYNC_BYTES;
    if (!this.#sendKeeps) {
      const { memLevel, level } = this.#settings;
      const loan = borrowDeflater(this.#sendBits, memLevel, level);
      return isLong
        ? whileLent(loan, loan.codec.compressLater(bytes))
        : atOnce(loan, () => loan.codec.compress(bytes));
    }
    this.#silences = 0;
    this.#deflater ??= new Deflater({
      windowBits: this.#sendBits,
      memLevel: this.#settings.memLevel,
      level: this.#settings.level,
      keepsContext: true,
    });
    return isLong ? this.#deflater.compressLater(bytes) : this.#deflater.compress(bytes);
  }

  /**
   * Compresses a message for all whose window is as large as this one's, at once and without what was sent before.
   *
   * @returns as deflate(), never a promise; call forgetSent() of every connection that it is sent to
   */
  deflateForMany(bytes: Uint8Array): Buffer {
    this.#assertOpen();
    const { memLevel, level } = this.#settings;
    const loan = borrowDeflater(this.#sendBits, memLevel, level);
    return atOnce(loan, () => loan.codec.compress(bytes));
  }

  /**
   * Must be called when a compressed message was sent that deflate() of this connection has not made, such as one that goes
   * to many: the peer's window has moved on, and ours must start over.
   */
  forgetSent(): void {
    this.#deflater?.release();
  }

  /**
   * Decompresses a message.
   *
   * @param bytes its payload, of all its frames
   * @returns the message, which the next message of any connection overwrites (textOf() and keepable() keep it), or a fault.
   *   A promise for a long message; its null says that close() was called meanwhile
   * @throws Error ERR_NATIVE_MEMORY; ERR_STATE if the last promise is still open, or after close()
   */
  inflate(bytes: Uint8Array): Buffer | WebSocketFault | Promise<Buffer | WebSocketFault | null> {
    this.#assertOpen();
    const most = this.#settings.maxMessageBytes;
    if (this.#receiveKeeps) {
      this.#silences = 0;
      this.#inflater ??= new Inflater({ windowBits: this.#receiveBits, keepsContext: true });
      return inflateWith(this.#inflater, bytes, most);
    }
    const loan = borrowInflater();
    let isLent = false;
    try {
      const message = inflateWith(loan.codec, bytes, most);
      if (!(message instanceof Promise)) return message;
      isLent = true;
      return whileLent(loan, message);
    } finally {
      if (!isLent) loan.giveBack();
    }
  }

  /**
   * Gives memory back: all but the bytes that the peer's next message may refer to, 32 KiB at most. Our own next message
   * refers to none before it, which costs it some bytes. Not while a promise is open.
   */
  release(): void {
    this.#deflater?.release();
    this.#inflater?.release();
  }

  /** To be called at intervals: at the second call without a message between, what release() can give back is. */
  onSilence(): void {
    if (this.#silences >= 2) return;
    const isAtWork = (this.#deflater?.heldBytes ?? 0) < 0 || (this.#inflater?.heldBytes ?? 0) < 0;
    if (isAtWork) return;
    this.#silences++;
    if (this.#silences === 2) this.release();
  }

  /** Bytes that zlib holds for this connection alone; what another thread works on is not counted. */
  get heldBytes(): number {
    return (
      Math.max(0, this.#deflater?.heldBytes ?? 0) + Math.max(0, this.#inflater?.heldBytes ?? 0)
    );
  }

  /** Frees everything. Promises that are open settle all the same; nothing else may be asked afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deflater?.close();
    this.#inflater?.close();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new CodedError("ERR_STATE", "permessage-deflate was closed");
  }
}

/** The text of a message; null if it is not UTF-8. */
export function textOf(bytes: Buffer): string | null {
  const text = bytes.utf8Slice(0, bytes.length);
  // Decoding puts a U+FFFD in the place of what is not UTF-8: without one there is nothing to judge.
  return text.includes(REPLACEMENT) && !isUtf8(bytes) ? null : text;
}

// Steps.

function inflateWith(
  inflater: Inflater,
  bytes: Uint8Array,
  most: number,
): Buffer | WebSocketFault | Promise<Buffer | WebSocketFault | null> {
  if (bytes.length >= DECOMPRESS_ASYNC_BYTES) {
    return inflater.decompressLater(bytes, most).then(messageOrFault);
  }
  const message = inflater.decompress(bytes, most);
  if (typeof message !== "string") return message;
  if (message === "unfinished") return inflater.finishLater().then(messageOrFault);
  return faults[message];
}

function messageOrFault(message: Buffer | InflateFault | null): Buffer | WebSocketFault | null {
  return typeof message === "string" ? faults[message] : message;
}

function atOnce<T>(loan: Loan<unknown>, work: () => T): T {
  try {
    return work();
  } finally {
    loan.giveBack();
  }
}

function whileLent<T>(loan: Loan<unknown>, work: Promise<T>): Promise<T> {
  return work.finally(() => loan.giveBack());
}
