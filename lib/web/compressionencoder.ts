/**
 * Node's zlib as content codings: whole short bodies at once, long ones and streams off the loop's thread.
 *
 * ContentCompression makes a StreamEncoder per body that is long or comes in pieces, and calls encodeNow() for any
 * other. The parameters fit a server: windows no larger than the body, and for streams ones that a thousand of can be
 * open at once.
 */
import * as zlib from "node:zlib";
import { KiB } from "../base/bytes.ts";
import { CodedError } from "../base/errors.ts";
import type { ContentCoding } from "../http/acceptencoding.ts";
import type { ResolvedCompressionOptions } from "./compressionoptions.ts";

/** What zstd is called with; the types of the oldest Node.js that is served do not know it. */
interface ZstdOptions {
  readonly chunkSize: number;
  readonly params: Readonly<Record<number, number>>;
}

interface ZstdFunctions {
  createZstdCompress(options: ZstdOptions): zlib.BrotliCompress;
  zstdCompressSync(body: Uint8Array, options: ZstdOptions): Buffer;
  readonly constants: Readonly<
    Record<"ZSTD_c_compressionLevel" | "ZSTD_c_windowLog" | "ZSTD_e_flush", number>
  >;
}

const WHOLE_LONG_CHUNK = { least: 16 * KiB, most: 256 * KiB };
const LEAST_OUTPUT_BYTES = 1 * KiB;

/** zlib: 512 bytes to 32 KiB. */
const GZIP_WINDOW = { least: 9, most: 15 };
/** gzip's hash table has 2^(memLevel + 7) entries; 8 is zlib's own choice. */
const GZIP_MEMORY = { most: 8, bitsFewer: 7 };
/** Brotli: 1 KiB to 4 MiB, of which browsers take all. RFC 7932 §9.1. */
const BROTLI_WINDOW = { least: 10, most: 22 };
/** Of streams, which may be many and stay long: 256 KiB. */
const STREAM_WINDOW = 18;

const zstd: ZstdFunctions | null =
  "createZstdCompress" in zlib && "zstdCompressSync" in zlib
    ? (zlib as unknown as ZstdFunctions)
    : null;

/** Tells whether the running Node.js can make a coding: zstd came with 22.15 and 23.8. */
export function canEncode(coding: ContentCoding): boolean {
  return coding !== "zstd" || zstd !== null;
}

/** Compresses a whole body now, on this thread. */
export function encodeNow(
  coding: ContentCoding,
  options: ResolvedCompressionOptions,
  body: Uint8Array,
): Buffer {
  const chunkSize = Math.max(LEAST_OUTPUT_BYTES, body.length);
  switch (coding) {
    case "br":
      return zlib.brotliCompressSync(body, {
        chunkSize,
        params: brotliParams(options, body.length),
      });
    case "gzip":
      return zlib.gzipSync(body, { chunkSize, ...gzipParams(options, body.length) });
    case "zstd":
      return zstdOrThrow().zstdCompressSync(body, { chunkSize, params: zstdParams(options, null) });
  }
}

/** One body on its way through a compressor on Node's thread pool. One encode() at a time. */
export class StreamEncoder {
  readonly #coder: zlib.Gzip | zlib.BrotliCompress;
  readonly #flushKind: number;
  #made: Buffer[] = [];
  #fault: Error | null = null;
  #settle: { resolve: (made: Buffer) => void; reject: (error: Error) => void } | null = null;

  /** @param wholeBytes length of the body if the first chunk is all of it, else null */
  constructor(
    coding: ContentCoding,
    options: ResolvedCompressionOptions,
    wholeBytes: number | null,
  ) {
    const chunkSize =
      wholeBytes === null
        ? WHOLE_LONG_CHUNK.least
        : clamp(wholeBytes >> 2, WHOLE_LONG_CHUNK.least, WHOLE_LONG_CHUNK.most);
    switch (coding) {
      case "br":
        this.#coder = zlib.createBrotliCompress({
          chunkSize,
          params: brotliParams(options, wholeBytes),
        });
        this.#flushKind = zlib.constants.BROTLI_OPERATION_FLUSH;
        break;
      case "gzip":
        this.#coder = zlib.createGzip({ chunkSize, ...gzipParams(options, wholeBytes) });
        this.#flushKind = zlib.constants.Z_SYNC_FLUSH;
        break;
      case "zstd":
        this.#coder = zstdOrThrow().createZstdCompress({
          chunkSize,
          params: zstdParams(options, wholeBytes),
        });
        this.#flushKind = zstdOrThrow().constants.ZSTD_e_flush;
        break;
    }
    this.#coder.on("data", (made: Buffer) => this.#made.push(made));
    this.#coder.on("end", () => this.#done());
    this.#coder.on("error", (error) => this.#fail(error));
  }

  /**
   * Compresses a chunk.
   *
   * @param finishing it is the last one
   * @returns all that can be decoded of it; rejects if the compressor fails or is destroyed meanwhile
   */
  encode(chunk: Uint8Array, finishing: boolean): Promise<Buffer> {
    if (this.#fault !== null) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      if (finishing) {
        this.#coder.end(chunk);
      } else {
        this.#coder.write(chunk);
        this.#coder.flush(this.#flushKind, () => this.#done());
      }
    });
  }

  /** Frees the compressor's memory, at once or when the thread that is in it has come back. */
  destroy(): void {
    this.#coder.destroy();
    this.#fail(new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the response has been given up"));
  }

  #done(): void {
    const made = this.#made;
    const settle = this.#settle;
    this.#made = [];
    this.#settle = null;
    settle?.resolve(made.length === 1 && made[0] !== undefined ? made[0] : Buffer.concat(made));
  }

  #fail(error: Error): void {
    const settle = this.#settle;
    this.#fault ??= error;
    this.#made = [];
    this.#settle = null;
    settle?.reject(error);
  }
}

function gzipParams(options: ResolvedCompressionOptions, bytes: number | null): zlib.ZlibOptions {
  const level = options.gzipLevel;
  if (bytes === null) return { level };
  // Setting up a window for 32 KiB takes as long as compressing 2 KiB.
  const windowBits = clamp(bitsFor(bytes), GZIP_WINDOW.least, GZIP_WINDOW.most);
  const memLevel = Math.min(GZIP_MEMORY.most, windowBits - GZIP_MEMORY.bitsFewer);
  return { level, windowBits, memLevel };
}

function brotliParams(
  options: ResolvedCompressionOptions,
  bytes: number | null,
): Record<number, number> {
  const { constants } = zlib;
  const params = { [constants.BROTLI_PARAM_QUALITY]: options.brotliQuality };
  if (bytes === null) {
    params[constants.BROTLI_PARAM_LGWIN] = STREAM_WINDOW;
  } else {
    const window = clamp(bitsFor(bytes), BROTLI_WINDOW.least, BROTLI_WINDOW.most);
    params[constants.BROTLI_PARAM_LGWIN] = window;
    params[constants.BROTLI_PARAM_SIZE_HINT] = bytes;
  }
  return params;
}

function zstdParams(
  options: ResolvedCompressionOptions,
  bytes: number | null,
): Record<number, number> {
  const { constants } = zstdOrThrow();
  const params = { [constants.ZSTD_c_compressionLevel]: options.zstdLevel };
  if (bytes === null) params[constants.ZSTD_c_windowLog] = STREAM_WINDOW;
  return params;
}

function zstdOrThrow(): ZstdFunctions {
  if (zstd !== null) return zstd;
  throw new CodedError("ERR_ASSERTION", "zstd was chosen though this Node.js does not have it");
}

/** log2 of a window that holds `bytes` and a little of the format's own. */
function bitsFor(bytes: number): number {
  return Math.ceil(Math.log2(bytes + BROTLI_WINDOW_GAP));
}

/** A window of brotli's is 16 bytes less than its power of two. RFC 7932 §9.1 */
const BROTLI_WINDOW_GAP = 16;

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
