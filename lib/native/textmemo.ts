/**
 * TextMemo: bodies that are sent again and again, kept as bytes by the addon.
 *
 * A handler that answers with the same text each time (a page, "ok") would have it encoded and copied each time. Outbox
 * asks here first: a text that was seen a few times in a row in its place of the memo becomes a piece, and from then on
 * a response names it by number; its entity tag is computed once, too. Any other text costs one comparison.
 */

/** Places, chosen by length: texts of different lengths do not push each other out. */
const PLACES = 16;

/** How often a text must come in a row, in its place, to be kept. */
const TIMES = 4;

/** Longest text kept, in UTF-16 units: all places together hold at most 3 MiB in the addon. */
const LONGEST = 64 * 1024;

/** What the memo does when it keeps a text. */
export interface PieceKeeper {
  /** Gives a piece new bytes. Commands that name it must have been carried out before. */
  keep(piece: number, bytes: Uint8Array): void;
  takePieceId(): number;
}

export class TextMemo {
  readonly #keeper: PieceKeeper;
  /** By place: the text last seen. */
  readonly #texts: string[] = new Array<string>(PLACES).fill("");
  readonly #times = new Int32Array(PLACES);
  /** By place: the piece, if that text is kept; else -1. */
  readonly #pieces = new Int32Array(PLACES).fill(-1);
  readonly #ids = new Int32Array(PLACES).fill(-1);

  constructor(keeper: PieceKeeper) {
    this.#keeper = keeper;
  }

  /**
   * The piece whose bytes are the UTF-8 of `text`, or -1.
   *
   * @hot bench/run.mjs: once per response; a literal is found by its address
   */
  find(text: string): number {
    const place = text.length & (PLACES - 1);
    if (text === this.#texts[place]) {
      const piece = this.#pieces[place]!;
      return piece >= 0 ? piece : this.#count(place, text);
    }
    this.#texts[place] = text.length <= LONGEST ? text : "";
    this.#times[place] = 0;
    this.#pieces[place] = -1;
    return -1;
  }

  #count(place: number, text: string): number {
    const times = this.#times[place]! + 1;
    this.#times[place] = times;
    if (times < TIMES) return -1;
    if (this.#ids[place]! < 0) this.#ids[place] = this.#keeper.takePieceId();
    const id = this.#ids[place]!;
    this.#keeper.keep(id, Buffer.from(text, "utf8"));
    this.#pieces[place] = id;
    return id;
  }
}
