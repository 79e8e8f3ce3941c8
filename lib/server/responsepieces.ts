/**
 * ResponsePieces: heads of responses, ready-made. The addon keeps their bytes; a response names one by number.
 *
 * Nearly all responses of an application share a few heads: a status, a Content-Type, perhaps some fields that never
 * change. What is left to say per response is its length and its body. A piece ends in "Content-Length: ", has the Date
 * of the current second, and is made anew when that has passed and it is used again.
 */

import type { IOLoop } from "../loop/ioloop.ts";
import { DateCache } from "../http/httpdate.ts";
import { reasonPhrase } from "../http/httpstatus.ts";

/** Most pieces of a loop; responses beyond that are written as text. Field values that vary must not fill memory. */
const MOST_PIECES = 512;

/** Longest piece, so that 512 of them stay below 1 MiB. */
const LONGEST_PIECE = 2048;

const SECOND_MS = 1000;

/** A ready-made head. */
export interface ResponsePiece {
  /** What the addon knows it by. */
  readonly id: number;
  /** Status line and fields before the Date. */
  readonly before: string;
  /** What stands behind the Date. */
  readonly after: string;
  /** Seconds since 1970 of the Date in it. */
  second: number;
}

/** What a piece leaves to be said: the length, or the entity tag (the addon's digest of the body) and the length. */
export type PieceEnd = "length" | "tag";

const pieceEnds = { length: "Content-Length: ", tag: 'Etag: "' } as const;

/** What every response names as its server. */
export const SERVER_LINE = "Server: landspout\r\n";

export class ResponsePieces {
  static readonly #byLoop = new WeakMap<IOLoop, ResponsePieces>();

  /** Those of a loop: its servers share them. */
  static of(loop: IOLoop): ResponsePieces {
    let pieces = ResponsePieces.#byLoop.get(loop);
    if (pieces === undefined) {
      pieces = new ResponsePieces(loop);
      ResponsePieces.#byLoop.set(loop, pieces);
    }
    return pieces;
  }

  readonly #loop: IOLoop;
  readonly #byText = new Map<string, ResponsePiece>();
  readonly #dates = new DateCache();
  #epoch = -1;
  #nowMs = 0;
  #second = 0;

  private constructor(loop: IOLoop) {
    this.#loop = loop;
  }

  /** The Date of now, an IMF-fixdate. @hot bench/run.mjs: reads the clock once a turn */
  date(): string {
    this.#readClock();
    return this.#dates.text(this.#nowMs);
  }

  /**
   * Finds or makes a piece.
   *
   * @param ends   what the response adds
   * @param fields complete field lines, each with its CRLF, without Date and Content-Length
   * @returns null if there are too many or it is too long
   */
  find(status: number, fields: string, ends: PieceEnd): ResponsePiece | null {
    const before = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${fields}`;
    const after = pieceEnds[ends];
    const known = this.#byText.get(after + before);
    if (known !== undefined) return known;
    if (this.#byText.size >= MOST_PIECES || before.length > LONGEST_PIECE) return null;
    const piece: ResponsePiece = { id: this.#loop.outbox.takePieceId(), before, after, second: 0 };
    this.#byText.set(after + before, piece);
    return piece;
  }

  /** The number of a piece whose Date is now's. @hot bench/run.mjs: once per response */
  use(piece: ResponsePiece): number {
    this.#readClock();
    if (piece.second !== this.#second) {
      const text = `${piece.before}Date: ${this.#dates.text(this.#nowMs)}\r\n${piece.after}`;
      this.#loop.poller.setPiece(piece.id, Buffer.from(text, "latin1"));
      piece.second = this.#second;
    }
    return piece.id;
  }

  #readClock(): void {
    const epoch = this.#loop.epoch;
    if (epoch === this.#epoch && this.#loop.inTurn) return;
    this.#epoch = epoch;
    this.#nowMs = Date.now();
    this.#second = Math.floor(this.#nowMs / SECOND_MS);
  }
}
