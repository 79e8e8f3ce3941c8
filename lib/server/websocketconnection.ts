/**
 * WebSocketConnection: one WebSocket, after its handshake: messages in and out, flow control, pings, the close handshake.
 *
 *     socket ──▶ onData ──▶ readFrames ──▶ listener.onMessage, one at a time
 *     send(), ping(), close() ──▶ frames in the outbox ──▶ socket
 *                  └ the peer does not keep up ──▶ MessageQueue, under the policy of the options
 *
 * It owns its slot from the upgrade on; the same class serves both ends, and what all connections of a kind share is in
 * their WebSocketProfile. What an idle connection does not need is behind `rare`. A listener that returns a promise is not
 * called again before it settles: what was read is kept, the socket is paused, and the kernel pushes back.
 *
 * Its fields are plain: one is made per connection, and it is internal.
 */
import { log } from "../base/log.ts";
import { OP_ABORT, OP_LINGER, OP_PAUSE, OP_RESUME } from "../native/addon.ts";
import type { WheelOwner } from "../loop/timingwheel.ts";
import { closePayload, INTERNAL_ERROR, parseClose } from "../websocket/closecode.ts";
import { type WebSocketFault, webSocketFaults } from "../websocket/faults.ts";
import { readFrames } from "../websocket/framereader.ts";
import {
  type FrameReader,
  OP_CLOSE,
  OP_PING,
  OP_PONG,
  type PartialFrames,
} from "../websocket/frames.ts";
import {
  BUSY,
  CLOSE_SENT,
  closedError,
  ENDED,
  isPromise,
  OPENING,
  PAUSED,
  type Rare,
  READ_ENDED,
  settled,
  type WebSocketListener,
  type WebSocketProfile,
} from "./websocketprofile.ts";
import { WebSocketSender } from "./websocketsender.ts";

export class WebSocketConnection extends WebSocketSender implements FrameReader, WheelOwner {
  readonly listener: WebSocketListener;
  partial: PartialFrames | null = null;

  /** The slot is made its own by the caller, who calls start() when the handshake has been written. */
  constructor(
    profile: WebSocketProfile,
    listener: WebSocketListener,
    slot: number,
    generation: number,
  ) {
    super(profile, slot, generation);
    this.listener = listener;
  }

  // FrameReader.

  get expectsMask(): boolean {
    return this.profile.expectsMask;
  }

  get maxMessageBytes(): number {
    return this.profile.options.maxMessageBytes;
  }

  get inflates(): boolean {
    return false;
  }

  // For its handler.

  /**
   * Begins. Messages are delivered when what `open` returns, if it is a promise, has settled.
   *
   * @param open calls the listener's open(); what it throws closes the connection as if onMessage() had
   */
  start(open: () => unknown): void {
    const { pingIntervalMs } = this.profile.options;
    if (pingIntervalMs > 0) this.setDeadline(pingIntervalMs);
    let opened: unknown;
    this.flags |= BUSY | OPENING;
    try {
      opened = open();
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!isPromise(opened) || opened === settled) {
      this.deliverNow();
      return;
    }
    opened.then(
      () => this.deliverNow(),
      (error: unknown) => {
        this.flags &= ~(BUSY | OPENING);
        this.fail(error);
      },
    );
  }

  /** Delivers messages though open() has not settled: it takes them itself. */
  deliverNow(): void {
    if ((this.flags & OPENING) === 0) return;
    this.flags &= ~OPENING;
    this.readOn();
  }

  /**
   * Begins the closing handshake; what is queued leaves first. Nothing happens if it has begun.
   *
   * @throws CodedError ERR_WEBSOCKET_CLOSE_CODE
   */
  close(code: number | null, reason: string): void {
    const payload = closePayload(code, reason);
    if ((this.flags & (CLOSE_SENT | ENDED)) !== 0) return;
    this.sendQueue(Number.POSITIVE_INFINITY);
    this.flags |= CLOSE_SENT;
    this.control(OP_CLOSE, payload);
    if ((this.flags & READ_ENDED) !== 0) this.endConnection();
    else {
      // Its answer must be read, whatever the listener is doing with the messages before it.
      this.setDeadline(this.profile.options.closeTimeoutMs);
      if ((this.flags & BUSY) === 0) this.resumeSocket();
    }
  }

  /** Ends the connection at once, without a close frame. */
  abort(): void {
    if ((this.flags & ENDED) !== 0) return;
    this.flags |= READ_ENDED;
    this.profile.loop.outbox.command(OP_ABORT, this.slot, this.generation);
  }

  // Called by the loop.

  /** @hot bench/micro/websocket.bench.mjs: once per read */
  override onData(_slot: number, start: number, end: number): void {
    if ((this.flags & (READ_ENDED | BUSY)) !== 0) {
      if ((this.flags & READ_ENDED) === 0) this.hold(start, end);
      return;
    }
    const { arena } = this.profile.loop;
    const taken = readFrames(this, arena, start, end);
    if (taken < end && (this.flags & READ_ENDED) === 0) this.hold(taken, end);
  }

  /** The peer has half-closed: without a close frame, that is the end. */
  override onEof(_slot: number): void {
    this.flags |= READ_ENDED;
    this.endConnection();
  }

  override onClosed(_slot: number, _errno: number): void {
    this.flags |= ENDED | READ_ENDED;
    this.partial = null;
    const { rare } = this;
    if (rare !== null) {
      if (rare.deadline !== 0) this.profile.loop.wheel.cancel(rare.deadline);
      rare.held = null;
      const queue = rare.queue;
      rare.queue = null;
      queue?.clear(closedError());
      for (const waiter of rare.waiters.splice(0)) waiter.reject(closedError());
    }
    this.profile.onEnded(this.listener);
  }

  /** The entry on the wheel is due: a ping, its pong, or the answer to a close frame. */
  onDeadline(_key: number, nowMs: number): number {
    const { options } = this.profile;
    const { rare } = this;
    if (rare === null || (this.flags & ENDED) !== 0) return 0;
    if ((this.flags & CLOSE_SENT) !== 0) {
      rare.deadline = 0;
      this.abort();
      return 0;
    }
    const intervalMs = options.pingIntervalMs;
    const timeoutMs = Math.min(options.pingTimeoutMs ?? intervalMs, intervalMs);
    if (rare.pingSentMs < 0 || timeoutMs === 0) {
      rare.pingSentMs = nowMs;
      this.control(OP_PING, nothing);
      return timeoutMs || intervalMs;
    }
    // A pong may be in what we do not read; and what was read since is as good a sign of life.
    const { lastActive } = this.profile.loop;
    const isAlive =
      (this.flags & (BUSY | PAUSED)) !== 0 || lastActive[this.slot]! > rare.pingSentMs;
    if (isAlive) {
      const nextMs = rare.pingSentMs + intervalMs - nowMs;
      rare.pingSentMs = -1;
      return Math.max(1, nextMs);
    }
    this.close(1000, "ping timed out");
    return options.closeTimeoutMs;
  }

  // Called by the frame reader. False: nothing more is to be read now.

  /** @hot bench/micro/websocket.bench.mjs: once per message */
  onText(text: string): boolean {
    return this.deliver(text);
  }

  onBinary(bytes: Buffer): boolean {
    return this.deliver(bytes);
  }

  onCompressed(_bytes: Buffer, _isText: boolean): boolean {
    return this.stop("reservedBits");
  }

  onPing(payload: Buffer): boolean {
    if ((this.flags & CLOSE_SENT) === 0) this.control(OP_PONG, payload);
    return this.tell(() => this.listener.onPing(payload));
  }

  onPong(payload: Buffer): boolean {
    if (this.rare !== null && this.rare.pingSentMs >= 0) this.answerPing(this.rare);
    return this.tell(() => this.listener.onPong(payload));
  }

  onClose(payload: Buffer): boolean {
    const status = parseClose(payload);
    if (typeof status === "string") return this.stop(status);
    this.more.close = status;
    this.flags |= READ_ENDED;
    // Tornado's way: the code is echoed, the reason is not.
    if ((this.flags & CLOSE_SENT) === 0) {
      this.sendQueue(Number.POSITIVE_INFINITY);
      this.flags |= CLOSE_SENT;
      this.control(OP_CLOSE, payload.subarray(0, 2));
    }
    this.endConnection();
    return false;
  }

  onFault(fault: WebSocketFault): void {
    this.stop(fault);
  }

  // Steps.

  private deliver(message: string | Buffer): boolean {
    // What was read behind our close frame is read for the peer's alone.
    if ((this.flags & CLOSE_SENT) !== 0) return true;
    let result: unknown;
    try {
      result = this.listener.onMessage(message);
    } catch (error) {
      return this.fail(error);
    }
    if (result === undefined || result === settled) return (this.flags & READ_ENDED) === 0;
    return isPromise(result) ? this.waitFor(result) : (this.flags & READ_ENDED) === 0;
  }

  /** Tells the listener something that no message waits for. */
  private tell(call: () => unknown): boolean {
    try {
      const result = call();
      if (isPromise(result)) Promise.resolve(result).catch((error: unknown) => this.fail(error));
    } catch (error) {
      return this.fail(error);
    }
    return (this.flags & READ_ENDED) === 0;
  }

  /** Nothing more is delivered before a promise of the listener's settles. @returns false */
  private waitFor(promise: PromiseLike<unknown>): false {
    this.flags |= BUSY;
    promise.then(
      () => this.readOn(),
      (error: unknown) => {
        this.flags &= ~BUSY;
        this.fail(error);
      },
    );
    return false;
  }

  /** The listener is free again. */
  private readOn(): void {
    this.flags &= ~BUSY;
    const { rare } = this;
    if (rare !== null && rare.held !== null && (this.flags & READ_ENDED) === 0) {
      const { held } = rare;
      const taken = readFrames(this, held, rare.heldAt, held.length);
      if ((this.flags & READ_ENDED) !== 0 || taken === held.length) rare.held = null;
      rare.heldAt = taken;
    }
    if ((this.flags & (BUSY | ENDED)) === 0) this.resumeSocket();
  }

  /** Keeps `arena[start, end)` until the listener is free; what comes after it waits in the kernel. */
  private hold(start: number, end: number): void {
    const { loop } = this.profile;
    const { more } = this;
    const bytes = loop.arena.subarray(start, end);
    more.held =
      more.held === null
        ? Buffer.from(bytes)
        : Buffer.concat([more.held.subarray(more.heldAt), bytes]);
    more.heldAt = 0;
    if ((this.flags & PAUSED) !== 0) return;
    this.flags |= PAUSED;
    loop.outbox.command(OP_PAUSE, this.slot, this.generation);
  }

  private resumeSocket(): void {
    if ((this.flags & PAUSED) === 0) return;
    this.flags &= ~PAUSED;
    this.profile.loop.outbox.command(OP_RESUME, this.slot, this.generation);
  }

  /** The listener threw. @returns false */
  private fail(error: unknown): false {
    this.profile.onListenerError(this.listener, error);
    if ((this.flags & ENDED) === 0) {
      this.close(INTERNAL_ERROR, "");
      this.flags |= READ_ENDED;
      this.endConnection();
    }
    return false;
  }

  /** The peer broke a rule: it is told which, and nothing more is read. @returns false */
  private stop(fault: WebSocketFault): false {
    const [code, text] = webSocketFaults[fault];
    log.info(`closed a WebSocket with ${code}: ${text}`);
    this.flags |= READ_ENDED;
    this.close(code, text);
    this.endConnection();
    return false;
  }

  /** Both sides have said all: the peer reads what was sent, then the socket closes. */
  private endConnection(): void {
    if ((this.flags & ENDED) !== 0) return;
    this.profile.loop.outbox.command(OP_LINGER, this.slot, this.generation);
    this.setDeadline(this.profile.options.closeTimeoutMs);
    this.flags |= CLOSE_SENT;
  }

  private answerPing(rare: Rare): void {
    const { options, loop } = this.profile;
    const nextMs = rare.pingSentMs + options.pingIntervalMs - loop.clock.turnMs;
    rare.pingSentMs = -1;
    this.setDeadline(Math.max(1, nextMs));
  }

  private setDeadline(inMs: number): void {
    const { loop } = this.profile;
    const { more } = this;
    const deadlineMs = loop.clock.turnMs + inMs;
    if (more.deadline === 0 || !loop.wheel.update(more.deadline, deadlineMs)) {
      more.deadline = loop.wheel.add(deadlineMs, this, this.slot);
    }
    loop.wheelChanged(deadlineMs);
  }
}

const nothing = new Uint8Array(0);
