/**
 * MultipartScanner: finds the parts of a multipart form, whether it comes whole or in pieces cut anywhere.
 *
 *     --boundary CRLF field lines CRLF CRLF bytes CRLF --boundary … CRLF --boundary-- anything
 *
 *     push(piece) · push(piece) · … · end()
 *        sink.onPart(head) · sink.onData(bytes) … · sink.onPartEnd()      for each part, in order
 *
 * parseMultipart pushes a body that is in memory, UploadReader one that is on its way to disk: what is a part and what is
 * malformed is the same on both ways, wherever the pieces are cut. The first fault is thrown, and ends the scanning. Each
 * byte is searched a fixed number of times; only what may yet turn out to be a boundary or is an unfinished header is held
 * back, in memory that is used again.
 *
 * Stricter than RFC 2046 in what nobody sends, and who does wants to be read in two ways: nothing stands before the first
 * boundary (as in Tornado), nothing but CRLF or -- behind a boundary, and the last one is there.
 *
 * @see RFC 7578, RFC 2046 §5.1.1
 */
import { multipartError, partHeadTooLarge, tooManyParts } from "./multiparterror.ts";
import { type PartHead, partHead } from "./multipartpart.ts";

/** Takes the parts. What one of these throws comes out of push(). */
export interface MultipartSink {
  onPart(head: PartHead): void;
  /**
   * @param bytes at least one. A view of the piece that was pushed, or of memory that the next push() uses again: a part of
   *   a form that is pushed whole comes in one call, as a view of it
   */
  onData(bytes: Buffer): void;
  onPartEnd(): void;
}

export interface MultipartLimits {
  readonly maxParts: number;
  readonly maxPartHeaderBytes: number;
}

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const CRLF_BYTES = 2;
const HEAD_END = Buffer.from("\r\n\r\n");

/** Nothing is known yet. */
const START = 0;
/** Behind a boundary: CRLF or -- is to come. */
const BEHIND_BOUNDARY = 1;
const HEAD = 2;
const DATA = 3;
/** Behind the last boundary, where anything may stand. */
const OVER = 4;

const nothing = Buffer.alloc(0);

export class MultipartScanner {
  readonly #delimiter: Buffer;
  readonly #limits: MultipartLimits;
  readonly #sink: MultipartSink;
  #state = START;
  #partCount = 0;
  /** Bytes of an unfinished header that have been searched already. */
  #searched = 0;
  /** Bytes in front that are the end of the part's header, not its data: they may also begin the boundary. */
  #skip = 0;
  /** What is held back: the first `#held` bytes of this. */
  #kept = nothing;
  #held = 0;
  /** Where that is put together with the next piece: not the same memory, for the sink may still use what is here. */
  #room = nothing;

  /** @param boundary as multipartBoundary() gives it */
  constructor(boundary: string, limits: MultipartLimits, sink: MultipartSink) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#limits = limits;
    this.#sink = sink;
  }

  /**
   * Takes the next piece of the body.
   *
   * @throws HTTPInputError 400 ERR_HTTP_MULTIPART if the form is malformed, has more parts than are taken, or a longer
   *   part header; and what the sink throws. Nothing may be pushed after that
   */
  push(piece: Buffer): void {
    if (this.#state === OVER) return;
    const bytes = this.#held === 0 ? piece : this.#joined(piece);
    const at = this.#scan(bytes);
    this.#hold(bytes, at);
  }

  /** The body is whole. @throws HTTPInputError 400 ERR_HTTP_MULTIPART if the form is not */
  end(): void {
    if (this.#state === START) throw notBegun();
    if (this.#state === HEAD) throw multipartError("the header of a part has no end");
    if (this.#state !== OVER) throw multipartError("the form is not ended by its boundary and --");
  }

  // Steps.

  /** Goes as far as the bytes allow. @returns how far that is; what is behind it is to come again, with more */
  #scan(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      let next: number;
      if (this.#state === DATA) next = this.#data(bytes, at);
      else if (this.#state === HEAD) next = this.#head(bytes, at);
      else if (this.#state === BEHIND_BOUNDARY) next = this.#behindBoundary(bytes, at);
      else if (this.#state === START) next = this.#start(bytes);
      else return bytes.length;
      if (next === at) return at;
      at = next;
      // Data may be given on although its end is not there; nothing else is to be found then.
      if (this.#state === DATA && bytes.length - at < this.#delimiter.length) return at;
    }
  }

  /** The CRLF that belongs to the first delimiter may be there. */
  #start(bytes: Buffer): number {
    const whole = this.#delimiter;
    const { length } = whole;
    const from = bytes[0] === CR ? 0 : CRLF_BYTES;
    const shared = Math.min(bytes.length, length - from);
    if (bytes.compare(whole, from, from + shared, 0, shared) !== 0) throw notBegun();
    if (shared < length - from) return 0;
    this.#state = BEHIND_BOUNDARY;
    return shared;
  }

  #behindBoundary(bytes: Buffer, at: number): number {
    if (bytes.length < at + CRLF_BYTES) return at;
    if (bytes[at] === DASH && bytes[at + 1] === DASH) {
      this.#state = OVER;
      return bytes.length;
    }
    if (bytes[at] !== CR || bytes[at + 1] !== LF)
      throw multipartError("a boundary is followed by neither CRLF nor --");
    const { maxParts } = this.#limits;
    if (++this.#partCount > maxParts) throw tooManyParts(maxParts);
    this.#state = HEAD;
    this.#searched = 0;
    return at + CRLF_BYTES;
  }

  #head(bytes: Buffer, at: number): number {
    const { maxPartHeaderBytes } = this.#limits;
    // Only so far: a search to the end of the body, for each part, would make the whole quadratic.
    const within = bytes.subarray(at, at + maxPartHeaderBytes + HEAD_END.length);
    const length = within.indexOf(HEAD_END, this.#searched);
    if (length === -1) {
      if (bytes.length - at > within.length) throw partHeadTooLarge(maxPartHeaderBytes);
      this.#searched = Math.max(0, within.length - HEAD_END.length + 1);
      return at;
    }
    this.#sink.onPart(partHead(within.toString("latin1", 0, length)));
    this.#state = DATA;
    // The empty line may be the boundary's own: such a part is empty, as in Tornado.
    this.#skip = CRLF_BYTES;
    return at + length + HEAD_END.length - CRLF_BYTES;
  }

  #data(bytes: Buffer, at: number): number {
    const delimiter = this.#delimiter;
    const found = bytes.indexOf(delimiter, at);
    const end = found === -1 ? Math.max(at, bytes.length - delimiter.length + 1) : found;
    const from = Math.min(end, at + this.#skip);
    this.#skip -= from - at;
    if (end > from) this.#sink.onData(bytes.subarray(from, end));
    if (found === -1) return end;
    this.#sink.onPartEnd();
    this.#state = BEHIND_BOUNDARY;
    return found + delimiter.length;
  }

  /** What was held, and the piece behind it. */
  #joined(piece: Buffer): Buffer {
    const length = this.#held + piece.length;
    if (length > this.#room.length) this.#room = Buffer.allocUnsafeSlow(length);
    this.#kept.copy(this.#room, 0, 0, this.#held);
    piece.copy(this.#room, this.#held);
    return this.#room.subarray(0, length);
  }

  #hold(bytes: Buffer, at: number): void {
    this.#held = bytes.length - at;
    if (this.#held > this.#kept.length) this.#kept = Buffer.allocUnsafeSlow(2 * this.#held);
    if (this.#held > 0) bytes.copy(this.#kept, 0, at);
  }
}

function notBegun(): Error {
  return multipartError("the form does not begin with its boundary");
}
