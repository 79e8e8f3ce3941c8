/**
 * StreamReader: the reading half of an IOStream: what has arrived, and the one read that waits for more.
 *
 * It knows no socket. IOStream gives it bytes and the end, and asks how much it holds to pause and resume the socket.
 */
import { CodedError } from "../base/errors.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { ReadBuffer } from "./readbuffer.ts";
import { StreamBufferFullError } from "./streamerrors.ts";
import { PENDING, type StreamRead } from "./streamreads.ts";

/** A costly read is tried again after 1 ms for each of these held, unless that has doubled: never quadratic. */
const COSTLY_BYTES_PER_MS = 16 * 1024;

/** What the reader tells its stream. Declared here, below it. */
export interface ReaderHost {
  /** The read at hand can never be done: the stream is to be closed for this. */
  onReadFailed(error: Error): void;
  /** The read at hand is done. */
  onReadDone(): void;
}

export class StreamReader {
  readonly #loop: IOLoop;
  readonly #host: ReaderHost;
  readonly #maxBufferBytes: number;
  readonly #buffer = new ReadBuffer();
  #read: StreamRead<unknown> | null = null;
  #resolve: (result: unknown) => void = ignore;
  #reject: (error: Error) => void = ignore;
  /** Bytes that were held when a costly read was last tried. */
  #triedBytes = 0;
  #isRetrying = false;

  constructor(loop: IOLoop, host: ReaderHost, maxBufferBytes: number) {
    this.#loop = loop;
    this.#host = host;
    this.#maxBufferBytes = maxBufferBytes;
  }

  /** A read is waiting. */
  get isReading(): boolean {
    return this.#read !== null;
  }

  /** Bytes held. */
  get bufferedBytes(): number {
    return this.#buffer.length;
  }

  /** @throws CodedError ERR_STATE if a read is waiting already */
  checkIdle(): void {
    if (this.#read === null) return;
    throw new CodedError("ERR_STATE", "already reading: one read at a time; await the one before");
  }

  /** Tries a read on what is held. @throws UnsatisfiableReadError */
  attempt<Result>(read: StreamRead<Result>): Result | typeof PENDING {
    const result = read.attempt(this.#buffer);
    this.#triedBytes = this.#buffer.length;
    return result;
  }

  /** What a read gets of a stream that has ended. */
  attemptAtEnd<Result>(read: StreamRead<Result>): Result | typeof PENDING {
    return read.end(this.#buffer);
  }

  /** A read that has been tried waits for what arrives. */
  wait<Result>(read: StreamRead<Result>): Promise<Result> {
    this.#read = read;
    this.#buffer.wantedBytes = read.wantedBytes;
    const promise = new Promise<Result>((resolve, reject) => {
      this.#resolve = resolve as (result: unknown) => void;
      this.#reject = reject;
    });
    promise.catch(ignore); // who does not await it does not care
    return promise;
  }

  /** Bytes have arrived: `arena[start, end)`. They are the caller's when this returns. */
  take(arena: Buffer, start: number, end: number): void {
    const buffer = this.#buffer;
    buffer.lend(arena, start, end);
    const read = this.#read;
    if (read !== null) {
      if (!read.isCostly || buffer.length >= 2 * this.#triedBytes) this.#tryRead(read);
      else this.#retryLater(buffer.length);
      if (this.#read !== null && buffer.length > this.#maxBufferBytes) {
        this.#host.onReadFailed(
          new StreamBufferFullError(
            `a read needs more than the maxBufferBytes of ${this.#maxBufferBytes}`,
          ),
        );
      }
    }
    buffer.settle();
  }

  /** Nothing more comes: the read that waits gets what is there if that is enough, else `error()`. */
  end(error: () => Error): void {
    const read = this.#read;
    if (read === null) return;
    let result: unknown = PENDING;
    try {
      result = read.end(this.#buffer);
    } catch {
      // It could not be done either way.
    }
    if (result === PENDING) {
      this.fail(error());
    } else {
      this.#settle(result);
    }
  }

  /** The read that waits is refused. */
  fail(error: Error): void {
    const reject = this.#reject;
    this.#forget();
    reject(error);
  }

  #tryRead(read: StreamRead<unknown>): void {
    try {
      const result = this.attempt(read);
      if (result === PENDING) return;
      this.#settle(result);
      this.#host.onReadDone();
    } catch (error) {
      this.#host.onReadFailed(error as Error);
    }
  }

  /** What arrives in the same turn is looked at together; of much that trickles in, the more there is the later. */
  #retryLater(bytes: number): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    const retry = () => {
      this.#isRetrying = false;
      const read = this.#read;
      if (read?.isCostly && this.#buffer.length > this.#triedBytes) this.#tryRead(read);
    };
    const delayMs = Math.floor(bytes / COSTLY_BYTES_PER_MS);
    if (delayMs === 0) this.#loop.addCallback(retry);
    else this.#loop.callLater({ delayMs }, retry);
  }

  #settle(result: unknown): void {
    const resolve = this.#resolve;
    this.#forget();
    resolve(result);
  }

  #forget(): void {
    this.#read = null;
    this.#resolve = ignore;
    this.#reject = ignore;
    this.#triedBytes = 0;
    this.#buffer.wantedBytes = 0;
  }
}

function ignore(): void {}
