/**
 * HTTP1Connection: a connection with a request in progress that could not be answered within its own record.
 *
 * HTTPServer makes one when a request has a body, is answered later (an async handler), or follows one that is; it owns
 * the slot from then on, and gives it back to the server when nothing is in progress any more. An idle connection, and
 * one whose requests are all answered at once, has none.
 *
 *     current      the request that may write its response; or whose body is being read before it may be handled
 *     queue        heads that came behind it, in order; past maxPipelined the socket is paused
 *     refusal      what is sent after all of these when the bytes behind them were no HTTP
 *
 * Every deadline is on the loop's wheel, in the one entry that the server has for the slot: onDeadline.
 */

import { CodedError } from "../base/errors.ts";
import {
  BAD_TRUNCATED,
  HEAD_EXPECT_CONTINUE,
  HEAD_HAS_BODY,
  OP_PAUSE,
  OP_RESUME,
} from "../native/addon.ts";
import { QuietOwner } from "../loop/slotowner.ts";
import { BodyBuffer } from "./bodybuffer.ts";
import { Exchange, type ExchangeConnection, type ExchangeServer } from "./exchange.ts";
import type { ResolvedHTTPServerOptions } from "./httpserveroptions.ts";
import {
  bodyTimeout,
  bodyTooLarge,
  chunkedTooLarge,
  headTimeout,
  type Refusal,
  refusalFor,
} from "./refusals.ts";

const SECOND_MS = 1000;

// Why the socket is not read from.
const QUEUE_FULL = 1;
const OUTPUT_FULL = 2;

/** What a connection needs of its server, besides what its exchanges do. */
export interface ConnectionServer extends ExchangeServer {
  readonly options: ResolvedHTTPServerOptions;
  readonly isStopping: boolean;
  readonly longestSilenceMs: number;
  dispatch(exchange: Exchange): void;
  /** Nothing is in progress on the connection: the server has it. */
  ownsIdle(slot: number): boolean;
  /** Reads on behind a head that asks for an upgrade, which is not granted here. */
  continueAfterUpgrade(exchange: Exchange): void;
  /** Nothing is in progress any more; `headSinceMs` is when the next head began, or -1. */
  rest(slot: number, generation: number, headSinceMs: number): void;
  refuse(slot: number, generation: number, refusal: Refusal): void;
  forget(slot: number, errno: number): void;
  setDeadline(slot: number, inMs: number): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class HTTP1Connection extends QuietOwner implements ExchangeConnection {
  readonly server: ConnectionServer;
  readonly slot: number;
  readonly generation: number;

  #current: Exchange | null = null;
  readonly #queue: Exchange[] = [];
  /** The last request, while its body is on its way. */
  #reading: Exchange | null = null;
  readonly #body = new BodyBuffer();
  /** Declared length of the body that is on its way; 0 = chunked. */
  #bodyDeclared = 0;
  #bodySinceMs = 0;
  #headSinceMs = -1;
  #endSinceMs = -1;
  #refusal: Refusal | null = null;
  #pauses = 0;
  #pumping = false;
  #closed = false;
  #isEnding = false;
  #waiters: Waiter[] = [];

  constructor(server: ConnectionServer, slot: number, generation: number) {
    super();
    this.server = server;
    this.slot = slot;
    this.generation = generation;
  }

  get isBusy(): boolean {
    return this.#current !== null || this.#queue.length > 0;
  }

  /** Takes a request whose handler is running, or whose body is to come. */
  adopt(exchange: Exchange): void {
    exchange.connection = this;
    exchange.retain();
    if (this.#current === null) this.#current = exchange;
  }

  /** Takes the next request; it is started when those before it are finished. */
  take(exchange: Exchange): void {
    exchange.connection = this;
    exchange.retain();
    this.#queue.push(exchange);
    if ((exchange.flags & HEAD_HAS_BODY) !== 0) this.#expectBody(exchange);
    if (this.#queue.length > this.server.options.maxPipelined) this.#pause(QUEUE_FULL);
    this.pump();
  }

  /** Called by an exchange when its response is complete. */
  onFinished(exchange: Exchange): void {
    if (exchange !== this.#current) return;
    this.#current = null;
    if (exchange.keepAlive) this.pump();
    else this.#end();
  }

  /** Called by flush(): settles when the kernel has all, or what it lacks is below the high-water mark. */
  flushed(): Promise<void> {
    const promise = this.#closed ? Promise.reject(closedError()) : this.#whenFlushed();
    // Most callers do not wait; that a client has gone must not end the process as an unhandled rejection.
    promise.catch(ignore);
    return promise;
  }

  // Called by the loop.

  override onHead(slot: number, at: number): void {
    this.#headSinceMs = -1;
    const exchange = new Exchange(this.server, slot, this.generation, at);
    this.server.continueAfterUpgrade(exchange);
    this.take(exchange);
  }

  override onPartial(_slot: number): void {
    this.#headSinceMs = this.server.loop.clock.turnMs;
    this.server.setDeadline(this.slot, this.server.options.headTimeoutMs);
  }

  override onBody(_slot: number, start: number, end: number): void {
    const exchange = this.#reading;
    if (exchange === null) return;
    if (this.#body.length + end - start > this.server.options.maxBodyBytes) {
      this.#refuse(chunkedTooLarge);
      return;
    }
    const left = this.#bodyDeclared === 0 ? 0 : this.#bodyDeclared - this.#body.length;
    this.#body.append(this.server.loop.arena, start, end, left);
    // A body behind an unfinished request waits in the kernel.
    if (exchange !== this.#current) this.#pause(QUEUE_FULL);
  }

  override onChunk(_slot: number, bytes: number): void {
    if (this.#reading === null) return;
    if (this.#body.length + bytes > this.server.options.maxBodyBytes) this.#refuse(chunkedTooLarge);
  }

  override onEnd(_slot: number): void {
    const exchange = this.#reading;
    if (exchange === null) return;
    this.#reading = null;
    exchange.body = this.#body.take();
    exchange.isBodyPending = false;
    if (exchange === this.#current) this.server.dispatch(exchange);
    this.pump();
  }

  override onBad(_slot: number, reason: number, isHead: boolean): void {
    // A body cut short by the client's end: its request never was.
    if (reason === BAD_TRUNCATED && this.#reading !== null && this.#reading.isHeadSent) return;
    this.#refuse(refusalFor(reason), isHead);
  }

  override onEof(_slot: number): void {
    this.#endSinceMs = this.server.loop.clock.turnMs;
    this.server.setDeadline(this.slot, this.server.longestSilenceMs);
    this.#current?.onPeerFinished();
    this.pump();
  }

  override onDrained(_slot: number): void {
    this.#resume(OUTPUT_FULL);
    this.#settleWaiters();
    this.pump();
  }

  override onClosed(slot: number, errno: number): void {
    this.#closed = true;
    this.server.forget(slot, errno);
    this.#current?.onConnectionClosed();
    for (const exchange of this.#queue.splice(0)) exchange.onConnectionClosed();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(closedError());
  }

  /** The server's wheel entry for this slot is due. @returns ms until it is to be asked again, 0 if it was ended */
  onDeadline(nowMs: number): number {
    const { options } = this.server;
    let waitMs = this.server.longestSilenceMs;
    const left = (sinceMs: number, limitMs: number): boolean => {
      if (limitMs === 0) return true;
      const leftMs = sinceMs + limitMs - nowMs;
      if (leftMs > 0) waitMs = Math.min(waitMs, leftMs);
      return leftMs > 0;
    };
    if (this.server.loop.pendingBytes[this.slot]! > 0) {
      if (!left(this.server.loop.lastActive[this.slot]!, options.writeStallTimeoutMs)) {
        this.server.abort(this.slot, this.generation);
        return 0;
      }
    }
    if (this.#headSinceMs >= 0 && !left(this.#headSinceMs, options.headTimeoutMs)) {
      this.#refuse(headTimeout);
      return options.lingerTimeoutMs;
    }
    // A body that waits for its turn is not slow: we do not read it.
    if (this.#reading !== null && this.#pauses === 0 && options.bodyTimeoutMs > 0) {
      const rate = options.minBodyBytesPerSecond;
      const earnedMs = rate === 0 ? 0 : (this.#body.length * SECOND_MS) / rate;
      if (!left(this.#bodySinceMs, options.bodyTimeoutMs + earnedMs)) {
        this.#refuse(bodyTimeout);
        return options.lingerTimeoutMs;
      }
    }
    // The client has half-closed, and what it asked for is still not there.
    if (this.#endSinceMs >= 0 && !left(this.#endSinceMs, this.server.longestSilenceMs)) {
      this.server.abort(this.slot, this.generation);
      return 0;
    }
    return waitMs;
  }

  /** The server is stopping: finish what is in progress, then close. */
  drain(): void {
    if (this.#current !== null && !this.#current.isHeadSent) this.#current.keepAlive = false;
    for (const exchange of this.#queue) exchange.keepAlive = false;
  }

  /** Starts requests as long as they are answered at once; ends the connection when it is over. */
  pump(): void {
    // A callback that comes late must not act for whoever has the slot now.
    if (this.#pumping || this.#closed || this.server.loop.ownerOf(this.slot) !== this) return;
    this.#pumping = true;
    while (this.#current === null && !this.#closed && !this.#isEnding) {
      if (this.server.loop.pendingBytes[this.slot]! > this.server.options.highWaterBytes) {
        this.#pause(OUTPUT_FULL);
        break;
      }
      const exchange = this.#queue.shift();
      if (exchange === undefined) {
        this.#rest();
        break;
      }
      this.#current = exchange;
      if (this.#queue.length <= this.server.options.maxPipelined / 2) this.#resume(QUEUE_FULL);
      if (exchange.isBodyPending) this.#awaitBody(exchange);
      else this.server.dispatch(exchange);
    }
    this.#pumping = false;
  }

  // Steps.

  #expectBody(exchange: Exchange): void {
    this.#reading = exchange;
    this.#bodyDeclared = exchange.declaredBodyBytes;
    this.#bodySinceMs = this.server.loop.clock.turnMs;
    exchange.isBodyPending = true;
    if (this.#bodyDeclared > this.server.options.maxBodyBytes) this.#refuse(bodyTooLarge);
  }

  /** The body of the current request is on its way; now the client is told to send it, if it waits for that. */
  #awaitBody(exchange: Exchange): void {
    if ((exchange.flags & HEAD_EXPECT_CONTINUE) !== 0 && this.#body.length === 0)
      exchange.sendContinue();
    this.#bodySinceMs = this.server.loop.clock.turnMs;
    const { bodyTimeoutMs } = this.server.options;
    if (bodyTimeoutMs > 0) this.server.setDeadline(this.slot, bodyTimeoutMs);
  }

  /** Nothing more of the input has a meaning: answers what came before it, then refuses, then closes. */
  #refuse(refusal: Refusal, isHead = this.#reading?.method === "HEAD"): void {
    const reading = this.#reading;
    this.#reading = null;
    this.#body.take();
    this.#headSinceMs = -1;
    this.#refusal ??= { ...refusal, isHead };
    if (reading !== null) {
      // Its request is refused with it; it was never started.
      if (this.#current === reading) this.#current = null;
      const at = this.#queue.indexOf(reading);
      if (at !== -1) this.#queue.splice(at, 1);
    }
    this.pump();
  }

  /** All requests are answered. */
  #rest(): void {
    if (this.#refusal !== null) {
      this.server.refuse(this.slot, this.generation, this.#refusal);
      return;
    }
    if (this.#endSinceMs >= 0 || this.server.isStopping) {
      this.#end();
      return;
    }
    // Waiters, a head in pieces and queued output need this object; without them the server has the slot again.
    if (this.#waiters.length > 0 || this.#pauses !== 0) return;
    this.server.rest(this.slot, this.generation, this.#headSinceMs);
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#queue.length = 0;
    // Nobody is to wait for a kernel that this object will not hear of any more.
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
    this.server.linger(this.slot, this.generation);
  }

  #whenFlushed(): Promise<void> {
    const { loop } = this.server;
    if (loop.ownerOf(this.slot) !== this) {
      // The response is complete and the connection goes on without this object. Only what the kernel still lacks is
      // worth taking it back for, and not from a successor.
      const isLow = loop.pendingBytes[this.slot]! <= this.server.options.highWaterBytes;
      if (isLow || !this.server.ownsIdle(this.slot) || this.#isEnding) return Promise.resolve();
      loop.setOwner(this.slot, this);
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#waiters.length === 1) this.server.loop.addCallback(() => this.#settleWaiters());
    });
  }

  #settleWaiters(): void {
    if (this.server.loop.pendingBytes[this.slot]! > this.server.options.highWaterBytes) return;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
    if (!this.isBusy) this.pump();
  }

  #pause(reason: number): void {
    if (this.#pauses === 0) this.server.loop.outbox.command(OP_PAUSE, this.slot, this.generation);
    this.#pauses |= reason;
  }

  #resume(reason: number): void {
    if ((this.#pauses & reason) === 0) return;
    this.#pauses &= ~reason;
    if (this.#pauses === 0) this.server.loop.outbox.command(OP_RESUME, this.slot, this.generation);
    this.#bodySinceMs = this.server.loop.clock.turnMs;
  }
}

function ignore(): void {}

function closedError(): CodedError {
  return new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the client has closed the connection");
}
