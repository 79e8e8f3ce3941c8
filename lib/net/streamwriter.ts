/**
 * StreamWriter: the writing half of an IOStream: hands bytes to the outbox, and knows when the kernel has them.
 *
 * What is written in a turn leaves at its end, together; a look afterwards tells what the kernel took, and its record
 * that the queue is empty tells the rest. Nothing is asked of the addon for writes that nobody looks after.
 */
import { StreamBufferFullError, type StreamClosedError } from "./streamerrors.ts";
import type { StreamSocket } from "./streamsocket.ts";

/** Writes of one turn share a promise up to this many bytes. */
const SHARED_BYTES = 64 * 1024;

/** The shared array of queued bytes holds no more than this. */
const MOST_PENDING = 0x7fff_ffff;

/** Who waits until the first `end` bytes of all have left. */
interface Waiter {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly start: number;
  end: number;
}

export class StreamWriter {
  readonly #socket: StreamSocket;
  readonly #maxWriteBufferBytes: number;
  /** Bytes written in all. */
  #total = 0;
  /** Of them, those that the kernel is known to have. */
  #sent = 0;
  #waiters: Waiter[] = [];
  /** The last waiter, if it is of this turn. */
  #latest: Waiter | null = null;
  #isChecking = false;

  /** @param maxWriteBufferBytes null = no limit */
  constructor(socket: StreamSocket, maxWriteBufferBytes: number | null) {
    this.#socket = socket;
    this.#maxWriteBufferBytes = maxWriteBufferBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Some of what was written is not known to be with the kernel. */
  get isWriting(): boolean {
    return this.#waiters.length > 0;
  }

  /** Bytes that the kernel does not have yet, as far as is known. */
  get bufferedBytes(): number {
    return this.#total - this.#sent;
  }

  /** See IOStream.write(). */
  write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.length;
    if (bytes === 0) return Promise.resolve();
    const most = this.#maxWriteBufferBytes;
    if (this.bufferedBytes + bytes > most) {
      this.#look();
      if (this.bufferedBytes + bytes > most) {
        const left = this.bufferedBytes;
        return rejected(
          new StreamBufferFullError(
            `${bytes} bytes were written where ${left} still wait; maxWriteBufferBytes is ${most}`,
          ),
        );
      }
    }
    const { slot, generation, loop } = this.#socket;
    if (typeof data === "string") loop.outbox.writeText(slot, generation, data);
    else loop.outbox.writeBytes(slot, generation, data);
    loop.lastActive[slot] = loop.clock.recentMs;
    const start = this.#total;
    this.#total += bytes;
    return this.#waiterFor(start).promise;
  }

  /** The kernel may have taken more. */
  check(): void {
    if (this.#waiters.length === 0) return;
    this.#look();
    let count = 0;
    for (const waiter of this.#waiters) {
      if (waiter.end > this.#sent) break;
      waiter.resolve();
      count++;
    }
    if (count > 0) this.#waiters.splice(0, count);
  }

  /** The socket is gone. @param error null: all that was written had left before */
  close(error: StreamClosedError | null): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#latest = null;
    this.#sent = this.#total;
    for (const waiter of waiters) {
      if (error === null) waiter.resolve();
      else waiter.reject(error);
    }
  }

  /** Sends what is in the outbox, and sees what of it the kernel has refused. */
  #look(): void {
    const { slot, generation, loop } = this.#socket;
    loop.outbox.flush();
    // Closed, and the record of it still on its way: nothing is known of what the array says.
    if (loop.poller.generation(slot) !== generation) return;
    const pending = loop.pendingBytes[slot] ?? 0;
    if (pending < MOST_PENDING) this.#sent = Math.max(this.#sent, this.#total - pending);
  }

  #waiterFor(start: number): Waiter {
    const latest = this.#latest;
    if (latest !== null && this.#total - latest.start <= SHARED_BYTES) {
      latest.end = this.#total;
      return latest;
    }
    let resolve: () => void = ignore;
    let reject: (error: Error) => void = ignore;
    const promise = new Promise<void>((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    promise.catch(ignore); // who does not await it does not care
    const waiter: Waiter = { promise, resolve, reject, start, end: this.#total };
    this.#waiters.push(waiter);
    this.#latest = waiter;
    if (!this.#isChecking) {
      this.#isChecking = true;
      this.#socket.loop.addCallback(this.#afterTurn);
    }
    return waiter;
  }

  readonly #afterTurn = (): void => {
    this.#isChecking = false;
    this.#latest = null;
    this.check();
  };
}

/** A rejection that ends nobody's process if it is not looked at. */
export function rejected(error: Error): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
