/**
 * PipeWriter: the writing half of a PipeIOStream: bytes go to the kernel at once, and wait here when it takes no more.
 *
 * It knows no loop: the stream calls flush() when the pipe has room again.
 */
import { writePipe } from "./pipedescriptor.ts";
import { StreamBufferFullError, type StreamClosedError } from "./streamerrors.ts";
import { rejected } from "./streamwriter.ts";

/** Most pieces of one writev(2); the kernel takes up to 1024. */
const MOST_PIECES = 64;

/** Who waits until the first `end` bytes of all have left. */
interface Waiter {
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class PipeWriter {
  readonly #fd: number;
  readonly #maxWriteBufferBytes: number;
  /** From #first on; before it there is nothing. */
  #chunks: (Uint8Array | undefined)[] = [];
  #first = 0;
  #total = 0;
  #sent = 0;
  #waiters: Waiter[] = [];

  /** @param maxWriteBufferBytes null = no limit */
  constructor(fd: number, maxWriteBufferBytes: number | null) {
    this.#fd = fd;
    this.#maxWriteBufferBytes = maxWriteBufferBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Bytes that the kernel has not taken. */
  get bufferedBytes(): number {
    return this.#total - this.#sent;
  }

  /** See PipeIOStream.write(). @throws SystemError as writePipe() */
  write(data: string | Uint8Array): Promise<void> {
    const chunk = typeof data === "string" ? Buffer.from(data) : data;
    if (chunk.length === 0) return Promise.resolve();
    const left = this.bufferedBytes;
    if (left + chunk.length > this.#maxWriteBufferBytes) {
      return rejected(
        new StreamBufferFullError(
          `${chunk.length} bytes were written where ${left} still wait; maxWriteBufferBytes is ${this.#maxWriteBufferBytes}`,
        ),
      );
    }
    this.#chunks.push(chunk);
    this.#total += chunk.length;
    if (left === 0) this.flush();
    if (this.bufferedBytes === 0) return Promise.resolve();
    const promise = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ end: this.#total, resolve, reject });
    });
    promise.catch(ignore); // who does not await it does not care
    return promise;
  }

  /** Writes what waits, once: the rest when the pipe has room again. @throws SystemError as writePipe() */
  flush(): void {
    const end = Math.min(this.#chunks.length, this.#first + MOST_PIECES);
    const pieces = this.#chunks.slice(this.#first, end) as Uint8Array[];
    if (pieces.length === 0) return;
    const taken = writePipe(this.#fd, pieces);
    if (taken > 0) this.#taken(taken);
  }

  /** The pipe is closed: who still waits is told why. */
  close(error: StreamClosedError): void {
    this.#chunks = [];
    this.#first = 0;
    this.#sent = this.#total;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #taken(bytes: number): void {
    this.#sent += bytes;
    let left = bytes;
    for (;;) {
      const chunk = this.#chunks[this.#first];
      if (chunk === undefined) break;
      if (chunk.length > left) {
        this.#chunks[this.#first] = chunk.subarray(left);
        break;
      }
      left -= chunk.length;
      this.#chunks[this.#first++] = undefined;
    }
    // The front is cut off when it is half of the list: each piece is moved once at most.
    if (this.#first * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
    const waiting = this.#waiters.findIndex(({ end }) => end > this.#sent);
    const done = this.#waiters.splice(0, waiting === -1 ? this.#waiters.length : waiting);
    for (const waiter of done) waiter.resolve();
  }
}

function ignore(): void {}
