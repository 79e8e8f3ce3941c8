/**
 * BodyInflater: decodes a request's body on its way to its reader (the server option decompressRequest).
 *
 * BodyIntake puts one before the reader, or before what keeps the body whole. A body that is small when it ends is decoded
 * at once; a longer one by a stream of node:zlib, off the loop's thread, one step at a time: a step makes at most
 * chunkBytes, which are counted and taken by the reader before the next is made. A bomb costs no more than the limit and
 * a step, however much it would unpack to.
 */
import * as zlib from "node:zlib";
import { BodyBuffer } from "../base/bodybuffer.ts";
import { HTTPInputError } from "../base/errors.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";
import type { BodyReader } from "./bodyreader.ts";
import { chunkedTooLarge } from "./refusals.ts";

/** Encoded bodies up to this many bytes are decoded at once … */
const SMALL_BYTES = 16 * 1024;
/** … if they decode to no more than this. */
const SMALL_DECODED_BYTES = 256 * 1024;
/** node:zlib makes no smaller steps. */
const LEAST_STEP_BYTES = 64;

/** A stream of node:zlib. */
type ZlibStream = ReturnType<typeof zlib.createGunzip> | zlib.BrotliDecompress;
interface StreamOptions {
  readonly chunkSize: number;
  readonly readableHighWaterMark: number;
}
interface WholeOptions {
  readonly maxOutputLength: number;
  readonly info: true;
}
/** What the synchronous functions return if asked for `info`. */
interface WholeResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** How a body may be encoded. */
export interface ContentCoding {
  readonly open: (options: StreamOptions) => ZlibStream;
  readonly whole: (bytes: Buffer, options: WholeOptions) => unknown;
}

const gzip: ContentCoding = { open: zlib.createGunzip, whole: zlib.gunzipSync };

const codings = new Map<string, ContentCoding>([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["deflate", { open: zlib.createInflate, whole: zlib.inflateSync }],
  ["br", { open: zlib.createBrotliDecompress, whole: zlib.brotliDecompressSync }],
]);

// Node.js 22.15 and 23.8 on; the types of Node.js 20 do not know it.
const { createZstdDecompress, zstdDecompressSync } = zlib as {
  readonly createZstdDecompress?: ContentCoding["open"];
  readonly zstdDecompressSync?: ContentCoding["whole"];
};
if (createZstdDecompress !== undefined && zstdDecompressSync !== undefined) {
  codings.set("zstd", { open: createZstdDecompress, whole: zstdDecompressSync });
}

/**
 * The coding that a Content-Encoding names.
 *
 * @param value of the field, null if there is none
 * @returns null if it names none, more than one, or one that is not known: the body is left as it is
 * @see RFC 9110 §8.4.1
 */
function contentCoding(value: string | null): ContentCoding | null {
  return value === null ? null : (codings.get(value.trim().toLowerCase()) ?? null);
}

/**
 * Has the body of a request decoded that says how it is encoded, and says so in its fields.
 *
 * @param body whose `coding` is set
 */
export function decodeBody(headers: HTTPHeaders, body: { coding: ContentCoding | null }): void {
  const value = headers.get("content-encoding");
  const coding = contentCoding(value);
  if (value === null || coding === null) return;
  body.coding = coding;
  headers.delete("content-encoding");
  headers.set("X-Consumed-Content-Encoding", value);
}

export class BodyInflater implements BodyReader {
  /** The reader has been told of the end. */
  isEnded = false;
  readonly #coding: ContentCoding;
  readonly #to: BodyReader;
  readonly #limits: { readonly maxBytes: number };
  readonly #chunkBytes: number;
  /** Encoded bytes until it is known whether they are few. */
  readonly #small = new BodyBuffer();
  #stream: ZlibStream | null = null;
  /** Settles when the stream has ended and all it made is taken; rejects if it could not be. */
  #drained: Promise<void> = Promise.resolve();
  /** Rejects the write that is waited for: zlib does not call back when its stream has ended. */
  #failWrite: ((error: unknown) => void) | null = null;
  /** What the stream has ended with, if not well. */
  #failure: { readonly error: unknown } | null = null;
  #writtenBytes = 0;
  #decodedBytes = 0;
  #isOver = false;

  /**
   * @param to     gets the decoded pieces; its onBodyAborted is called through this object's only
   * @param limits maxBytes: most decoded bytes; looked at with each step
   */
  constructor(
    coding: ContentCoding,
    to: BodyReader,
    limits: { readonly maxBytes: number },
    chunkBytes: number,
  ) {
    this.#coding = coding;
    this.#to = to;
    this.#limits = limits;
    this.#chunkBytes = chunkBytes;
  }

  onBody(piece: Buffer): PromiseLike<unknown> | undefined {
    if (this.#stream !== null) return this.#write(piece);
    this.#small.append(piece, 0, piece.length, 0);
    if (this.#small.length <= SMALL_BYTES) return undefined;
    return this.#write(this.#small.take());
  }

  onBodyEnd(): PromiseLike<unknown> | undefined {
    if (this.#stream !== null) return this.#endStream(this.#stream);
    // Nothing at all is the encoding of nothing, to most senders.
    if (this.#small.length === 0) return this.#giveEnd();
    const encoded = this.#small.take();
    const decoded = this.#decodeWhole(encoded);
    if (decoded !== null) return this.#giveWhole(decoded);
    return this.#write(encoded).then(() => this.#stream && this.#endStream(this.#stream));
  }

  onBodyAborted(error: Error): void {
    this.#isOver = true;
    this.#small.take();
    this.#stream?.destroy();
    this.#to.onBodyAborted(error);
  }

  // Steps.

  #giveEnd(): PromiseLike<unknown> | undefined {
    this.isEnded = true;
    return this.#to.onBodyEnd();
  }

  /** @returns null if it decodes to too much to be decoded at once */
  #decodeWhole(encoded: Buffer): Buffer | null {
    const { maxBytes } = this.#limits;
    // zlib's limit is at least 1: see the count behind.
    const maxOutputLength = Math.max(1, Math.min(maxBytes, SMALL_DECODED_BYTES));
    let result: WholeResult;
    try {
      result = this.#coding.whole(encoded, { maxOutputLength, info: true }) as WholeResult;
    } catch (error) {
      if (codeOf(error) !== "ERR_BUFFER_TOO_LARGE") throw malformed(error);
      if (maxOutputLength < maxBytes) return null;
      throw tooLarge();
    }
    if (result.buffer.length > maxBytes) throw tooLarge();
    if (result.engine.bytesWritten !== encoded.length) throw malformed();
    return result.buffer;
  }

  #giveWhole(decoded: Buffer): PromiseLike<unknown> | undefined {
    for (let at = 0; at < decoded.length; at += this.#chunkBytes) {
      const settled = this.#to.onBody(decoded.subarray(at, at + this.#chunkBytes));
      if (this.#isOver) return undefined;
      if (typeof settled?.then !== "function") continue;
      const rest = decoded.subarray(at + this.#chunkBytes);
      return settled.then(() => (this.#isOver ? undefined : this.#giveWhole(rest)));
    }
    return this.#giveEnd();
  }

  /** @returns settles when the stream wants more */
  #write(encoded: Buffer): Promise<void> {
    if (this.#stream === null) {
      const chunkSize = Math.max(LEAST_STEP_BYTES, this.#chunkBytes);
      this.#stream = this.#coding.open({ chunkSize, readableHighWaterMark: chunkSize });
      this.#drained = this.#drain(this.#stream);
      this.#drained.catch((error: unknown) => {
        this.#failure = { error };
        this.#failWrite?.(error);
      });
    }
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    const stream = this.#stream;
    this.#writtenBytes += encoded.length;
    return new Promise((resolve, reject) => {
      this.#failWrite = reject;
      // What went wrong is told by the reading side, which knows its meaning.
      stream.write(encoded, (error) => error ?? resolve());
    });
  }

  async #endStream(stream: ZlibStream): Promise<void> {
    this.#failWrite = null;
    stream.end();
    await this.#drained;
    if (!this.#isOver) await this.#giveEnd();
  }

  async #drain(stream: ZlibStream): Promise<void> {
    // What is thrown in the loop is told from what zlib throws.
    let ours: unknown = null;
    try {
      for await (const step of stream) {
        try {
          await this.#giveStep(step as Buffer);
        } catch (error) {
          ours = error;
          throw error;
        }
        if (this.#isOver) return;
      }
    } catch (error) {
      if (this.#isOver) return;
      throw ours === null ? malformed(error) : error;
    }
    // It has ended before all was written, or before all that was written was read: something follows the encoded body.
    if (!stream.writableEnded || stream.bytesWritten !== this.#writtenBytes) throw malformed();
  }

  async #giveStep(decoded: Buffer): Promise<void> {
    this.#decodedBytes += decoded.length;
    if (this.#decodedBytes > this.#limits.maxBytes) throw tooLarge();
    for (let at = 0; at < decoded.length && !this.#isOver; at += this.#chunkBytes) {
      await this.#to.onBody(decoded.subarray(at, at + this.#chunkBytes));
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function malformed(cause?: unknown): HTTPInputError {
  return new HTTPInputError(
    400,
    "ERR_HTTP_CONTENT_ENCODING",
    "the body is not what its Content-Encoding says, is cut short, or something follows it",
    { cause },
  );
}

function tooLarge(): HTTPInputError {
  return new HTTPInputError(400, chunkedTooLarge.code, "the decoded body is too large");
}
