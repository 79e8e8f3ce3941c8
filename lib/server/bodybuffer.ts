/**
 * BodyBuffer: a request's body as it arrives, in one growing block.
 *
 * HTTP1Connection has one while a body is on its way. However small the pieces (a chunk may hold one byte), it takes at
 * most twice the bytes it holds.
 */

/** First block when the length is not known, in bytes. */
const FIRST_BYTES = 4096;

export class BodyBuffer {
  #block: Buffer = Buffer.alloc(0);
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Copies `arena[start, end)` to the end.
   *
   * @param leftBytes how many bytes are known to come, these included; 0 = not known
   */
  append(arena: Buffer, start: number, end: number, leftBytes: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#block.length) this.#grow(needed, leftBytes);
    arena.copy(this.#block, this.#length, start, end);
    this.#length = needed;
  }

  /** The body; the buffer starts over. */
  take(): Buffer {
    const block = this.#block;
    const length = this.#length;
    this.#block = Buffer.alloc(0);
    this.#length = 0;
    if (length === block.length) return block;
    // What is kept does not pin more than a quarter of itself besides; nor a block of Buffer's pool.
    if (length * 1.25 >= block.length) return block.subarray(0, length);
    const exact = Buffer.allocUnsafeSlow(length);
    block.copy(exact, 0, 0, length);
    return exact;
  }

  #grow(needed: number, leftBytes: number): void {
    let bytes = Math.max(FIRST_BYTES, this.#block.length * 2, needed);
    // A declared length is room to make only as far as it has come true: a claim alone takes no memory.
    const wholeBytes = this.#length + leftBytes;
    if (leftBytes > 0 && wholeBytes <= bytes) bytes = wholeBytes;
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, needed));
    this.#block.copy(grown, 0, 0, this.#length);
    this.#block = grown;
  }
}
