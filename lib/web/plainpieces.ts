/**
 * PlainPieces: the ready-made heads of responses that have status 200 and no field of their own but Content-Type.
 *
 * Application keeps one per server. Found by the Content-Type: the last one used by a comparison, others in a map.
 */
import {
  type PieceEnd,
  type ResponsePiece,
  type ResponsePieces,
  SERVER_LINE,
} from "../server/responsepieces.ts";

class ByType {
  readonly #pieces: ResponsePieces;
  readonly #end: PieceEnd;
  readonly #byType = new Map<string, ResponsePiece | null>();
  #lastType = "";
  #last: ResponsePiece | null = null;

  constructor(pieces: ResponsePieces, end: PieceEnd) {
    this.#pieces = pieces;
    this.#end = end;
  }

  /** @hot bench/run.mjs: once per response */
  find(type: string): ResponsePiece | null {
    if (type === this.#lastType) return this.#last;
    let piece = this.#byType.get(type);
    if (piece === undefined) {
      piece = this.#pieces.find(200, `${SERVER_LINE}Content-Type: ${type}\r\n`, this.#end);
      // A type that varies per request fills this map no more than it fills the pieces.
      if (piece !== null) this.#byType.set(type, piece);
    }
    this.#lastType = type;
    this.#last = piece;
    return piece;
  }
}

export class PlainPieces {
  readonly #length: ByType;
  readonly #tag: ByType;

  constructor(pieces: ResponsePieces) {
    this.#length = new ByType(pieces, "length");
    this.#tag = new ByType(pieces, "tag");
  }

  /** The head of a response without an entity tag; null if there are too many. */
  length(type: string): ResponsePiece | null {
    return this.#length.find(type);
  }

  /** The head of a response whose entity tag the addon computes. */
  tag(type: string): ResponsePiece | null {
    return this.#tag.find(type);
  }
}
