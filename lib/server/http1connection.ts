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
import { CodedError, HTTPInputError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { HEAD_EXPECT_CONTINUE, HEAD_HAS_BODY } from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { decodeBody } from "./bodyinflater.ts";
import { type BodyHost, BodyIntake } from "./bodyintake.ts";
import type { ConnectionServer } from "./connectionserver.ts";
import type { Exchange, ExchangeConnection } from "./exchange.ts";
import { closedError, FlushWaiters } from "./flushwaiters.ts";
import type { ResolvedHTTPServerOptions } from "./httpserveroptions.ts";
import { BODY_HELD, OUTPUT_FULL, PausableSlot, QUEUE_FULL } from "./pausableslot.ts";
import {
  bodyTimeout,
  headTimeout,
  inputError,
  type Refusal,
  readerFailed,
  refusalFor,
  refusalOf,
} from "./refusals.ts";
import { newExchange } from "./requestevents.ts";

export class HTTP1Connection extends PausableSlot implements ExchangeConnection, BodyHost {
  readonly server: ConnectionServer;

  #current: Exchange | null = null;
  readonly #queue: Exchange[] = [];
  /** The last request, while its body is still on the wire. */
  #reading: Exchange | null = null;
  #headSinceMs = -1;
  #endSinceMs = -1;
  #refusal: Refusal | null = null;
  #pumping = false;
  #closed = false;
  #isEnding = false;
  readonly #waiters: FlushWaiters;

  constructor(server: ConnectionServer, slot: number, generation: number) {
    super(slot, generation);
    this.server = server;
    this.#waiters = new FlushWaiters(() => this.#settleWaiters());
  }

  protected get loop(): IOLoop {
    return this.server.loop;
  }

  get options(): ResolvedHTTPServerOptions {
    return this.server.options;
  }

  get isBusy(): boolean {
    return this.#current !== null || this.#queue.length > 0;
  }

  get current(): Exchange | null {
    return this.#current;
  }

  /** The bytes of its next head have begun to arrive. */
  get isReadingHead(): boolean {
    return this.#headSinceMs >= 0;
  }

  /** Is it this server's? */
  isOf(server: object): boolean {
    return this.server === server;
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
    if (this.#queue.length > this.server.options.maxPipelined) this.pause(QUEUE_FULL);
    this.pump();
  }

  /** Called by an exchange when its response is complete. */
  onFinished(exchange: Exchange): void {
    if (exchange !== this.#current) return;
    this.#current = null;
    exchange.intake?.onAnswered();
    if (!exchange.keepAlive) this.#end();
    else if (this.#queue.length === 0) this.pump();
    // What this request has entered of AsyncLocalStorage is not the next one's.
    else this.server.context.runInAsyncScope(this.pump, this);
  }

  /**
   * Lets go of a connection that its current request gives away; the caller changes the owner.
   *
   * @throws CodedError ERR_STATE if something behind that request has been read as HTTP already
   */
  release(exchange: Exchange): void {
    const isLast = this.#current === exchange && this.#queue.length === 0 && !this.#isEnding;
    const isClean = this.#reading === null && this.#refusal === null && this.#headSinceMs < 0;
    if (!isLast || !isClean || this.#endSinceMs >= 0 || this.#closed) {
      throw new CodedError(
        "ERR_STATE",
        "detach() needs the only request of its connection: what the client has sent behind it was read as HTTP, or it has ended its side",
      );
    }
    this.#current = null;
    exchange.intake?.onAnswered();
    this.resume(this.pauses);
    this.#leave();
  }

  /** Called by flush(): settles when the kernel has all, or what it lacks is below the high-water mark. */
  flushed(): Promise<void> {
    return this.#closed ? this.#waiters.refused() : this.#whenFlushed();
  }

  // Called by the loop.

  override onHead(slot: number, at: number): void {
    this.#headSinceMs = -1;
    this.server.counters.requests++;
    this.take(newExchange(this.server, slot, this.generation, at));
  }

  override onPartial(_slot: number): void {
    this.#headSinceMs = this.server.loop.clock.turnMs;
    this.server.setDeadline(this.slot, this.server.options.headTimeoutMs);
  }

  override onBody(_slot: number, start: number, end: number): void {
    const exchange = this.#reading;
    if (exchange === null) return;
    exchange.intake?.receive(this.server.loop.arena, start, end);
    // A body behind an unfinished request waits in the kernel.
    if (exchange !== this.#current) this.pause(QUEUE_FULL);
  }

  override onChunk(_slot: number, bytes: number): void {
    this.#reading?.intake?.announce(bytes);
  }

  override onEnd(_slot: number): void {
    const exchange = this.#reading;
    if (exchange === null) return;
    this.#reading = null;
    exchange.intake?.end();
    this.pump();
  }

  override onBad(_slot: number, reason: number, isHead: boolean): void {
    const exchange = this.#reading;
    const refusal = refusalFor(reason);
    this.#reading = null;
    if (exchange !== null && exchange === this.#current) {
      exchange.intake?.fail(inputError(refusal));
      return;
    }
    // Its request was never started.
    if (exchange !== null) this.#queue.splice(this.#queue.indexOf(exchange), 1);
    this.#refuse(refusal, exchange === null ? isHead : exchange.method === "HEAD");
  }

  override onEof(_slot: number): void {
    this.#endSinceMs = this.server.loop.clock.turnMs;
    this.server.setDeadline(this.slot, this.server.longestSilenceMs);
    this.#current?.onPeerFinished();
    this.pump();
  }

  override onDrained(_slot: number): void {
    this.resume(OUTPUT_FULL);
    this.#settleWaiters();
    this.pump();
  }

  override onClosed(slot: number, errno: number): void {
    this.#closed = true;
    this.server.forget(slot, errno);
    this.#current?.intake?.abort(closedError());
    this.#current?.onConnectionClosed();
    for (const exchange of this.#queue.splice(0)) exchange.onConnectionClosed();
    this.#waiters.reject();
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
        this.server.counters.errors.writeStalls++;
        this.server.abort(this.slot, this.generation);
        return 0;
      }
    }
    if (this.#headSinceMs >= 0 && !left(this.#headSinceMs, options.headTimeoutMs)) {
      this.#refuse(headTimeout, false);
      return options.lingerTimeoutMs;
    }
    // A body that waits for its turn, or for its reader, is not slow: we do not read it.
    const intake = this.#current?.intake ?? null;
    const bodyLeftMs = intake === null ? waitMs : intake.leftMs(nowMs);
    if (bodyLeftMs <= 0) {
      intake?.fail(inputError(bodyTimeout));
      return options.lingerTimeoutMs;
    }
    waitMs = Math.min(waitMs, bodyLeftMs);
    // The client has half-closed, and what it asked for is still not there.
    if (this.#endSinceMs >= 0 && !left(this.#endSinceMs, this.server.longestSilenceMs)) {
      this.server.abort(this.slot, this.generation);
      return 0;
    }
    return waitMs;
  }

  /** The server is stopping: answer what has been asked for, then close. */
  drain(): void {
    const last = this.#queue.at(-1) ?? this.#current;
    if (last === null) this.pump();
    else if (!last.isHeadSent) last.keepAlive = false;
  }

  /** Starts requests as long as they are answered at once; ends the connection when it is over. */
  pump(): void {
    // A callback that comes late must not act for whoever has the slot now.
    if (this.#pumping || this.#closed || this.server.loop.ownerOf(this.slot) !== this) return;
    this.#pumping = true;
    while (this.#current === null && !this.#closed && !this.#isEnding) {
      if (this.server.loop.pendingBytes[this.slot]! > this.server.options.highWaterBytes) {
        this.pause(OUTPUT_FULL);
        break;
      }
      const exchange = this.#queue.shift();
      if (exchange === undefined) {
        this.#rest();
        break;
      }
      this.#current = exchange;
      if (this.#queue.length <= this.server.options.maxPipelined / 2) this.resume(QUEUE_FULL);
      if (exchange.isBodyPending) this.#startBody(exchange);
      else this.server.dispatch(exchange);
    }
    this.#pumping = false;
  }

  // For the body of the current request.

  nowMs(): number {
    return this.server.loop.clock.now();
  }

  holdBody(): void {
    this.pause(BODY_HELD);
  }

  releaseBody(): void {
    this.resume(BODY_HELD);
  }

  armBody(inMs: number): void {
    this.server.setDeadline(this.slot, Math.min(inMs, this.server.longestSilenceMs));
  }

  /** The client is told to send it, if it waits for that. RFC 9110 §10.1.1. */
  onBodyAwaited(): void {
    const exchange = this.#current;
    if (exchange === null || exchange.isHeadSent || exchange.isFinished) return;
    if ((exchange.flags & HEAD_EXPECT_CONTINUE) !== 0) exchange.sendContinue();
  }

  onBodyArrived(): void {
    if (this.#current !== null) this.#current.isBodyPending = false;
  }

  onBodyWhole(body: Buffer): void {
    const exchange = this.#current;
    if (exchange === null) return;
    exchange.body = body;
    exchange.isBodyPending = false;
    if (!exchange.isStarted) this.server.dispatch(exchange);
    this.pump();
  }

  onBodyFailed(error: unknown): void {
    const exchange = this.#current;
    if (exchange === null || this.#closed) return;
    if (error instanceof HTTPInputError) {
      this.#refuseStarted(exchange, refusalOf(error));
      return;
    }
    log.error("the reader of a request's body failed", error);
    this.#refuseStarted(exchange, readerFailed);
  }

  // Steps.

  #expectBody(exchange: Exchange): void {
    this.#reading = exchange;
    exchange.intake = new BodyIntake(this, exchange.declaredBodyBytes);
    exchange.isBodyPending = true;
  }

  /** It is the request's turn: whoever answers it may say who takes the body, and how much of it. */
  #startBody(exchange: Exchange): void {
    const { intake } = exchange;
    if (intake === null) return;
    if (this.options.decompressRequest) decodeBody(exchange.headers, intake);
    intake.start(() => this.server.startBody(exchange));
  }

  /** The current request is refused in the middle of its body, and nothing behind it has a meaning. */
  #refuseStarted(exchange: Exchange, refusal: Refusal): void {
    const isHeadSent = exchange.isHeadSent;
    this.#current = this.#reading = this.#refusal = null;
    this.#queue.length = 0;
    exchange.cutOff();
    // What has been sent of a response must not look complete.
    if (isHeadSent) this.server.abort(this.slot, this.generation);
    else this.#refuse(refusal, exchange.method === "HEAD");
  }

  /** Nothing more of the input has a meaning: answers what came before it, then refuses, then closes. */
  #refuse(refusal: Refusal, isHead: boolean): void {
    this.#headSinceMs = -1;
    this.#refusal ??= { ...refusal, isHead };
    this.pump();
  }

  /** All requests are answered. */
  #rest(): void {
    if (this.#refusal !== null) {
      this.server.refuse(this.slot, this.generation, this.#refusal);
      return;
    }
    // Of a server that stops the next request, too, is answered if it has begun to arrive.
    if (this.#endSinceMs >= 0 || (this.server.isStopping && this.#headSinceMs < 0)) {
      this.#end();
      return;
    }
    // Waiters, a head in pieces and queued output need this object; without them the server has the slot again.
    if (!this.#waiters.isEmpty || this.pauses !== 0) return;
    this.server.rest(this.slot, this.generation, this.#headSinceMs);
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#leave();
    this.server.linger(this.slot, this.generation);
  }

  #leave(): void {
    this.#isEnding = true;
    this.#queue.length = 0;
    // Nobody is to wait for a kernel that this object will not hear of any more.
    this.#waiters.resolve();
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
    return this.#waiters.add(loop);
  }

  #settleWaiters(): void {
    if (this.server.loop.pendingBytes[this.slot]! > this.server.options.highWaterBytes) return;
    this.#waiters.resolve();
    if (!this.isBusy) this.pump();
  }
}
