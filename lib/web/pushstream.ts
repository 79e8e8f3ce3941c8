/**
 * PushStream: a response that goes on as long as there is something to say: the common half of EventStream and NDJSONStream.
 *
 * A handler makes one (this.eventStream(), this.ndjson()); the head leaves at once. It is over when the client goes away,
 * when close() is called, when the verb has returned, or when the client is too slow: then `closed` settles, `signal`
 * fires and nothing is left behind. A send() that is awaited runs no faster than the client reads, whatever there is to
 * say. Those that are not awaited (one event to ten thousand clients) are counted: what a slow client may hold of the
 * server's memory is the server's highWaterBytes, maxBufferedBytes and one message.
 */

import { MiB } from "../base/bytes.ts";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { integer, oneOf, options, type Resolved } from "../base/options.ts";
import { Finish } from "./httperror.ts";
import type { RESPONSE, ResponseWriter } from "./responsewriter.ts";

/** What a stream needs of its handler; declared here, since RequestHandler stands above it. */
export interface PushHandler {
  /** @internal */
  readonly [RESPONSE]: ResponseWriter;
  readonly signal: AbortSignal;
  readonly isFinished: boolean;
  setHeader(name: string, value: string): void;
  write(chunk: string): void;
  flush(): Promise<void>;
  finish(): Promise<void>;
}

/** The options of an NDJSONStream, which every stream has. */
export const pushStreamOptions = options({
  /** Most bytes that are kept for a client which does not keep up, beyond the server's highWaterBytes. What is sent within one turn counts until the turn is over; one message is always taken. */
  maxBufferedBytes: integer({ default: 1 * MiB, min: 0, max: 1024 * MiB }),
  /** What happens to a message beyond them: "close" ends the connection; "wait" keeps it until there is room, for senders that await. */
  whenFull: oneOf({ values: ["close", "wait"], default: "close" }),
});

/** What is to be sent, one after the other. */
export type Source<T> = AsyncIterable<T> | Iterable<T>;

interface Waiting {
  readonly text: string;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export abstract class PushStream<T> {
  /** Settles when the stream is over, for whatever reason; never rejects. A verb that only registers the stream awaits it. */
  readonly closed: Promise<void>;

  readonly #response: ResponseWriter;
  readonly #handler: PushHandler;
  readonly #options: Resolved<typeof pushStreamOptions>;
  /** Bytes that the client has not caught up with. */
  #pendingBytes = 0;
  #waiting: Waiting[] = [];
  /** Why nothing more can be sent; null while it can. What send() rejects with. */
  #over: { readonly reason: Error } | null = null;
  #abort: AbortController | null = null;
  #settleClosed: () => void = () => {};
  /** Of those in sendAll(): called when the stream is over. */
  readonly #stops = new Set<() => void>();

  protected constructor(
    handler: PushHandler,
    response: ResponseWriter,
    given: Resolved<typeof pushStreamOptions>,
  ) {
    this.#handler = handler;
    this.#response = response;
    this.#options = given;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  /** Nothing more can be sent. */
  get isClosed(): boolean {
    return this.#over !== null;
  }

  /** Fires when the stream is over, for whatever reason: give it to a timer, a query, a subscription. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#over !== null) this.#abort.abort(this.#over.reason);
    }
    return this.#abort.signal;
  }

  /**
   * Sends one message.
   *
   * @returns settles when the client keeps up. Rejects if the stream is over: with ERR_HTTP_CONNECTION_CLOSED if the client
   *   has gone, ERR_SLOW_CLIENT if it was too slow, ERR_HTTP_FINISHED after close() or the verb. Need not be awaited
   * @throws CodedError ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE at once for what is no message
   */
  abstract send(message: T): Promise<void>;

  /**
   * Sends all that `source` gives, one after the other, each when the client has caught up with those before.
   *
   * @returns settles when the source is at its end, or quietly when the stream is over: the source is then told to return,
   *   even while it waits for what comes next. Rejects with what the source throws
   */
  async sendAll(source: Source<T>): Promise<void> {
    const iterator = iteratorOf(source);
    try {
      for (;;) {
        const next = await this.#next(iterator);
        if (next === null) break;
        if (next.done === true) return;
        await this.send(next.value);
      }
    } catch (error) {
      leave(iterator);
      if (this.#over === null) throw error;
      return;
    }
    leave(iterator);
  }

  /** Completes the response with what has been sent so far. Closing twice, or what is over, is fine. */
  close(): Promise<void> {
    if (this.#over !== null) return Promise.resolve();
    for (const { text, bytes, resolve, reject } of this.#waiting.splice(0)) {
      this.#write(text, bytes).then(resolve, reject);
    }
    const finished = this.#handler.isFinished ? Promise.resolve() : this.#handler.finish();
    this.#end(closedError());
    return finished.catch(ignore);
  }

  // For subclasses.

  /**
   * Sends the head, and `opening` with it. Called once, last in the constructor of a subclass.
   *
   * @throws CodedError ERR_HTTP_HEADERS_SENT, ERR_HTTP_FINISHED if the response has begun or is over
   */
  protected open(opening: string): void {
    const { signal } = this.#handler;
    if (signal.aborted) {
      this.#end(reasonOf(signal));
      return;
    }
    if (opening !== "") this.#handler.write(opening);
    this.#handler.flush().catch(ignore);
    if (this.#response.exchange.method === "HEAD") {
      // The head was all that was asked for: whoever sends is told to end, without an error.
      this.#end(new Finish());
      return;
    }
    signal.addEventListener("abort", () => this.#end(reasonOf(signal)), { once: true });
    this.#response.keepUntilEnd({ release: () => this.#end(closedError()) });
  }

  /** Sends a text; as send(). */
  protected push(text: string): Promise<void> {
    if (this.#over !== null) return handled(Promise.reject(this.#over.reason));
    const bytes = Buffer.byteLength(text);
    if (this.#waiting.length === 0 && this.#hasRoom(bytes))
      return handled(this.#write(text, bytes));
    if (this.#options.whenFull === "wait") {
      return handled(
        new Promise((resolve, reject) => {
          this.#waiting.push({ text, bytes, resolve, reject });
        }),
      );
    }
    return handled(Promise.reject(this.#closeSlow()));
  }

  /** The client has not caught up with what was sent. */
  protected get isBehind(): boolean {
    return this.#pendingBytes > 0;
  }

  /** Called once, when the stream is over: timers are to be stopped. */
  protected onOver(): void {}

  // Steps.

  /** A message with nothing before it is always taken: however large it is, it can be sent. */
  #hasRoom(bytes: number): boolean {
    return this.#pendingBytes === 0 || this.#pendingBytes + bytes <= this.#options.maxBufferedBytes;
  }

  async #write(text: string, bytes: number): Promise<void> {
    this.#handler.write(text);
    const flushed = this.#handler.flush();
    this.#pendingBytes += bytes;
    try {
      await flushed;
    } catch (error) {
      // Nothing can follow on such a connection, whether or not its end has been told.
      this.#end(error instanceof Error ? error : closedError());
      throw this.#over?.reason ?? error;
    }
    this.#pendingBytes -= bytes;
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#over !== null || !this.#hasRoom(next.bytes)) return;
      this.#waiting.shift();
      this.#write(next.text, next.bytes).then(next.resolve, next.reject);
    }
  }

  #closeSlow(): CodedError {
    const { maxBufferedBytes } = this.#options;
    const error = new CodedError(
      "ERR_SLOW_CLIENT",
      `the client is more than ${maxBufferedBytes} bytes behind and was disconnected; await send(), or raise maxBufferedBytes`,
    );
    log.info(error.message);
    this.#end(error);
    // Whoever waits for the client's end is told: for the handler it is one.
    this.#response.exchange.onPeerFinished();
    this.#response.exchange.abort();
    return error;
  }

  #end(reason: Error): void {
    if (this.#over !== null) return;
    this.#over = { reason };
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    for (const stop of [...this.#stops]) stop();
    this.onOver();
    this.#abort?.abort(reason);
    this.#settleClosed();
  }

  /** The next of a source; null if the stream is over first. */
  async #next(iterator: AsyncIterator<T> | Iterator<T>): Promise<IteratorResult<T> | null> {
    if (this.#over !== null) return null;
    let stop: () => void = () => {};
    try {
      // Not Promise.race() with `closed`, which would keep a reaction of every message until the end.
      return await new Promise<IteratorResult<T> | null>((resolve, reject) => {
        stop = () => resolve(null);
        this.#stops.add(stop);
        Promise.resolve(iterator.next()).then(resolve, reject);
      });
    } finally {
      this.#stops.delete(stop);
    }
  }
}

/**
 * Checks that a response has not begun, which fields are to be set for.
 *
 * @throws CodedError ERR_HTTP_HEADERS_SENT
 */
export function checkUnsent(response: ResponseWriter, what: string): void {
  if (!response.exchange.isHeadSent && !response.isFinished) return;
  throw new CodedError(
    "ERR_HTTP_HEADERS_SENT",
    `cannot start ${what}: the head of the response has been sent`,
  );
}

/**
 * Writes a value as JSON, on one line.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE for what has no JSON: undefined, functions, bigints, circles
 */
export function jsonLine(value: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `${describe(value)} has no JSON; allowed is what JSON.stringify() takes`,
    cause === undefined ? {} : { cause },
  );
}

function iteratorOf<T>(source: Source<T>): AsyncIterator<T> | Iterator<T> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  if (Symbol.iterator in source) return source[Symbol.iterator]();
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `sendAll() was given ${describe(source)}; allowed are iterables and async iterables`,
  );
}

/** Tells a source that no more is wanted. A generator that waits hears of it when its wait is over, so nobody waits for it. */
function leave(iterator: AsyncIterator<unknown> | Iterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(ignore);
  } catch {
    // It has nothing to say that anybody could still use.
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error("the client has gone away");
}

function closedError(): CodedError {
  return new CodedError("ERR_HTTP_FINISHED", "the stream is closed: nothing more can be sent");
}

/** Not every sender waits; that a client has gone must not end the process as an unhandled rejection. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
