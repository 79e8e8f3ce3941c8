/**
 * Deflater and Inflater: the messages of permessage-deflate on the zlib inside Node.js, through the addon.
 *
 * A short message is done at once, and its result lies in memory that the next call overwrites: whoever keeps it, copies
 * (`keepable`). A long one is done on another thread, one at a time for each object. Memory is taken with the first
 * message and given back by close(); what is not closed goes with the garbage collector.
 *
 * @see RFC 7692 §7.2
 */
import { CodedError } from "../base/errors.ts";
import { nativeCodecs } from "./addon.ts";
import type { NativeDeflater, NativeInflater, NativeOutcome } from "./deflatecodec.ts";

/** Why a message cannot be decompressed: more would come out than is allowed, or it is no such message. */
export type InflateFault = "tooBig" | "malformed";

/** From this many bytes on a message is compressed on another thread: it costs the loop more than handing it over. */
export const COMPRESS_ASYNC_BYTES = 4 * 1024;
/** From this many compressed bytes on a message is decompressed on another thread. */
export const DECOMPRESS_ASYNC_BYTES = 8 * 1024;
/** What comes of a message is finished on another thread once there are this many bytes of it. */
export const SCRATCH_BYTES = 64 * 1024;

/** Most that a message may be limited to. */
const MOST_BYTES = 0x7fff_fffe;

const { Deflater: Native, Inflater: NativeInflaterClass, codecResults } = nativeCodecs;
const RESULT_TOO_BIG = resultNamed("RESULT_TOO_BIG");
const RESULT_MALFORMED = resultNamed("RESULT_MALFORMED");
const RESULT_UNFINISHED = resultNamed("RESULT_UNFINISHED");
const RESULT_CLOSED = resultNamed("RESULT_CLOSED");

/** Made with the first message. */
let scratch: Buffer | null = null;

/** `bytes`, or a copy if the next call would overwrite them. */
export function keepable(bytes: Buffer): Buffer {
  if (scratch === null || bytes.buffer !== scratch.buffer) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

export interface DeflaterOptions {
  /** log2 of the window, 9 to 15. */
  readonly windowBits: number;
  /** How much memory zlib takes besides, 1 to 9. */
  readonly memLevel: number;
  /** How much work it does, 0 (none) to 9. */
  readonly level: number;
  /** Messages may refer to those before them. */
  readonly keepsContext: boolean;
}

/** Compresses messages. */
export class Deflater {
  readonly #native: NativeDeflater;
  readonly #keepsContext: boolean;

  /** @throws Error ERR_ZLIB if this Node.js exports no zlib; RangeError for an option out of range */
  constructor({ windowBits, memLevel, level, keepsContext }: DeflaterOptions) {
    this.#native = new Native(windowBits, memLevel, level);
    this.#keepsContext = keepsContext;
  }

  /**
   * Compresses a message.
   *
   * @returns the payload of its frame, which may be overwritten by the next call of any Deflater or Inflater
   * @throws Error ERR_STATE while compressLater() is at work, or after close()
   */
  compress(bytes: Uint8Array): Buffer {
    scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    const outcome = this.#native.compress(bytes, this.#keepsContext, scratch);
    return typeof outcome === "number" ? scratch.subarray(0, outcome) : outcome;
  }

  /**
   * Compresses a message on another thread; `bytes` may change at once.
   *
   * @returns the payload of its frame; null if this was closed meanwhile
   * @throws Error ERR_STATE while the last one is at work, or after close()
   */
  compressLater(bytes: Uint8Array): Promise<Buffer | null> {
    return this.#native.compressAsync(bytes, this.#keepsContext).then(compressed);
  }

  /** Gives the memory back. The next message refers to none before it, which a sender may do at any time. */
  release(): void {
    this.#native.release();
  }

  /** Bytes that zlib holds; -1 while another thread is at work. */
  get heldBytes(): number {
    return this.#native.heldBytes();
  }

  close(): void {
    this.#native.close();
  }
}

export interface InflaterOptions {
  /** log2 of the largest window that messages were compressed with, 8 to 15; 15 does for all. */
  readonly windowBits: number;
  /** Messages may refer to those before them. */
  readonly keepsContext: boolean;
}

/** Decompresses messages. After a fault it is as new. */
export class Inflater {
  readonly #native: NativeInflater;
  readonly #keepsContext: boolean;

  /** @throws Error ERR_ZLIB if this Node.js exports no zlib; RangeError for an option out of range */
  constructor({ windowBits, keepsContext }: InflaterOptions) {
    this.#native = new NativeInflaterClass(windowBits);
    this.#keepsContext = keepsContext;
  }

  /**
   * Decompresses a message; bounded work.
   *
   * @param maxBytes most bytes it may have; no more than one above it come out
   * @returns the message, which may be overwritten by the next call of any Deflater or Inflater; "unfinished" if it has more
   *   than SCRATCH_BYTES: finishLater() is due
   * @throws Error ERR_STATE while a promise of this is open, or after close()
   */
  decompress(bytes: Uint8Array, maxBytes: number): Buffer | InflateFault | "unfinished" {
    scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    const outcome = this.#native.decompress(
      bytes,
      Math.min(maxBytes, MOST_BYTES),
      this.#keepsContext,
      scratch,
      SCRATCH_BYTES,
    );
    if (typeof outcome !== "number") return outcome;
    if (outcome >= 0) return scratch.subarray(0, outcome);
    return outcome === RESULT_UNFINISHED ? "unfinished" : faultOf(outcome);
  }

  /** Goes on with an unfinished message on another thread. @returns the whole of it; null if this was closed meanwhile */
  finishLater(): Promise<Buffer | InflateFault | null> {
    return this.#native.finishAsync().then(decompressed);
  }

  /** Decompresses a message on another thread; `bytes` may change at once. @returns as finishLater() */
  decompressLater(bytes: Uint8Array, maxBytes: number): Promise<Buffer | InflateFault | null> {
    return this.#native
      .decompressAsync(bytes, Math.min(maxBytes, MOST_BYTES), this.#keepsContext)
      .then(decompressed);
  }

  /** Gives the memory back, all but the bytes that the next message may refer to. @returns false in the middle of a message */
  release(): boolean {
    return this.#native.release();
  }

  /** Bytes that zlib and the released window hold; -1 while another thread is at work. */
  get heldBytes(): number {
    return this.#native.heldBytes();
  }

  close(): void {
    this.#native.close();
  }
}

// Steps.

function resultNamed(name: string): number {
  const value = codecResults[name];
  if (value !== undefined) return value;
  throw new CodedError(
    "ERR_NATIVE_LOAD",
    `the addon does not export ${name}: it is older than this code; run "npm rebuild landspout"`,
  );
}

function compressed(outcome: NativeOutcome): Buffer | null {
  if (typeof outcome !== "number") return outcome;
  if (outcome === RESULT_CLOSED) return null;
  throw noMemory();
}

function decompressed(outcome: NativeOutcome): Buffer | InflateFault | null {
  if (typeof outcome !== "number") return outcome;
  return outcome === RESULT_CLOSED ? null : faultOf(outcome);
}

function faultOf(result: number): InflateFault {
  if (result === RESULT_TOO_BIG) return "tooBig";
  if (result === RESULT_MALFORMED) return "malformed";
  throw noMemory();
}

function noMemory(): CodedError {
  return new CodedError("ERR_NATIVE_MEMORY", "no memory to compress or decompress a message with");
}
