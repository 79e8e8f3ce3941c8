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
import { log } from "../base/log.ts";
import { fieldNames, HEAD_HAS_BODY, OP_ABORT, OP_CLOSE, OP_LINGER } from "../native/addon.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { quietOwner, type SlotOwner } from "../loop/slotowner.ts";
import type { WheelOwner } from "../loop/timingwheel.ts";
import { setFieldNames } from "../http/knownfields.ts";
import { Admissions } from "./admissions.ts";
import type { ConnectionServer } from "./connectionserver.ts";
import { ConnectionTable, HEAD, IDLE, LINGER } from "./connectiontable.ts";
import type { Detached } from "./detachedslot.ts";
import { dispatcherOf, type RequestTarget } from "./dispatchers.ts";
import type { Exchange, RequestDispatcher } from "./exchange.ts";
import { HTTP1Connection } from "./http1connection.ts";
import {
  type HTTPServerOptions,
  type ResolvedHTTPServerOptions,
  resolveServerOptions,
  type StopOptions,
} from "./httpserveroptions.ts";
import { onIdleDeadline } from "./idledeadline.ts";
import { ListeningServer } from "./listeningserver.ts";
import { PeerAddresses } from "./peeraddresses.ts";
import { type Refusal, refusalFor, refusalText, tooManyConnections } from "./refusals.ts";
import { newExchange } from "./requestevents.ts";
import { RequestOrigin } from "./requestorigin.ts";
import { ResponsePieces } from "./responsepieces.ts";
import { ServerCounters } from "./servercounters.ts";
import { ServerShutdown, type StoppingServer } from "./servershutdown.ts";
import { readStats, type ServerStats } from "./serverstats.ts";
import { Upgrades } from "./upgrades.ts";
import type { WebSocketConnection } from "./websocketconnection.ts";
import { findWholeBody } from "./wholebody.ts";

const DEFAULT_SILENCE_MS = 60_000;

export class HTTPServer
  extends ListeningServer
  implements WheelOwner, ConnectionServer, StoppingServer
{
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
  /** @internal */
  readonly counters = new ServerCounters();
  readonly #table: ConnectionTable;
  /** The table's, by slot. */
  readonly #states: Uint8Array;
  readonly #admissions: Admissions;
  readonly #shutdown = new ServerShutdown(this);
  #connectionCount = 0;
  /** The request whose record is being walked. */
  #dispatching: Exchange | null = null;

  /**
   * @param target an Application, or another that answers; see RequestTarget
   * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE; ERR_ARGUMENT_TYPE if `target` cannot answer
   */
  constructor(target: RequestTarget, options: HTTPServerOptions = {}) {
    const resolved = resolveServerOptions(options);
    super(IOLoop.current(), resolved);
    this.options = resolved;
    this.origin = new RequestOrigin(this.options);
    setFieldNames(fieldNames);
    this.#dispatcher = dispatcherOf(target);
    this.loop = IOLoop.current();
    this.#peers = new PeerAddresses(this.loop);
    this.keepsAlive = !this.options.noKeepAlive;
    const { keepAliveTimeoutMs, writeStallTimeoutMs } = this.options;
    const silences = [keepAliveTimeoutMs, writeStallTimeoutMs].filter((ms) => ms > 0);
    this.longestSilenceMs = silences.length === 0 ? DEFAULT_SILENCE_MS : Math.min(...silences);
    this.pieces = ResponsePieces.of(this.loop);
    this.#table = new ConnectionTable(this.loop, this);
    this.#states = this.#table.states;
    this.#admissions = new Admissions(this, this.#peers);
  }

  /** Connections that are open now, detached ones among them. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** stop() was called. */
  override get isStopping(): boolean {
    return this.#shutdown.isStopping;
  }

  protected override onListening(): void {
    this.#shutdown.register();
  }

  /** What the server has done since it was made, and what its connections are doing now: plain numbers. */
  stats(): ServerStats {
    return readStats(this.loop, this.counters, this.#table, {
      open: this.#connectionCount,
      websocket: this.upgrades.webSocketCount,
      detached: this.upgrades.detachedCount,
    });
  }

  /**
   * Stops: accepts no more, lets requests in progress be answered, closes each connection after its response, idle ones
   * once they have been silent for stopIdleMs, and WebSockets within webSocketCloseWindowMs.
   *
   * @returns settles as soon as the last connection is closed, at the latest `graceMs` from now; detached connections,
   *   which are their owners', are not waited for. May be called again, with a shorter time if need be
   */
  stop(options: StopOptions = {}): Promise<void> {
    return this.#shutdown.begin(options);
  }

  /** Closes every connection at once, whatever it is doing; detached ones are their owners' to close. */
  closeAllConnections(): void {
    this.#table.each((slot) => this.#command(OP_ABORT, slot));
    this.upgrades.abort();
  }

  /** @internal */
  startDraining(): void {
    this.keepsAlive = false;
    this.closeListeners();
    const nowMs = this.loop.clock.now();
    this.#table.each((slot, connection) => {
      if (connection !== null) connection.drain();
      // Called from its handler: its response closes the connection.
      else if (this.#dispatching?.slot === slot) this.#dispatching.keepAlive = false;
      else if (this.#states[slot] === IDLE) {
        const waitMs = this.loop.lastActive[slot]! + this.options.stopIdleMs - nowMs;
        if (waitMs <= 0) this.#command(OP_CLOSE, slot);
        else this.setDeadline(slot, waitMs);
      }
    });
  }

  /** @internal */
  get hasEnded(): boolean {
    return this.#connectionCount === this.upgrades.detachedCount;
  }

  // Called by the loop, for connections on which nothing is in progress.

  override onAccepted(slot: number, generation: number): SlotOwner {
    const isLate = this.isStopping && this.hasEnded;
    const admission = isLate ? "cut off" : this.#admissions.judge(slot, generation);
    if (admission === "cut off") {
      this.#command(OP_ABORT, slot);
      return quietOwner;
    }
    this.#connectionCount++;
    this.#table.open(slot, this.isStopping ? this.options.stopIdleMs : this.longestSilenceMs);
    if (admission === "refused") this.refuse(slot, generation, tooManyConnections);
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
    this.counters.requests++;
    const exchange = newExchange(this, slot, loop.generations[slot]!, at);
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
    return onIdleDeadline(this, this.#table, slot, nowMs);
  }

  // For exchanges and connections.

  /** @internal */
  dispatch(exchange: Exchange): void {
    try {
      this.#dispatcher.startRequest(exchange);
    } catch (error) {
      log.error("the dispatcher of an HTTPServer threw", error);
      this.counters.errors.exceptions++;
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
    this.#shutdown.settle();
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
    this.#table.drop(slot);
  }

  /** @internal A connection that was given away has closed. */
  onUpgradeClosed(slot: number): void {
    this.#connectionCount--;
    this.#admissions.release(slot);
    this.#shutdown.settle();
  }

  /** @internal Nothing is in progress on the connection any more; `headSinceMs` is when its next head began, or -1. */
  rest(slot: number, generation: number, headSinceMs: number): void {
    if (this.loop.generations[slot] !== generation) return;
    this.loop.setOwner(slot, this);
    this.#states[slot] = headSinceMs >= 0 ? HEAD : IDLE;
    const { recentMs } = this.loop.clock;
    // Its silence begins now: what was last read is the request that has just been answered.
    this.loop.lastActive[slot] = recentMs;
    if (headSinceMs >= 0 && this.options.headTimeoutMs > 0) {
      const leftMs = headSinceMs + this.options.headTimeoutMs - recentMs;
      this.setDeadline(slot, Math.max(0, leftMs));
    }
  }

  /** @internal Answers a message that is not served, and closes. */
  refuse(slot: number, generation: number, refusal: Refusal): void {
    this.counters.countRefusal(refusal.code);
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
  forget(slot: number, errno: number): void {
    this.#table.drop(slot);
    if (errno !== 0) this.counters.countClose(errno);
    this.onUpgradeClosed(slot);
  }

  /** @internal Has onDeadline called for this connection in `inMs`, and not when it would have been. */
  setDeadline(slot: number, inMs: number): void {
    this.#table.setDeadline(slot, inMs);
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

  #command(op: number, slot: number): void {
    this.loop.outbox.command(op, slot, this.loop.generations[slot]!);
  }
}
