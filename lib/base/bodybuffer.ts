/**
 * BodyBuffer: bytes of a request's body or of a WebSocket's message as they arrive, in one growing block.
 *
 * BodyIntake has one while a body is on its way, PartialMessage while a message is. However small the pieces (a chunk may hold one byte), it takes at
 * most twice the bytes it holds. What it holds is taken whole, or from the front in pieces.
 */

/** First block when the length is not known, in bytes. */
const FIRST_BYTES = 4096;

const nothing = Buffer.alloc(0);

export class BodyBuffer {
  #block = nothing;
  #start = 0;
  #end = 0;

  /** Bytes held. */
  get length(): number {
    return this.#end - this.#start;
  }

  /**
   * Copies `bytes[start, end)` to the end.
   *
   * @param leftBytes how many bytes are known to come, these included; 0 = not known
   */
  append(bytes: Uint8Array, start: number, end: number, leftBytes: number): void {
    const added = end - start;
    if (this.#end + added > this.#block.length) this.#grow(this.length + added, leftBytes);
    if (bytes instanceof Buffer) bytes.copy(this.#block, this.#end, start, end);
    else this.#block.set(bytes.subarray(start, end), this.#end);
    this.#end += added;
  }

  /** All that is held; the buffer starts over. */
  take(): Buffer {
    const { length } = this;
    const block = this.#block.subarray(this.#start, this.#end);
    const room = this.#block.length;
    this.#drop();
    // What is kept does not pin more than a quarter of itself besides; nor a block of Buffer's pool.
    return length * 1.25 >= room ? block : exactCopy(block);
  }

  /** A copy of the first bytes, at most `mostBytes`, which are held no longer. */
  shift(mostBytes: number): Buffer {
    const stop = Math.min(this.#end, this.#start + mostBytes);
    const piece = exactCopy(this.#block.subarray(this.#start, stop));
    this.#start = stop;
    if (stop === this.#end) this.#drop();
    return piece;
  }

  #drop(): void {
    this.#block = nothing;
    this.#start = 0;
    this.#end = 0;
  }

  #grow(needed: number, leftBytes: number): void {
    const { length } = this;
    let bytes = Math.max(FIRST_BYTES, length * 2, needed);
    // A declared length is room to make only as far as it has come true: a claim alone takes no memory.
    const wholeBytes = length + leftBytes;
    if (leftBytes > 0 && wholeBytes <= bytes) bytes = wholeBytes;
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, needed));
    this.#block.copy(grown, 0, this.#start, this.#end);
    this.#block = grown;
    this.#start = 0;
    this.#end = length;
  }
}

function exactCopy(bytes: Buffer): Buffer {
  const exact = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(exact);
  return exact;
}
