/**
 * ReadBuffer: bytes of a stream that have arrived and nobody has read yet, in one growing block.
 *
 * StreamReader has one. While nothing is held, bytes that arrive are lent: looked at and taken where the loop has them,
 * and only what is left of them is copied when the turn goes on (settle). However small the pieces, a block takes at
 * most twice the bytes it holds, and an empty buffer has none.
 */

/** First block, in bytes. */
const FIRST_BYTES = 4096;

/** What is taken is the block itself from this share of it on: it pins little besides. */
const MOSTLY = 0.75;

const nothing: Buffer = Buffer.alloc(0);

export class ReadBuffer {
  #block: Buffer = nothing;
  #start = 0;
  #end = 0;
  #isLent = false;
  /** How many bytes the read at hand wants in all; 0 = not known. */
  wantedBytes = 0;

  /** Bytes held. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds `bytes[start, end)`; they must stay what they are until settle(). */
  lend(bytes: Buffer, start: number, end: number): void {
    if (this.length === 0) {
      this.#block = bytes;
      this.#start = start;
      this.#end = end;
      this.#isLent = true;
    } else {
      this.settle();
      this.#append(bytes, start, end);
    }
  }

  /** Copies what is lent and was not taken. */
  settle(): void {
    if (!this.#isLent) return;
    const block = this.#block;
    const start = this.#start;
    const end = this.#end;
    this.clear();
    if (end > start) this.#append(block, start, end);
  }

  /**
   * Finds bytes among the first `limit` that are held, looking from `from` on.
   *
   * @returns where they begin, or -1
   */
  indexOf(wanted: Uint8Array, from: number, limit: number): number {
    const end = Math.min(this.#end, this.#start + limit);
    const at = this.#block.subarray(this.#start + from, end).indexOf(wanted);
    return at < 0 ? -1 : from + at;
  }

  /** The first bytes as characters U+0000 to U+00FF. */
  latin1(bytes: number): string {
    return this.#block.latin1Slice(this.#start, Math.min(this.#end, this.#start + bytes));
  }

  /** The first `bytes` bytes, which are there; they are held no longer. */
  shift(bytes: number): Buffer {
    const stop = this.#start + bytes;
    const isWhole = stop === this.#end && bytes >= this.#block.length * MOSTLY;
    const view = this.#block.subarray(this.#start, stop);
    const piece = isWhole && !this.#isLent ? view : copyOf(view);
    this.#skip(stop);
    return piece;
  }

  /** As shift(), into `target` from `at` on, as many as are there and fit. @returns how many */
  copyInto(target: Uint8Array, at: number): number {
    const bytes = Math.min(this.length, target.length - at);
    const stop = this.#start + bytes;
    target.set(this.#block.subarray(this.#start, stop), at);
    this.#skip(stop);
    return bytes;
  }

  clear(): void {
    this.#block = nothing;
    this.#start = 0;
    this.#end = 0;
    this.#isLent = false;
  }

  #skip(stop: number): void {
    this.#start = stop;
    if (stop === this.#end) this.clear();
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const added = end - start;
    if (this.#end + added > this.#block.length) this.#makeRoom(added);
    bytes.copy(this.#block, this.#end, start, end);
    this.#end += added;
  }

  #makeRoom(added: number): void {
    const { length } = this;
    // Moving at most half of the block makes room for at least as much: each byte is moved once on average.
    if (length + added <= this.#block.length / 2) {
      this.#block.copyWithin(0, this.#start, this.#end);
    } else {
      const needed = length + added;
      let bytes = Math.max(FIRST_BYTES, length * 2, needed);
      // What is wanted is room to make only as far as it has come true: a claim alone takes no memory.
      if (this.wantedBytes >= needed && this.wantedBytes < bytes) bytes = this.wantedBytes;
      const grown = Buffer.allocUnsafeSlow(bytes);
      this.#block.copy(grown, 0, this.#start, this.#end);
      this.#block = grown;
    }
    this.#start = 0;
    this.#end = length;
  }
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length);
  bytes.copy(copy);
  return copy;
}
