/**
 * HTTPServer: accepts connections and turns what arrives on them into exchanges for a dispatcher, which answers them.
 *
 *     const server = new HTTPServer(app, { maxBodyBytes: 1024 ** 2 });
 *     server.listen(8888, "127.0.0.1");
 *     await server.stop({ graceMs: 10_000 });
 *
 * It is the owner of every connection on which nothing is in progress: an idle connection has no object of its own, only
 * a slot, one byte of state here and one entry on the loop's wheel. A request without a body that is answered while its
 * record is walked costs one Exchange; for anything longer an HTTP1Connection takes the slot until it is done.
 */
import { AsyncResource } from "node:async_hooks";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { resolve } from "../base/options.ts";
import { fieldNames, HEAD_HAS_BODY, OP_ABORT, OP_CLOSE, OP_LINGER } from "../native/addon.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { QuietOwner, quietOwner, type SlotOwner } from "../loop/slotowner.ts";
import type { WheelOwner } from "../loop/timingwheel.ts";
import type { BoundAddress } from "../net/listenaddress.ts";
import { setFieldNames } from "../http/knownfields.ts";
import type { ConnectionServer } from "./connectionserver.ts";
import type { Detached } from "./detachedslot.ts";
import { dispatcherOf, type RequestTarget } from "./dispatchers.ts";
import { Exchange, type RequestDispatcher } from "./exchange.ts";
import { HTTP1Connection } from "./http1connection.ts";
import {
  type HTTPServerOptions,
  httpServerOptions,
  type ResolvedHTTPServerOptions,
  type StopOptions,
} from "./httpserveroptions.ts";
import { Listeners } from "./listeners.ts";
import { PeerAddresses } from "./peeraddresses.ts";
import { headTimeout, type Refusal, refusalFor, refusalText } from "./refusals.ts";
import { RequestOrigin } from "./requestorigin.ts";
import { ResponsePieces } from "./responsepieces.ts";
import { Upgrades } from "./upgrades.ts";
import type { WebSocketConnection } from "./websocketconnection.ts";
import { findWholeBody } from "./wholebody.ts";

// What a connection without an HTTP1Connection is doing.
const IDLE = 0;
const HEAD = 1;
const LINGER = 2;

const [DEFAULT_GRACE_MS, DEFAULT_SILENCE_MS] = [10_000, 60_000];

export class HTTPServer extends QuietOwner implements WheelOwner, ConnectionServer {
  readonly loop: IOLoop;
  readonly options: ResolvedHTTPServerOptions;
  /** @internal */
  readonly pieces: ResponsePieces;
  /** @internal Connections that are not HTTP's any more. */
  readonly upgrades = new Upgrades(this);
  /** @internal The asynchronous context that requests begin in: that of whoever made the server. */
  readonly context = new AsyncResource("landspout.HTTPServer");
  /** @internal */
  readonly origin: RequestOrigin;
  readonly #peers: PeerAddresses;
  /** @internal Requests may be followed by others on their connection. */
  keepsAlive: boolean;
  /** @internal After how many ms of silence every connection is looked at. */
  readonly longestSilenceMs: number;

  readonly #dispatcher: RequestDispatcher;
  readonly #states: Uint8Array;
  /** Wheel entries by slot; 0 = none. */
  readonly #deadlines: Float64Array;
  readonly #listeners: Listeners;
  #connectionCount = 0;
  /** The request whose record is being walked. */
  #dispatching: Exchange | null = null;
  #stopping: { readonly done: Promise<void>; readonly resolve: () => void } | null = null;

  /**
   * @param target an Application, or another that answers; see RequestTarget
   * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE; ERR_ARGUMENT_TYPE if `target` cannot answer
   */
  constructor(target: RequestTarget, options: HTTPServerOptions = {}) {
    super();
    this.options = resolve("HTTPServer", httpServerOptions, options);
    this.origin = new RequestOrigin(this.options);
    setFieldNames(fieldNames);
    this.#dispatcher = dispatcherOf(target);
    this.loop = IOLoop.current();
    this.#peers = new PeerAddresses(this.loop);
    this.#listeners = new Listeners(this.loop, this, this.options);
    this.keepsAlive = !this.options.noKeepAlive;
    const { keepAliveTimeoutMs, writeStallTimeoutMs } = this.options;
    const silences = [keepAliveTimeoutMs, writeStallTimeoutMs].filter((ms) => ms > 0);
    this.longestSilenceMs = silences.length === 0 ? DEFAULT_SILENCE_MS : Math.min(...silences);
    this.pieces = ResponsePieces.of(this.loop);
    this.#states = new Uint8Array(this.loop.generations.length);
    this.#deadlines = new Float64Array(this.loop.generations.length);
  }

  /**
   * Listens on one more address.
   *
   * @param port    0 to 65535 (0: the kernel picks one, see `address`), or the path of a Unix socket
   * @param address numeric, or "localhost"; none = all addresses, IPv4 and IPv6
   * @returns this
   * @throws CodedError ERR_ADDRESS; SystemError EADDRINUSE, EACCES, EADDRNOTAVAIL, …; ERR_SERVER_STOPPED
   */
  listen(port: number | string, address?: string): this {
    if (this.#stopping !== null) {
      throw new CodedError("ERR_SERVER_STOPPED", "the server was stopped; make a new one");
    }
    this.#listeners.add(port, address);
    return this;
  }

  /** Where the server listens first; null before listen() and after stop(). */
  get address(): BoundAddress | null {
    return this.#listeners.addresses[0] ?? null;
  }

  /** Every address the server listens on. */
  get addresses(): readonly BoundAddress[] {
    return this.#listeners.addresses;
  }

  /** Connections that are open now, detached ones among them. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** stop() was called. */
  get isStopping(): boolean {
    return this.#stopping !== null;
  }

  /**
   * Stops: accepts no more, closes idle connections, lets requests in progress be answered, closes each connection after
   * its response.
   *
   * @returns settles as soon as the last connection is closed, at the latest `graceMs` from now; detached connections,
   *   which are their owners', are not waited for. May be called again
   */
  stop({ graceMs = DEFAULT_GRACE_MS }: StopOptions = {}): Promise<void> {
    if (this.#stopping !== null) {
      if (graceMs === 0) this.closeAllConnections();
      return this.#stopping.done;
    }
    let settle = () => {};
    const done = new Promise<void>((fulfil) => {
      settle = fulfil;
    });
    this.#stopping = { done, resolve: settle };
    this.keepsAlive = false;
    this.#listeners.close();
    this.#eachConnection((slot, owner) => {
      if (owner instanceof HTTP1Connection && owner.isBusy) owner.drain();
      // Called from its handler: its response closes the connection.
      else if (this.#dispatching?.slot === slot) this.#dispatching.keepAlive = false;
      else if (this.#states[slot] !== LINGER) this.#command(OP_CLOSE, slot);
    });
    this.upgrades.goAway();
    const force = this.loop.callLater({ delayMs: graceMs }, () => this.closeAllConnections());
    this.#settleStop();
    return done.finally(() => this.loop.removeTimeout(force));
  }

  /** Closes every connection at once, whatever it is doing; detached ones are their owners' to close. */
  closeAllConnections(): void {
    this.#eachConnection((slot) => this.#command(OP_ABORT, slot));
    this.upgrades.abort();
  }

  // Called by the loop, for connections on which nothing is in progress.

  override onAccepted(slot: number, _generation: number): SlotOwner {
    if (this.#stopping !== null) {
      this.#command(OP_ABORT, slot);
      return quietOwner;
    }
    this.#connectionCount++;
    this.#states[slot] = IDLE;
    const deadlineMs = this.loop.clock.turnMs + this.longestSilenceMs;
    this.#deadlines[slot] = this.loop.wheel.add(deadlineMs, this, slot);
    this.loop.wheelChanged(deadlineMs);
    return this;
  }

  /** @hot bench/run.mjs: once per request; a request that is answered at once ends here. */
  override onHead(slot: number, at: number): void {
    const { loop } = this;
    if (this.#states[slot] !== IDLE) {
      // Read in the same turn as what has ended the connection: it will never be answered, so it must have no effect.
      if (this.#states[slot] === LINGER) return;
      this.#states[slot] = IDLE;
    }
    const exchange = new Exchange(this, slot, loop.generations[slot]!, at);
    if (
      loop.pendingBytes[slot]! > this.options.highWaterBytes ||
      ((exchange.flags & HEAD_HAS_BODY) !== 0 && !this.#takesBody(exchange))
    ) {
      this.#connectionFor(exchange).take(exchange);
      return;
    }
    this.#dispatching = exchange;
    this.dispatch(exchange);
    this.#dispatching = null;
    if (exchange.isFinished) exchange.keepBody();
    else if (exchange.connection === null) this.openConnection(exchange);
  }

  override onPartial(slot: number): void {
    if (this.#states[slot] === LINGER) return;
    this.#states[slot] = HEAD;
    if (this.options.headTimeoutMs > 0) this.setDeadline(slot, this.options.headTimeoutMs);
  }

  override onBad(slot: number, reason: number, isHead: boolean): void {
    if (this.#states[slot] === LINGER) return;
    this.refuse(slot, this.loop.generations[slot]!, { ...refusalFor(reason), isHead });
  }

  override onEof(slot: number): void {
    if (this.#states[slot] !== LINGER) this.#command(OP_CLOSE, slot);
  }

  override onClosed(slot: number, errno: number): void {
    this.forget(slot, errno);
  }

  /** A connection's entry on the wheel is due. */
  onDeadline(slot: number, nowMs: number): number {
    const owner = this.loop.ownerOf(slot);
    if (owner instanceof HTTP1Connection) return owner.onDeadline(nowMs);
    const state = this.#states[slot]!;
    const generation = this.loop.generations[slot]!;
    const { options } = this;
    if (state === HEAD) {
      this.refuse(slot, generation, headTimeout);
      return options.lingerTimeoutMs;
    }
    const isStalled = this.loop.pendingBytes[slot]! > 0;
    let limitMs = state === LINGER ? options.lingerTimeoutMs : options.keepAliveTimeoutMs;
    if (isStalled) limitMs = options.writeStallTimeoutMs;
    const silentMs = nowMs - this.loop.lastActive[slot]!;
    if (limitMs === 0) return this.longestSilenceMs;
    if (silentMs < limitMs) return limitMs - silentMs;
    if (isStalled || state === LINGER) {
      this.abort(slot, generation);
      return 0;
    }
    this.#command(OP_CLOSE, slot);
    return this.options.lingerTimeoutMs;
  }

  // For exchanges and connections.

  /** @internal */
  dispatch(exchange: Exchange): void {
    try {
      this.#dispatcher.startRequest(exchange);
    } catch (error) {
      log.error("the dispatcher of an HTTPServer threw", error);
      exchange.abort();
    }
  }

  /** @internal */
  startBody(exchange: Exchange): unknown {
    return this.#dispatcher.startBody?.(exchange);
  }

  /** @internal */
  ownsIdle(slot: number): boolean {
    return this.loop.ownerOf(slot) === this;
  }

  /** @internal The request outlives its record: from now on its connection has an object. */
  openConnection(exchange: Exchange): void {
    this.#connectionFor(exchange).adopt(exchange);
  }

  /** @internal See Exchange.detach(). */
  detach(exchange: Exchange, owner: SlotOwner): Detached {
    const detached = this.upgrades.detach(exchange, owner);
    this.#settleStop();
    return detached;
  }

  /** @internal See Exchange.upgrade(). */
  upgrade(exchange: Exchange, head: string, connection: WebSocketConnection): void {
    this.upgrades.upgrade(exchange, head, connection);
  }

  /** @internal The connection is not HTTP's any more. */
  letGo(exchange: Exchange): void {
    const { slot } = exchange;
    const held = this.loop.ownerOf(slot);
    if (held instanceof HTTP1Connection) held.release(exchange);
    this.loop.wheel.cancel(this.#deadlines[slot]!);
    this.#deadlines[slot] = 0;
  }

  /** @internal A connection that was given away has closed. */
  onUpgradeClosed(): void {
    this.#connectionCount--;
    this.#settleStop();
  }

  /** @internal Nothing is in progress on the connection any more; `headSinceMs` is when its next head began, or -1. */
  rest(slot: number, generation: number, headSinceMs: number): void {
    if (this.loop.generations[slot] !== generation) return;
    this.loop.setOwner(slot, this);
    this.#states[slot] = headSinceMs >= 0 ? HEAD : IDLE;
    if (headSinceMs >= 0 && this.options.headTimeoutMs > 0) {
      const leftMs = headSinceMs + this.options.headTimeoutMs - this.loop.clock.turnMs;
      this.setDeadline(slot, Math.max(0, leftMs));
    }
  }

  /** @internal Answers a message that is not served, and closes. */
  refuse(slot: number, generation: number, refusal: Refusal): void {
    log.info(`refused a request with ${refusal.status}: ${refusal.detail ?? refusal.message}`);
    this.loop.outbox.writeLatin1(slot, generation, refusalText(refusal, this.pieces.date()));
    this.linger(slot, generation);
  }

  /**
   * @internal Ends a connection so that the client can read what was sent: half-close, then discard what still comes,
   * until the client closes or lingerTimeoutMs is over. Closing at once would make the kernel reset the connection while
   * request bytes are unread, and the client might lose the response. RFC 9112 §9.6.
   */
  linger(slot: number, generation: number): void {
    if (this.loop.generations[slot] !== generation) return;
    this.loop.outbox.command(OP_LINGER, slot, generation);
    this.loop.setOwner(slot, this);
    this.#states[slot] = LINGER;
    this.setDeadline(slot, this.options.lingerTimeoutMs);
  }

  /** @internal Ends a connection at once. */
  abort(slot: number, generation: number): void {
    this.loop.outbox.command(OP_ABORT, slot, generation);
  }

  /** @internal The connection is closed. */
  forget(slot: number, _errno: number): void {
    this.loop.wheel.cancel(this.#deadlines[slot]!);
    this.#deadlines[slot] = 0;
    this.#connectionCount--;
    this.#settleStop();
  }

  /** @internal Has onDeadline called for this connection in `inMs`, and not when it would have been. */
  setDeadline(slot: number, inMs: number): void {
    const deadlineMs = this.loop.clock.turnMs + inMs;
    this.loop.wheel.update(this.#deadlines[slot]!, deadlineMs);
    this.loop.wheelChanged(deadlineMs);
  }

  /** @internal The address of a connection's client; "0.0.0.0" for a Unix socket. @see PeerAddresses */
  remoteIpOf(slot: number, generation: number): string {
    return this.#peers.ipOf(slot, generation);
  }

  // Steps.

  /** The body is here, and the dispatcher wants it no other way: the request is one like those without. */
  #takesBody(exchange: Exchange): boolean {
    const { maxBodyBytes, decompressRequest } = this.options;
    if (decompressRequest) return false;
    if (!findWholeBody(exchange, maxBodyBytes)) return false;
    const dispatcher = this.#dispatcher;
    if (dispatcher.startBody !== undefined && dispatcher.takesWholeBody?.(exchange) !== true) {
      exchange.setBodySpan(0, 0);
      return false;
    }
    return true;
  }

  #connectionFor(exchange: Exchange): HTTP1Connection {
    const connection = new HTTP1Connection(this, exchange.slot, exchange.generation);
    this.loop.setOwner(exchange.slot, connection);
    this.#peers.ipOf(exchange.slot, exchange.generation); // When the client has gone, it is too late to ask.
    return connection;
  }

  #settleStop(): void {
    if (this.#connectionCount === this.upgrades.detachedCount) this.#stopping?.resolve();
  }

  #command(op: number, slot: number): void {
    this.loop.outbox.command(op, slot, this.loop.generations[slot]!);
  }

  #eachConnection(visit: (slot: number, owner: SlotOwner) => void): void {
    for (let slot = 0; slot < this.loop.slotCount; slot++) {
      const owner = this.loop.ownerOf(slot);
      const isOurs = owner === this || (owner instanceof HTTP1Connection && owner.server === this);
      if (isOurs && this.#deadlines[slot] !== 0) visit(slot, owner);
    }
  }
}
