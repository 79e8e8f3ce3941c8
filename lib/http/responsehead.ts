/**
 * ResponseHeadReader: reads the head of a response out of the bytes of a connection, however they are cut.
 *
 *     const reader = new ResponseHeadReader({ maxBytes: 64 * KiB });
 *     const head = reader.push(piece); // null: more is needed
 *     reader.takeRest();               // what came behind it
 *
 * Clients have one per response. What is no HTTP at all is refused with its first bytes; so is a head without end.
 *
 * @see RFC 9112 §4, §5
 */
import { quote } from "../base/describe.ts";
import { HTTPInputError } from "../base/errors.ts";
import { HTTPHeaders } from "./httpheaders.ts";
import { parseResponseStartLine, type ResponseStartLine } from "./startlines.ts";

/** A response without its body. */
export interface ResponseHead {
  readonly startLine: ResponseStartLine;
  readonly headers: HTTPHeaders;
}

/** How much of a head is taken. */
export interface ResponseHeadLimits {
  /** Most bytes of all heads that this reader reads, with their line ends. */
  readonly maxBytes: number;
  /** Most field lines of one; default 256. */
  readonly maxFieldCount?: number | undefined;
}

const DEFAULT_FIELD_COUNT = 256;
const FIRST_ROOM_BYTES = 1024;

/** What every response begins with. */
const BEGINNING = Buffer.from("HTTP/1.", "latin1");
const HEAD_END = "\r\n\r\n";

export class ResponseHeadReader {
  readonly #maxBytes: number;
  readonly #maxFieldCount: number;
  #bytes = Buffer.alloc(0);
  #used = 0;
  /** Up to here there is no end of a head. */
  #scanned = 0;
  #headBytes = 0;

  constructor({ maxBytes, maxFieldCount = DEFAULT_FIELD_COUNT }: ResponseHeadLimits) {
    this.#maxBytes = maxBytes;
    this.#maxFieldCount = maxFieldCount;
  }

  /**
   * Takes bytes.
   *
   * @param piece copied; the first one after a head begins with what takeRest() returned
   * @returns the head if it is whole
   * @throws HTTPInputError ERR_HTTP_SYNTAX, ERR_HTTP_FIELD_LINE, ERR_HTTP_FIELD_NAME, ERR_HTTP_FIELD_VALUE for what is
   *   malformed; ERR_HTTP_HEAD_TOO_LARGE, ERR_HTTP_TOO_MANY_FIELDS; and then this reader is of no more use
   */
  push(piece: Uint8Array): ResponseHead | null {
    this.#append(piece);
    const bytes = this.#bytes.subarray(0, this.#used);
    const known = Math.min(bytes.length, BEGINNING.length);
    if (!bytes.subarray(0, known).equals(BEGINNING.subarray(0, known))) {
      const got = bytes.toString("latin1", 0, 40);
      throw new HTTPInputError(400, "ERR_HTTP_SYNTAX", `no response of HTTP/1.x: ${quote(got)}`);
    }
    const end = bytes.indexOf(HEAD_END, Math.max(0, this.#scanned - HEAD_END.length + 1), "latin1");
    const length = end === -1 ? bytes.length : end + HEAD_END.length;
    if (this.#headBytes + length > this.#maxBytes) {
      throw new HTTPInputError(
        431,
        "ERR_HTTP_HEAD_TOO_LARGE",
        `the head of the response is larger than ${this.#maxBytes} bytes`,
      );
    }
    this.#scanned = bytes.length;
    if (end === -1) return null;
    const head = this.#parse(bytes.toString("latin1", 0, end));
    this.#headBytes += length;
    this.#bytes = bytes.subarray(length);
    this.#used = this.#bytes.length;
    this.#scanned = 0;
    return head;
  }

  /** The bytes behind the head that was returned last: the body's, or the next head's. They are the caller's. */
  takeRest(): Buffer {
    const rest = this.#bytes.subarray(0, this.#used);
    this.#bytes = Buffer.alloc(0);
    this.#used = 0;
    return rest;
  }

  #append(piece: Uint8Array): void {
    const used = this.#used + piece.length;
    if (used > this.#bytes.length) {
      const room = Buffer.allocUnsafe(Math.max(used, 2 * this.#used, FIRST_ROOM_BYTES));
      this.#bytes.copy(room, 0, 0, this.#used);
      this.#bytes = room;
    }
    this.#bytes.set(piece, this.#used);
    this.#used = used;
  }

  #parse(text: string): ResponseHead {
    const [first = "", ...lines] = text.split("\r\n");
    const startLine = parseResponseStartLine(first);
    if (lines.length > this.#maxFieldCount) {
      throw new HTTPInputError(
        431,
        "ERR_HTTP_TOO_MANY_FIELDS",
        `the head of the response has ${lines.length} fields; taken are ${this.#maxFieldCount}`,
      );
    }
    const headers = new HTTPHeaders();
    for (const line of lines) headers.parseLine(line);
    return { startLine, headers };
  }
}
