/**
 * Compressors and decompressors that connections without context takeover share: each starts anew with every message.
 *
 * permessagedeflate.ts borrows one for a message, and the hub for a publication that many will get. A message that is done
 * at once gives its codec back before anybody else can ask, so there is one of each kind, and a few more while other
 * threads are at work on long ones.
 *
 * @see RFC 7692 §7.1.1
 */
import { Deflater, Inflater } from "../native/deflate.ts";

/** Idle ones of a kind that are kept; more are closed. */
const MOST_IDLE = 4;
/** Decompresses what any smaller window has made, too. */
const LARGEST_WINDOW_BITS = 15;

/** A codec that is the borrower's until it is given back. */
export interface Loan<Codec> {
  readonly codec: Codec;
  /** Once, when no promise of it is open. */
  giveBack(): void;
}

interface Closable {
  release(): unknown;
  close(): void;
}

class Pool<Codec extends Closable> {
  readonly #make: () => Codec;
  readonly #idle: Loan<Codec>[] = [];

  constructor(make: () => Codec) {
    this.#make = make;
  }

  borrow(): Loan<Codec> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const codec = this.#make();
    const loan: Loan<Codec> = {
      codec,
      giveBack: () => {
        if (this.#idle.length < MOST_IDLE) this.#idle.push(loan);
        else codec.close();
      },
    };
    return loan;
  }

  release(): void {
    for (const { codec } of this.#idle) codec.release();
  }
}

const deflaters = new Map<number, Pool<Deflater>>();
const inflaters = new Pool(
  () => new Inflater({ windowBits: LARGEST_WINDOW_BITS, keepsContext: false }),
);

/**
 * Borrows a compressor that keeps nothing from one message to the next.
 *
 * @param windowBits 9 to 15
 * @param memLevel   1 to 9
 * @param level      0 to 9
 */
export function borrowDeflater(
  windowBits: number,
  memLevel: number,
  level: number,
): Loan<Deflater> {
  const kind = windowBits * 100 + memLevel * 10 + level;
  let pool = deflaters.get(kind);
  if (pool === undefined) {
    pool = new Pool(() => new Deflater({ windowBits, memLevel, level, keepsContext: false }));
    deflaters.set(kind, pool);
  }
  return pool.borrow();
}

/** Borrows a decompressor that keeps nothing from one message to the next. */
export function borrowInflater(): Loan<Inflater> {
  return inflaters.borrow();
}

/** Gives back the memory of the shared ones that are idle; they take it again with the next message. */
export function releaseSharedCodecs(): void {
  for (const pool of deflaters.values()) pool.release();
  inflaters.release();
}
