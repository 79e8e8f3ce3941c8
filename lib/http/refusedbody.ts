/**
 * RefusedBody: the first bytes of the body of a response that nobody asked for: what a server says when it refuses.
 *
 * A client that wants something other than a body puts it into its error. It is read as far as it is framed and as much
 * as is taken, and whatever is wrong with it ends it: the refusal counts, not its text.
 *
 * @see RFC 9112 §6.3, §7.1
 */
import type { ResponseHead } from "./responsehead.ts";

const CHUNK_LINE = /^([0-9a-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n/i;

/** Longest line of a chunk that is looked at. */
const CHUNK_LINE_BYTES = 256;

const CRLF_BYTES = 2;

export class RefusedBody {
  readonly #maxBytes: number;
  readonly #isChunked: boolean;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  /** Bytes to come, of the body or of its chunk with the CRLF behind it. */
  #left: number;
  /** Of a chunk's line, what has come. */
  #line = Buffer.alloc(0);
  #isEnded = false;

  /** @param maxBytes more than these are not kept, nor read */
  constructor({ startLine, headers }: ResponseHead, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#isChunked = /(?:^|[ ,\t])chunked[ \t]*$/i.test(headers.get("Transfer-Encoding") ?? "");
    const length = headers.get("Content-Length");
    const isFramed = !this.#isChunked && length !== null && /^[0-9]{1,15}$/.test(length);
    this.#left = this.#isChunked ? 0 : isFramed ? Number(length) : Number.POSITIVE_INFINITY;
    const hasNone = startLine.code === 204 || startLine.code === 304 || startLine.code < 200;
    this.#isEnded = hasNone || maxBytes === 0 || (isFramed && this.#left === 0);
  }

  /** Nothing more is wanted. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** What has come of it. */
  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** Takes bytes, which become its own. */
  push(piece: Buffer): void {
    let at = 0;
    while (at < piece.length && !this.#isEnded) {
      if (this.#isChunked && this.#left === 0) at = this.#readLine(piece, at);
      else at = this.#read(piece, at);
    }
  }

  #read(piece: Buffer, at: number): number {
    const taken = Math.min(this.#left, piece.length - at);
    // The last two bytes of a chunk are its CRLF.
    const isData = this.#isChunked ? Math.min(taken, Math.max(0, this.#left - CRLF_BYTES)) : taken;
    const kept = Math.min(isData, this.#maxBytes - this.#bytes);
    if (kept > 0) this.#pieces.push(piece.subarray(at, at + kept));
    this.#bytes += kept;
    this.#left -= taken;
    const isWhole = !this.#isChunked && this.#left === 0;
    if (isWhole || this.#bytes >= this.#maxBytes) this.#isEnded = true;
    return at + taken;
  }

  #readLine(piece: Buffer, at: number): number {
    const before = this.#line.length;
    this.#line = Buffer.concat([this.#line, piece.subarray(at, at + CHUNK_LINE_BYTES - before)]);
    const line = CHUNK_LINE.exec(this.#line.toString("latin1"));
    if (line === null) {
      if (this.#line.length >= CHUNK_LINE_BYTES || this.#line.includes("\n")) this.#isEnded = true;
      return piece.length;
    }
    const size = Number.parseInt(line[1] ?? "0", 16);
    this.#line = Buffer.alloc(0);
    if (size === 0) this.#isEnded = true;
    this.#left = size + CRLF_BYTES;
    return at + line[0].length - before;
  }
}
