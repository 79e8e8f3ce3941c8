/**
 * PipeIOStream: one end of a pipe as a stream of bytes, after Tornado's: what IOStream is for sockets.
 *
 *     const input = new PipeIOStream(0);           // cat words.txt | node program.js
 *     for await (const piece of input) …
 *
 *     const output = new PipeIOStream(openSync("/run/log.fifo", "w"));
 *     await output.write("a line\n");
 *
 * The addon reads and writes sockets only: here the loop says when the pipe is ready, and one read(2) or writev(2) an event
 * is done by node:fs. The promises are IOStream's: one read at a time, what arrived before the end is read before the end is
 * noticed, what is not asked for stays in the kernel.
 */
import { closeSync } from "node:fs";
import { CodedError } from "../base/errors.ts";
import { IOLoop } from "../loop/ioloop.ts";
import {
  type IOStreamOptions,
  type ResolvedIOStreamOptions,
  resolveStreamOptions,
} from "./iostreamoptions.ts";
import {
  brokenPipe,
  openPipe,
  type PipeDescriptor,
  readPipe,
  TRY_LATER,
} from "./pipedescriptor.ts";
import { PipeWriter } from "./pipewriter.ts";
import { ReadVerbs, START_READ } from "./readverbs.ts";
import { StreamClosedError } from "./streamerrors.ts";
import { type ReaderHost, StreamReader } from "./streamreader.ts";
import { PENDING, type StreamRead } from "./streamreads.ts";
import { rejected } from "./streamwriter.ts";

/** What a pipe holds by default, and so all that one read(2) finds. */
const PIPE_BYTES = 64 * 1024;

/** Most read(2) in a row before others have their turn. */
const MOST_READS = 16;

/** Time without progress after which what was written before close() is given up. */
const DRAIN_MS = 30_000;

let scratch: Buffer | null = null;

export class PipeIOStream extends ReadVerbs implements ReaderHost {
  readonly #loop: IOLoop;
  readonly #options: ResolvedIOStreamOptions;
  readonly #pipe: PipeDescriptor;
  readonly #reader: StreamReader;
  readonly #writer: PipeWriter;
  readonly #readAheadBytes: number;
  /** What the loop watches the pipe for; null = it does not. */
  #interest: number | null = null;
  /**
   * A read has found the pipe empty and its writer there. Before that nothing is known: of a FIFO whose writer has gone
   * epoll says nothing to those who have opened it since.
   */
  #isSettled = false;
  #isTrying = false;
  #isEof = false;
  #isClosed = false;
  /** The descriptor is closed; it may be open for a while after close(). */
  #isReleased = false;
  #error: Error | null = null;
  #closeCallback: (() => unknown) | null = null;
  #drainDeadline = 0;
  #lastSentMs = 0;

  /**
   * @param fd one end of a pipe, or a FIFO. It becomes the stream's, and is closed; but for 0, 1 and 2, which stay open
   * @throws CodedError ERR_ARGUMENT_TYPE if it is no pipe; SystemError EBADF, EACCES, ENXIO; ERR_UNKNOWN_OPTION, …
   */
  constructor(fd: number, options: IOStreamOptions = {}) {
    super();
    this.#options = resolveStreamOptions(options);
    this.#loop = IOLoop.current();
    this.#pipe = openPipe(fd);
    const { maxBufferBytes, readChunkBytes, maxWriteBufferBytes } = this.#options;
    this.#reader = new StreamReader(this.#loop, this, maxBufferBytes);
    this.#writer = new PipeWriter(this.#pipe.fd, maxWriteBufferBytes);
    this.#readAheadBytes = Math.min(readChunkBytes, maxBufferBytes / 2);
    this.#watch();
  }

  /**
   * Writes bytes: to the kernel at once, as far as the pipe has room.
   *
   * @param data text as UTF-8, or bytes, which must not be changed until they have left
   * @returns settles when the kernel has them. Rejects with StreamClosedError, or with StreamBufferFullError if more than
   *   maxWriteBufferBytes would wait, and then nothing of `data` is written. Need not be awaited
   * @throws CodedError ERR_ARGUMENT_TYPE; ERR_STATE if this end is for reading
   */
  write(data: string | Uint8Array): Promise<void> {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new CodedError("ERR_ARGUMENT_TYPE", "write() takes a string or a Uint8Array");
    }
    if (!this.#pipe.canWrite) {
      throw new CodedError("ERR_STATE", "write() to the end of a pipe that is for reading");
    }
    if (this.#isClosed) return rejected(this.#closedError());
    try {
      return this.#writer.write(data);
    } catch (error) {
      this.abort(error as Error);
      return rejected(this.#closedError());
    } finally {
      this.#watch();
    }
  }

  /**
   * Has `callback` called once when the stream is closed, from either side, after what had arrived was read. What it throws
   * is logged. null takes it back.
   */
  setCloseCallback(callback: (() => unknown) | null): void {
    this.#closeCallback = callback;
    if (this.#isClosed) this.#runCloseCallback();
    else this.#noticeEof();
  }

  /**
   * Closes. What has been written leaves first, given 30 s without progress at most. A read that waits gets what it can
   * be given of what is there, or rejects. Again: nothing happens.
   *
   * @param error why, for `error` and for those that wait; null = no error
   */
  override close(error: Error | null = null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    this.#reader.end(() => this.#closedError());
    if (this.#writer.bufferedBytes === 0) this.#release();
    else this.#drain();
    this.#runCloseCallback();
  }

  /** Closes at once: what the kernel does not have yet is dropped. */
  abort(error: Error | null = null): void {
    this.#writer.close(new StreamClosedError(error));
    this.close(error);
    this.#release();
  }

  // State.

  /** Most bytes that are kept for a read. */
  override get maxBufferBytes(): number {
    return this.#options.maxBufferBytes;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** A read is waiting. */
  get reading(): boolean {
    return this.#reader.isReading;
  }

  /** The kernel does not have all that was written. */
  get writing(): boolean {
    return this.#writer.bufferedBytes > 0;
  }

  /** Why the stream was closed; null while it is open and after an orderly end. */
  get error(): Error | null {
    return this.#error;
  }

  /** Bytes that have been taken from the pipe and were not read. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes;
  }

  /** Bytes written that the kernel does not have. */
  get writeBufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  // Called by the reader.

  /** @internal */
  onReadFailed(error: Error): void {
    this.#reader.fail(new StreamClosedError(error));
    this.close(error);
  }

  /** @internal */
  onReadDone(): void {
    this.#noticeEof();
  }

  // Steps.

  /** @internal See ReadVerbs. */
  override [START_READ]<Result>(read: StreamRead<Result>): Promise<Result> {
    this.#reader.checkIdle();
    if (!this.#pipe.canRead) {
      throw new CodedError("ERR_STATE", "a read from the end of a pipe that is for writing");
    }
    let result: Result | typeof PENDING;
    try {
      result = this.#reader.attempt(read);
    } catch (error) {
      this.close(error as Error);
      return rejected(this.#closedError());
    }
    if (result === PENDING && this.#isEof) this.close();
    if (result === PENDING && this.#isClosed) {
      result = this.#reader.attemptAtEnd(read);
      if (result === PENDING) return rejected(this.#closedError());
    }
    const promise = result === PENDING ? this.#reader.wait(read) : Promise.resolve(result);
    this.#watch();
    this.#noticeEof();
    return promise;
  }

  /** Has the loop tell what is wanted now, and nothing else: an end that nobody reads would be told again and again. */
  #watch(): void {
    if (this.#isReleased) return;
    const wantsRead = this.#wantsRead();
    if (wantsRead && !this.#isSettled) this.#tryLater();
    const isWriting = this.#writer.bufferedBytes > 0;
    const events =
      (wantsRead && this.#isSettled ? IOLoop.READ : 0) | (isWriting ? IOLoop.WRITE : 0);
    // Of an end for writing that its reader has gone is told without asking.
    const interest = events !== 0 || this.#pipe.canWrite ? events : null;
    if (interest === this.#interest) return;
    const { fd } = this.#pipe;
    if (interest === null) this.#loop.removeHandler(fd);
    else if (this.#interest !== null) this.#loop.updateHandler(fd, interest);
    else this.#loop.addHandler(fd, (_fd, ready) => this.#onReady(ready), interest);
    this.#interest = interest;
  }

  /** While a read waits, and a little ahead. */
  #wantsRead(): boolean {
    if (!this.#pipe.canRead || this.#isEof || this.#isClosed) return false;
    return this.#reader.isReading || this.#reader.bufferedBytes < this.#readAheadBytes;
  }

  #tryLater(): void {
    if (this.#isTrying) return;
    this.#isTrying = true;
    this.#loop.addCallback(() => {
      this.#isTrying = false;
      if (this.#wantsRead()) this.#read();
    });
  }

  #onReady(ready: number): void {
    const isBroken = (ready & IOLoop.ERROR) !== 0;
    if (this.#writer.bufferedBytes > 0 && (isBroken || (ready & IOLoop.WRITE) !== 0)) {
      this.#flush();
    } else if (isBroken && !this.#pipe.canRead) this.abort(brokenPipe());
    if (this.#wantsRead() && (isBroken || (ready & IOLoop.READ) !== 0)) this.#read();
  }

  #flush(): void {
    const before = this.#writer.bufferedBytes;
    try {
      this.#writer.flush();
    } catch (error) {
      this.abort(error as Error);
      return;
    }
    if (this.#writer.bufferedBytes < before) this.#lastSentMs = this.#loop.clock.now();
    if (this.#isClosed && this.#writer.bufferedBytes === 0) this.#release();
    else this.#watch();
  }

  #read(): void {
    scratch ??= Buffer.allocUnsafeSlow(PIPE_BYTES);
    try {
      for (let reads = 0; reads < MOST_READS && this.#wantsRead(); reads++) {
        const bytes = readPipe(this.#pipe.fd, scratch);
        if (bytes === TRY_LATER) this.#isSettled = true;
        else if (bytes === 0) this.#onEof();
        else this.#reader.take(scratch, 0, bytes);
        if (this.#isSettled) break;
      }
    } catch (error) {
      this.close(error as Error);
    }
    this.#watch();
  }

  #onEof(): void {
    this.#isEof = true;
    if (this.#reader.isReading) this.close();
    else this.#noticeEof();
  }

  /** The writer's end is the stream's when all before it was read, and somebody wants to know. */
  #noticeEof(): void {
    if (!this.#isUnnoticedEof()) return;
    // Whoever is about to go on reading comes first.
    this.#loop.addCallback(() => {
      if (this.#isUnnoticedEof()) this.close();
    });
  }

  #isUnnoticedEof(): boolean {
    const isIdle = !this.#reader.isReading && this.#reader.bufferedBytes === 0;
    return this.#isEof && isIdle && !this.#isClosed && this.#closeCallback !== null;
  }

  #drain(): void {
    this.#watch();
    const { wheel, clock } = this.#loop;
    this.#lastSentMs = clock.now();
    const deadlineMs = this.#lastSentMs + DRAIN_MS;
    this.#drainDeadline = wheel.addCallback(deadlineMs, (nowMs) => {
      const leftMs = this.#lastSentMs + DRAIN_MS - nowMs;
      if (leftMs > 0) wheel.update(this.#drainDeadline, nowMs + leftMs);
      else this.abort(this.#error);
    });
    this.#loop.wheelChanged(deadlineMs);
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#loop.wheel.cancel(this.#drainDeadline);
    if (this.#interest !== null) this.#loop.removeHandler(this.#pipe.fd);
    closeSync(this.#pipe.fd);
  }

  #runCloseCallback(): void {
    const callback = this.#closeCallback;
    this.#closeCallback = null;
    if (callback !== null) this.#loop.addCallback(callback);
  }

  #closedError(): StreamClosedError {
    return new StreamClosedError(this.#error);
  }
}
