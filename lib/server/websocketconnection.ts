/**
 * WebSocketConnection: one WebSocket, after its handshake: messages in and out, flow control, pings, the close handshake.
 *
 *     socket ──▶ onData ──▶ readFrames ──▶ (inflate) ──▶ listener.onMessage, one at a time
 *     send(), ping(), close() ──▶ (deflate) ──▶ frames in the outbox ──▶ socket
 *                  └ the peer does not keep up ──▶ MessageQueue, under the policy of the options
 *
 * It owns its slot from the upgrade on; the same class serves both ends, and what all connections of a kind share is in
 * their WebSocketProfile. What an idle connection does not need is behind `rare`. A listener that returns a promise is not
 * called again before it settles: what was read is kept, the socket is paused, and the kernel pushes back.
 *
 *     open ──▶ CLOSE_SENT: reads on for the peer's close frame, tells the listener nothing ──▶ READ_ENDED, ENDING: half-
 *          └─▶ READ_ENDED: the peer's close frame, a fault of its, an error of ours ───────▶   closed, lingers ──▶ ENDED
 *
 * Its fields are plain: one is made per connection, and it is internal.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import { OP_ABORT, OP_LINGER, OP_PAUSE, OP_RESUME, unmask, unmaskTo } from "../native/addon.ts";
import { keepable } from "../native/deflate.ts";
import { lend, takeBack } from "../native/lentmemory.ts";
import { closePayload, INTERNAL_ERROR, parseClose } from "../websocket/closecode.ts";
import { type WebSocketFault, webSocketFaults } from "../websocket/faults.ts";
import { readFrames } from "../websocket/framereader.ts";
import type { FrameReader, PartialFrames } from "../websocket/frames.ts";
import { setNativeUnmask } from "../websocket/mask.ts";
import { textOf } from "../websocket/permessagedeflate.ts";
import { WebSocketDeadlines } from "./websocketdeadlines.ts";
import {
  BUSY,
  CLOSE_SENT,
  ENDED,
  ENDING,
  EOF_HELD,
  OPENING,
  PAUSED,
  READ_ENDED,
  settled,
  type WebSocketListener,
  type WebSocketProfile,
} from "./websocketprofile.ts";

setNativeUnmask(unmask, unmaskTo);

/** Shorter messages are not lent: to take one back costs more than to collect it. */
const LENT_BYTES = 16 * 1024;

export class WebSocketConnection extends WebSocketDeadlines implements FrameReader {
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
    return this.rare !== null && this.rare.deflate !== null;
  }

  // For its handler.

  /** Gives it bytes that were read before the slot became its own: they are delivered first. Before start(). */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.more.held = bytes;
  }

  /**
   * Begins. Messages are delivered when what `open` returns, if it is a promise, has settled.
   *
   * @param open calls the listener's open(); what it throws closes the connection as if onMessage() had
   */
  start(open: () => unknown): void {
    this.startPings();
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
    Promise.resolve(opened).then(
      () => this.deliverNow(),
      (error: unknown) => this.fail(error),
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
    this.sendClose(payload);
    if ((this.flags & READ_ENDED) !== 0) return;
    this.awaitClose();
    // Its answer must be read, whatever the listener is doing: it gets no more messages.
    if ((this.flags & BUSY) !== 0) this.readOn();
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

  /** The peer has half-closed: without a close frame, that is the end, when the listener has answered what came before. */
  override onEof(_slot: number): void {
    if ((this.flags & (BUSY | READ_ENDED)) === BUSY) {
      this.flags |= EOF_HELD;
      // A client may take its time over what it was sent.
      if (this.profile.expectsMask) this.setDeadline(this.profile.options.closeTimeoutMs);
      else this.endDeadline();
      return;
    }
    this.endConnection();
  }

  override onClosed(slot: number, _errno: number): void {
    this.flags |= ENDED | READ_ENDED;
    this.partial = null;
    if (this.rare !== null) this.rare.held = null;
    this.endDeadline();
    this.endSending();
    this.endTopics();
    this.profile.onEnded(this.listener, slot);
  }

  // Called by the frame reader. False: nothing more is to be read now.

  /** @hot bench/micro/websocket.bench.mjs: once per message */
  onText(text: string): boolean {
    return this.deliver(text);
  }

  onBinary(bytes: Buffer): boolean {
    return bytes.length >= LENT_BYTES && this.profile.lendsMessages
      ? this.deliverLent(bytes)
      : this.deliver(bytes);
  }

  onCompressed(bytes: Buffer, isText: boolean): boolean {
    const deflate = this.rare?.deflate ?? null;
    if (deflate === null) return this.stop("reservedBits");
    if ((this.flags & CLOSE_SENT) !== 0) return true;
    try {
      const message = deflate.inflate(bytes);
      if (!(message instanceof Promise)) return this.deliverInflated(message, isText);
      this.flags |= BUSY;
      message.then(
        (inflated) => this.afterInflated(inflated, isText),
        (error: unknown) => this.fail(error),
      );
      return false;
    } catch (error) {
      return this.fail(error);
    }
  }

  onPing(payload: Buffer): boolean {
    this.pong(payload);
    if ((this.flags & CLOSE_SENT) !== 0) return true;
    try {
      return this.waitFor(this.listener.onPing(payload));
    } catch (error) {
      return this.fail(error);
    }
  }

  onPong(payload: Buffer): boolean {
    this.endPing();
    if ((this.flags & CLOSE_SENT) !== 0) return true;
    try {
      return this.waitFor(this.listener.onPong(payload));
    } catch (error) {
      return this.fail(error);
    }
  }

  onClose(payload: Buffer): boolean {
    const status = parseClose(payload);
    if (typeof status === "string") return this.stop(status);
    this.more.close = status;
    this.flags |= READ_ENDED;
    // Tornado's way: the code is echoed, the reason is not.
    if ((this.flags & CLOSE_SENT) === 0) this.sendClose(payload.subarray(0, 2));
    // The server closes first. RFC 6455 §7.1.1.
    if (this.profile.expectsMask) this.endConnection();
    else this.setDeadline(this.profile.options.closeTimeoutMs);
    return false;
  }

  onFault(fault: WebSocketFault): void {
    this.stop(fault);
  }

  // Steps.

  private deliver(message: string | Buffer): boolean {
    // What was read behind our close frame is read for the peer's alone.
    if ((this.flags & CLOSE_SENT) !== 0) return true;
    try {
      const result = this.listener.onMessage(message);
      return result === undefined || result === settled ? this.readsOn() : this.waitFor(result);
    } catch (error) {
      return this.fail(error);
    }
  }

  /** Delivers a message that is the listener's only until it is done with it. */
  private deliverLent(message: Buffer): boolean {
    if ((this.flags & CLOSE_SENT) !== 0) return true;
    lend(message);
    let result: unknown;
    try {
      result = this.listener.onMessage(message);
    } catch (error) {
      takeBack(message);
      return this.fail(error);
    }
    if (result !== settled && isPromise(result)) {
      return this.waitFor(Promise.resolve(result).finally(() => takeBack(message)));
    }
    takeBack(message);
    return this.readsOn();
  }

  private readsOn(): boolean {
    return (this.flags & READ_ENDED) === 0;
  }

  /** Nothing more is delivered before a promise of the listener's settles. */
  private waitFor(result: unknown): boolean {
    if (!isPromise(result) || result === settled) return this.readsOn();
    // Not every thenable calls back later.
    const promise = Promise.resolve(result);
    if (this.isClosing) {
      promise.catch((error: unknown) => this.fail(error));
      return this.readsOn();
    }
    this.flags |= BUSY;
    promise.then(
      () => this.readOn(),
      (error: unknown) => this.fail(error),
    );
    return false;
  }

  private deliverInflated(message: Buffer | WebSocketFault, isText: boolean): boolean {
    if (typeof message === "string") return this.stop(message);
    if (!isText) return this.onBinary(keepable(message));
    const text = textOf(message);
    return text === null ? this.stop("utf8") : this.deliver(text);
  }

  private afterInflated(message: Buffer | WebSocketFault | null, isText: boolean): void {
    if (message === null || (this.flags & (READ_ENDED | CLOSE_SENT)) !== 0) return;
    this.flags &= ~BUSY;
    if (this.deliverInflated(message, isText)) this.readOn();
  }

  /** The listener is free again. */
  private readOn(): void {
    this.flags &= ~BUSY;
    const held = this.rare?.held ?? null;
    if (this.rare !== null && held !== null && (this.flags & READ_ENDED) === 0) {
      this.rare.held = null;
      const taken = readFrames(this, held, this.rare.heldAt, held.length);
      if (taken < held.length && (this.flags & READ_ENDED) === 0) {
        this.rare.held = held;
        this.rare.heldAt = taken;
      }
    }
    if ((this.flags & (BUSY | ENDED | ENDING)) !== 0) return;
    if ((this.flags & EOF_HELD) !== 0) this.endConnection();
    else this.resumeSocket();
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

  /** The listener threw, or we cannot go on. @returns whether more is read */
  protected fail(error: unknown): boolean {
    const isLate = error instanceof CodedError && error.code === "ERR_WEBSOCKET_CLOSED";
    if (isLate && this.isClosing) {
      // It ends anyhow: the peer's close frame is still to be read.
      log.info("a WebSocket was written to after its end");
      return this.readsOn();
    }
    this.profile.onListenerError(this.listener, error);
    return this.endWith(INTERNAL_ERROR, "");
  }

  /** The peer broke a rule: it is told which, and nothing more is read. @returns false */
  private stop(fault: WebSocketFault): false {
    const [code, text] = webSocketFaults[fault];
    log.info(`closed a WebSocket with ${code}: ${text}`);
    return this.endWith(code, text);
  }

  private endWith(code: number, reason: string): false {
    if ((this.flags & (ENDED | ENDING)) !== 0) return false;
    this.flags |= READ_ENDED;
    this.close(code, reason);
    this.endConnection();
    return false;
  }

  /** Both sides have said all: the peer reads what was sent, then the socket closes. */
  private endConnection(): void {
    if ((this.flags & (ENDED | ENDING)) !== 0) return;
    this.flags |= CLOSE_SENT | READ_ENDED | ENDING;
    this.partial = null;
    if (this.more.lastPayload === null) this.onLastSent();
    this.awaitClose();
  }

  protected onLastSent(): void {
    if ((this.flags & ENDING) === 0) return;
    this.profile.loop.outbox.command(OP_LINGER, this.slot, this.generation);
  }
}
