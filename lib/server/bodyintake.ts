/**
 * BodyIntake: the body of one request on its way, from the wire to whoever takes it.
 *
 * HTTP1Connection makes one for each request with a body and feeds it what arrives; the exchange offers its limits and
 * its reader to the dispatcher. It keeps the body whole, or gives it to a BodyReader piece by piece:
 *
 *     receive() ──▶ [BodyInflater] ──▶ reader.onBody()       a promise: what still arrives is held, the socket paused
 *                                 └──▶ the whole body, for exchange.body
 *
 * Until it is open (its request is behind another, or startBody() is not done) everything is held, so limits may
 * still change and nothing is judged. Over is over: after whole, failed or aborted no call does anything.
 */

import { BodyBuffer } from "../base/bodybuffer.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import { BodyInflater, type ContentCoding } from "./bodyinflater.ts";
import type { BodyReader } from "./bodyreader.ts";
import { bodyTooLarge, chunkedTooLarge, inputError } from "./refusals.ts";

const SECOND_MS = 1000;

/** What a body needs of its connection. Called between start() and the end. */
export interface BodyHost {
  readonly options: {
    readonly maxBodyBytes: number;
    readonly bodyTimeoutMs: number;
    readonly minBodyBytesPerSecond: number;
    readonly chunkBytes: number;
  };
  /** ms, on the clock of deadlines. */
  nowMs(): number;
  /** Stops reading from the client; may be called again. */
  holdBody(): void;
  /** Reads on. */
  releaseBody(): void;
  /** Has leftMs() asked in `inMs`. */
  armBody(inMs: number): void;
  /** Nothing of the body has come, and now it is waited for. */
  onBodyAwaited(): void;
  /** All of the body was taken by its reader, which is about to be told of the end. */
  onBodyArrived(): void;
  /** The body is there. `body` is empty if a reader has it. */
  onBodyWhole(body: Buffer): void;
  /** HTTPInputError: the client's fault. Anything else is the reader's. */
  onBodyFailed(error: unknown): void;
}

export class BodyIntake {
  /** Content-Length; 0 = chunked. */
  readonly declaredBytes: number;
  /** How the body is encoded, if it is to be decoded. Set before it is open. */
  coding: ContentCoding | null = null;
  /** The dispatcher has started the request; it is not started again when the body is there. */
  isStarted = false;

  readonly #host: BodyHost;
  #reader: BodyReader | null = null;
  #maxBytes: number;
  #timeoutMs: number;
  /** What the bytes of the wire are given to: the inflater, the reader, or null. */
  #sink: BodyReader | null = null;
  #inflater: BodyInflater | null = null;
  readonly #held = new BodyBuffer();
  /** The decoded body, if it is kept whole and was encoded. */
  #decoded: BodyBuffer | null = null;
  #receivedBytes = 0;
  /** Bytes that the chunks begun so far promise. */
  #announcedBytes = 0;
  #isOpen = false;
  /** The last byte has arrived. */
  #isWhole = false;
  /** onBodyEnd() was called. */
  #isEnded = false;
  #isOver = false;
  #abortedBy: Error | null = null;
  /** A promise of the sink's is pending, since then. */
  #isBusy = false;
  #busySinceMs = 0;
  /** When the client began to be waited for; later by all the time that it was not. */
  #sinceMs = 0;

  constructor(host: BodyHost, declaredBytes: number) {
    this.#host = host;
    this.declaredBytes = declaredBytes;
    this.#maxBytes = host.options.maxBodyBytes;
    this.#timeoutMs = host.options.bodyTimeoutMs;
  }

  /** Who takes the body; null = it is kept whole. Set before it is open; if it is over already, the reader is told. */
  get reader(): BodyReader | null {
    return this.#reader;
  }

  set reader(reader: BodyReader | null) {
    this.#reader = reader;
    if (this.#abortedBy !== null) this.#tellAborted(this.#abortedBy);
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** What has arrived is judged by it at once, what was declared too. */
  set maxBytes(bytes: number) {
    this.#maxBytes = bytes;
    if (this.#isOpen) this.#judge();
  }

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  set timeoutMs(ms: number) {
    this.#timeoutMs = ms;
    if (this.#isOpen && !this.#isBusy) this.#arm();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * It is the request's turn.
   *
   * @param begin tells the dispatcher, which may set reader and limits; if it returns a promise, nothing is judged, read
   *   or given on before that settles
   */
  start(begin: () => unknown): void {
    let ready: unknown;
    try {
      ready = begin();
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!isPromise(ready)) {
      this.#open();
      return;
    }
    ready.then(
      () => this.#open(),
      (error: unknown) => this.fail(error),
    );
  }

  // From the wire.

  /** Takes `arena[start, end)`, which is copied. */
  receive(arena: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    this.#receivedBytes += end - start;
    if (!this.#isOpen || this.#isBusy) {
      this.#held.append(arena, start, end, 0);
      if (this.#isOpen) this.#host.holdBody();
      return;
    }
    if (this.#judge()) return;
    if (this.#sink === null) {
      const left = this.declaredBytes === 0 ? 0 : this.declaredBytes - this.#held.length;
      this.#held.append(arena, start, end, left);
      return;
    }
    const { chunkBytes } = this.#host.options;
    let at = start;
    while (at < end && !this.#isBusy && !this.#isOver) {
      const stop = Math.min(end, at + chunkBytes);
      const piece = Buffer.from(arena.subarray(at, stop));
      at = stop;
      this.#give(piece);
    }
    if (this.#isOver || !this.#isBusy) return;
    if (at < end) this.#held.append(arena, at, end, 0);
    this.#host.holdBody();
  }

  /** A chunk has begun that says it has `bytes`: judged before they come. */
  announce(bytes: number): void {
    this.#announcedBytes = this.#receivedBytes + bytes;
    if (this.#isOpen && !this.#isOver) this.#judge();
  }

  /** The body has arrived whole. */
  end(): void {
    this.#isWhole = true;
    if (this.#isOpen && !this.#isBusy && !this.#isOver) this.#work();
  }

  /** Nobody wants, or will get, the rest. */
  abort(error: Error): void {
    if (this.#isOver) {
      if (this.#isEnded && this.#abortedBy === null) this.#reader?.onClientGone?.();
      return;
    }
    this.#isOver = true;
    this.#abortedBy = error;
    this.#held.take();
    this.#tellAborted(error);
  }

  /** The response is finished. A reader that has been told of the end is left alone, any other told that it is over. */
  onAnswered(): void {
    if (this.#isOver) return;
    this.#host.releaseBody();
    const isTold = this.#inflater === null ? this.#isEnded : this.#inflater.isEnded;
    if (isTold) this.#isOver = true;
    else this.abort(new CodedError("ERR_HTTP_FINISHED", "the response was finished before"));
  }

  /** The body is refused (HTTPInputError), or cannot be taken. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.abort(error instanceof Error ? error : new Error(String(error)));
    this.#host.onBodyFailed(error);
  }

  /**
   * How long the client still has, in ms; below or at 0: it is too late. Infinity while nobody waits for it. A body may
   * take as long as it likes if it comes faster than minBodyBytesPerSecond.
   */
  leftMs(nowMs: number): number {
    const isWaiting = this.#isOpen && !this.#isBusy && !this.#isWhole && !this.#isOver;
    if (!isWaiting || this.#timeoutMs === 0) return Number.POSITIVE_INFINITY;
    const rate = this.#host.options.minBodyBytesPerSecond;
    const earnedMs = rate === 0 ? 0 : (this.#receivedBytes * SECOND_MS) / rate;
    return this.#sinceMs + this.#timeoutMs + earnedMs - nowMs;
  }

  // Steps.

  /** Who takes the body is settled: what is held is judged and given on. */
  #open(): void {
    if (this.#isOver) return;
    this.#isOpen = true;
    this.#sinceMs = this.#host.nowMs();
    if (this.#judge()) return;
    this.#sink = this.#reader;
    if (this.coding !== null) {
      if (this.#reader === null) this.#decoded = new BodyBuffer();
      const to = this.#reader ?? new Collector(this.#decoded ?? this.#held);
      this.#inflater = new BodyInflater(this.coding, to, this, this.#host.options.chunkBytes);
      this.#sink = this.#inflater;
    }
    this.#work();
    if (this.#receivedBytes === 0 && !this.#isOver) this.#host.onBodyAwaited();
  }

  #tellAborted(error: Error): void {
    try {
      (this.#sink ?? this.#reader)?.onBodyAborted(error);
    } catch (thrown) {
      log.error("onBodyAborted() of the reader of a request's body threw", thrown);
    }
  }

  /** @returns true if the body was too large, which has ended it */
  #judge(): boolean {
    if (this.#isOver) return true;
    if (this.declaredBytes > this.#maxBytes) this.fail(inputError(bodyTooLarge));
    else if (Math.max(this.#receivedBytes, this.#announcedBytes) > this.#maxBytes) {
      this.fail(inputError(chunkedTooLarge));
    }
    return this.#isOver;
  }

  /** Gives on what is held; then waits for more, or ends. */
  #work(): void {
    const { chunkBytes } = this.#host.options;
    if (this.#sink !== null) {
      while (this.#held.length > 0 && !this.#isBusy && !this.#isOver) {
        this.#give(this.#held.shift(chunkBytes));
      }
    }
    if (this.#isBusy || this.#isOver) return;
    if (!this.#isWhole) {
      this.#host.releaseBody();
      this.#arm();
      return;
    }
    if (this.#sink !== null && !this.#isEnded) {
      this.#isEnded = true;
      this.#host.onBodyArrived();
      this.#give(null);
      if (this.#isBusy || this.#isOver) return;
    }
    this.#isOver = true;
    this.#host.releaseBody();
    this.#host.onBodyWhole((this.#decoded ?? this.#held).take());
  }

  /** Gives the sink a piece, or the end. */
  #give(piece: Buffer | null): void {
    const sink = this.#sink;
    if (sink === null) return;
    let settled: unknown;
    try {
      settled = piece === null ? sink.onBodyEnd() : sink.onBody(piece);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!isPromise(settled) || this.#isOver) return;
    this.#isBusy = true;
    this.#busySinceMs = this.#host.nowMs();
    settled.then(
      () => this.#resume(),
      (error: unknown) => this.fail(error),
    );
  }

  #resume(): void {
    if (this.#isOver) return;
    this.#isBusy = false;
    this.#sinceMs += this.#host.nowMs() - this.#busySinceMs;
    this.#work();
  }

  #arm(): void {
    const leftMs = this.leftMs(this.#host.nowMs());
    if (leftMs < Number.POSITIVE_INFINITY) this.#host.armBody(Math.max(0, leftMs));
  }
}

/** Keeps the pieces of a decoded body. */
class Collector implements BodyReader {
  readonly #to: BodyBuffer;

  constructor(to: BodyBuffer) {
    this.#to = to;
  }

  onBody(piece: Buffer): undefined {
    this.#to.append(piece, 0, piece.length, 0);
  }

  onBodyEnd(): undefined {}

  onBodyAborted(): void {
    this.#to.take();
  }
}
