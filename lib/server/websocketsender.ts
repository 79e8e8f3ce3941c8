/**
 * WebSocketSender: the half of a WebSocket that sends: messages, their queue, pings, and who waits for them.
 *
 * WebSocketConnection extends it. A message goes to the outbox at once while its peer keeps up; else it waits in a
 * MessageQueue under the policy of the options, and what it returned settles when it has left. So does one that comes
 * while another thread compresses the one before: messages keep their order, and a close frame is the last of all.
 *
 * Its fields are plain: one is made per connection, and it is internal.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { keepable } from "../native/deflate.ts";
import { isLent, keepLent, lend } from "../native/lentmemory.ts";
import { QuietOwner } from "../loop/slotowner.ts";
import { type CloseStatus, TRY_AGAIN_LATER } from "../websocket/closecode.ts";
import {
  FIN,
  OP_BINARY,
  OP_CLOSE,
  OP_PING,
  OP_PONG,
  OP_TEXT,
  RSV1,
  SHORT_LENGTH,
} from "../websocket/frames.ts";
import type { PerMessageDeflate } from "../websocket/permessagedeflate.ts";
import { MessageQueue, type QueuedMessage } from "./messagequeue.ts";
import { forgetCodec, watchCodec } from "./silentcodecs.ts";
import {
  CLOSE_SENT,
  closedError,
  ENDED,
  Rare,
  READ_ENDED,
  settled,
  type Waiter,
  type WebSocketProfile,
} from "./websocketprofile.ts";

/** From this many bytes on a message leaves at once, so that the kernel's answer is known, and bytes are not copied. */
const LARGE_BYTES = 32 * 1024;

export abstract class WebSocketSender extends QuietOwner {
  readonly slot: number;
  readonly generation: number;
  readonly profile: WebSocketProfile;
  protected flags = 0;
  protected rare: Rare | null = null;

  /** The slot is made its own by the caller, who calls start() when the handshake has been written. */
  constructor(profile: WebSocketProfile, slot: number, generation: number) {
    super();
    this.profile = profile;
    this.slot = slot;
    this.generation = generation;
  }

  /** A close frame has been sent or received, or the connection is gone: nothing can be sent. */
  get isClosing(): boolean {
    return (this.flags & (CLOSE_SENT | READ_ENDED | ENDED)) !== 0;
  }

  /** What the peer's close frame said; null if none has come. */
  get closeStatus(): CloseStatus | null {
    return this.rare?.close ?? null;
  }

  /** Bytes of messages that the kernel has not taken. */
  get bufferedBytes(): number {
    const { loop } = this.profile;
    if (loop.generations[this.slot] !== this.generation) return 0;
    const waiting = (this.rare?.queue?.bytes ?? 0) + (this.rare?.compressingBytes ?? 0);
    return loop.pendingBytes[this.slot]! + waiting;
  }

  /** onClosed has come: nothing more will. */
  get isEnded(): boolean {
    return (this.flags & ENDED) !== 0;
  }

  /** The subprotocol that was agreed on; null = none. */
  get subprotocol(): string | null {
    return this.rare?.subprotocol ?? null;
  }

  set subprotocol(name: string) {
    this.more.subprotocol = name;
  }

  /** permessage-deflate, if it has been agreed on; set before start(). */
  get deflate(): PerMessageDeflate | null {
    return this.rare?.deflate ?? null;
  }

  set deflate(deflate: PerMessageDeflate) {
    this.more.deflate = deflate;
    watchCodec(this.profile.loop, deflate);
  }

  /** Begins the closing handshake. */
  abstract close(code: number | null, reason: string): void;

  /**
   * Sends a text message.
   *
   * @hot bench/micro/websocket.bench.mjs: once per message
   * @param key under queuePolicy coalesce, which queued message it replaces
   * @returns settles when the peer keeps up: at once, as long as little waits for it. Rejects with ERR_WEBSOCKET_CLOSED or
   *   ERR_WEBSOCKET_QUEUE_FULL; need not be awaited
   */
  sendText(text: string, key?: unknown): Promise<void> {
    if (this.mustTakeCare()) return this.sendWithCare(FIN | OP_TEXT, text, key);
    const bytes = this.profile.frames.writeTextFrame(this.slot, this.generation, text);
    return bytes < LARGE_BYTES ? settled : this.leaves(this.profile.options.highWaterBytes);
  }

  /** Sends a binary message; large ones are not copied and must not be changed until the promise settles. As sendText(). */
  sendBytes(bytes: Uint8Array, key?: unknown): Promise<void> {
    if (this.mustTakeCare()) return this.sendWithCare(FIN | OP_BINARY, bytes, key);
    const wasLent = isLent(bytes);
    this.profile.frames.writeBytesFrame(this.slot, this.generation, FIN | OP_BINARY, bytes);
    if (bytes.length < LARGE_BYTES) return settled;
    const left = this.leaves(0);
    // The kernel has all of it: the outbox keeps nothing.
    if (wasLent && left === settled) lend(bytes);
    return left;
  }

  /** Sends a ping of at most 125 bytes. @throws CodedError ERR_ARGUMENT_RANGE; ERR_WEBSOCKET_CLOSED */
  ping(payload: Uint8Array): void {
    if (payload.length > SHORT_LENGTH) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `a ping of ${payload.length} bytes; allowed are 125. RFC 6455 §5.5`,
      );
    }
    if (this.isClosing) throw closedError();
    this.control(OP_PING, payload);
  }

  /** Turns Nagle's algorithm on or off; it is off on every connection. */
  setNodelay(on: boolean): void {
    this.profile.loop.poller.setNoDelay(this.slot, this.generation, on);
  }

  // Called by the loop.

  override onDrained(_slot: number): void {
    const { rare } = this;
    if (rare === null) return;
    const { owedPong } = rare;
    if (owedPong !== null) {
      rare.owedPong = null;
      this.control(OP_PONG, owedPong);
    }
    settle(rare.waiters);
    this.sendQueue(this.profile.options.highWaterBytes);
  }

  // Steps.

  protected get more(): Rare {
    this.rare ??= new Rare();
    return this.rare;
  }

  /** The connection cannot go on: our own fault. */
  protected abstract fail(error: unknown): boolean;

  /** The close frame is in the outbox, behind all that was queued. */
  protected abstract onLastSent(): void;

  protected control(opcode: number, payload: Uint8Array): void {
    const { frames } = this.profile;
    frames.writeBytesFrame(this.slot, this.generation, FIN | opcode, payload);
  }

  /** Answers a ping; of a peer that does not read only the last one. RFC 6455 §5.5.3. */
  protected pong(payload: Uint8Array): void {
    const { loop, options } = this.profile;
    if (loop.pendingBytes[this.slot]! > options.highWaterBytes) this.more.owedPong = payload;
    else this.control(OP_PONG, payload);
  }

  /** Sends what is queued, then a close frame; onLastSent() is called now, or when a compressor is done. */
  protected sendClose(payload: Uint8Array): void {
    this.flags |= CLOSE_SENT;
    this.sendQueue(Number.POSITIVE_INFINITY);
    const { rare } = this;
    if (rare !== null && rare.compressingBytes > 0) {
      rare.lastPayload = payload;
      return;
    }
    this.control(OP_CLOSE, payload);
    this.onLastSent();
  }

  /** The connection is gone: what was to be sent is refused. */
  protected endSending(): void {
    const { rare } = this;
    if (rare === null) return;
    const { queue, waiters } = rare;
    rare.queue = null;
    rare.owedPong = null;
    rare.lastPayload = null;
    if (rare.deflate !== null) {
      forgetCodec(this.profile.loop, rare.deflate);
      rare.deflate.close();
    }
    queue?.clear(closedError());
    for (const waiter of waiters.splice(0)) waiter.reject(closedError());
  }

  /** Sends what is queued, as long as the kernel's queue is below a mark. */
  protected sendQueue(highWaterBytes: number): void {
    const { rare } = this;
    if (rare === null || rare.queue === null) return;
    const { queue, waiters } = rare;
    const { outbox, pendingBytes } = this.profile.loop;
    let unsent = 0;
    while (rare.compressingBytes === 0 && pendingBytes[this.slot]! <= highWaterBytes) {
      const message = queue.shift();
      if (message === undefined) break;
      if (!this.sendQueued(message)) continue;
      // Bytes that are not copied are the sender's again when they have left.
      if (typeof message.payload !== "string" && message.bytes >= LARGE_BYTES)
        waiters.push(message);
      else message.resolve();
      unsent += message.bytes;
      if (unsent > highWaterBytes) {
        outbox.flush();
        unsent = 0;
      }
    }
    if (waiters.length > 0) outbox.flush();
    if (pendingBytes[this.slot] === 0) settle(waiters);
    if (queue.isEmpty && rare.compressingBytes === 0) rare.queue = null;
  }

  /** Something is in the way of a message, or to be done with it. */
  private mustTakeCare(): boolean {
    if (this.flags !== 0 && this.isClosing) return true;
    const { rare } = this;
    if (rare !== null && (rare.queue !== null || rare.deflate !== null)) return true;
    const { loop, options } = this.profile;
    return loop.pendingBytes[this.slot]! > options.highWaterBytes;
  }

  private sendWithCare(first: number, payload: string | Uint8Array, key: unknown): Promise<void> {
    if (this.isClosing) return quiet(Promise.reject(closedError()));
    const { loop, frames, options } = this.profile;
    const { more } = this;
    const { deflate } = more;
    if (more.queue !== null || deflate === null) return this.enqueue(first, payload, key);
    if (loop.pendingBytes[this.slot]! > options.highWaterBytes) {
      return this.enqueue(first, payload, key);
    }
    const bytes = typeof payload === "string" ? Buffer.from(payload, "utf8") : payload;
    if (!deflate.compresses(bytes.length)) {
      frames.writeBytesFrame(this.slot, this.generation, first, bytes);
      return bytes.length < LARGE_BYTES ? settled : this.leaves(0);
    }
    const compressed = this.compress(deflate, bytes);
    if (compressed === null) return quiet(Promise.reject(closedError()));
    if (!(compressed instanceof Promise)) {
      this.writeCompressed(first, compressed);
      return settled;
    }
    return quiet(
      new Promise((resolve, reject) => {
        more.queue = new MessageQueue();
        const message = { first, payload: "", bytes: bytes.length, key, resolve, reject };
        this.whenCompressed(message, compressed);
      }),
    );
  }

  private enqueue(first: number, given: string | Uint8Array, key: unknown): Promise<void> {
    return quiet(
      new Promise((resolve, reject) => {
        const { more } = this;
        const { queuePolicy, maxQueuedBytes } = this.profile.options;
        const isText = typeof given === "string";
        const bytes = isText ? Buffer.byteLength(given) : given.length;
        const payload = isText || bytes >= LARGE_BYTES ? given : Buffer.from(given);
        if (payload === given && !isText) keepLent(given);
        more.queue ??= new MessageQueue();
        const message = { first, payload, bytes, key, resolve, reject };
        const isTaken = more.queue.add(message, queuePolicy, maxQueuedBytes);
        if (more.queue.isEmpty && more.compressingBytes === 0) more.queue = null;
        if (!isTaken) this.overflow();
      }),
    );
  }

  /** The peer does not read, and the policy is to do without it. */
  protected overflow(): void {
    log.info("closed a WebSocket with 1013: its peer does not keep up");
    this.rare?.queue?.clear(closedError());
    this.close(TRY_AGAIN_LATER, "too slow");
  }

  /** @returns false if it has not left yet: it is at the compressor */
  private sendQueued(message: QueuedMessage): boolean {
    const { first, payload } = message;
    const { frames } = this.profile;
    const deflate = this.rare?.deflate ?? null;
    if (deflate?.compresses(message.bytes) === true) {
      const bytes = typeof payload === "string" ? Buffer.from(payload, "utf8") : payload;
      const compressed = this.compress(deflate, bytes);
      if (compressed === null) message.reject(closedError());
      else if (compressed instanceof Promise) this.whenCompressed(message, compressed);
      else {
        this.writeCompressed(first, compressed);
        return true;
      }
      return false;
    }
    if (typeof payload === "string") {
      frames.writeTextFrame(this.slot, this.generation, payload);
    } else {
      frames.writeBytesFrame(this.slot, this.generation, first, payload);
    }
    return true;
  }

  /** @returns null if that failed, and the connection with it */
  private compress(
    deflate: PerMessageDeflate,
    bytes: Uint8Array,
  ): Buffer | Promise<Buffer | null> | null {
    try {
      return deflate.deflate(bytes);
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  /** Messages that come behind this one wait in the queue. */
  private whenCompressed(message: QueuedMessage, compressed: Promise<Buffer | null>): void {
    this.more.compressingBytes = message.bytes;
    compressed.then(
      (payload) => this.afterCompressed(message, payload),
      (error: unknown) => {
        this.fail(error);
        this.afterCompressed(message, null);
      },
    );
  }

  private afterCompressed(message: QueuedMessage, payload: Buffer | null): void {
    const { more } = this;
    more.compressingBytes = 0;
    if (payload === null || (this.flags & ENDED) !== 0) message.reject(closedError());
    else {
      this.writeCompressed(message.first, payload);
      if (payload.length < LARGE_BYTES) message.resolve();
      else this.leaves(this.profile.options.highWaterBytes).then(message.resolve, message.reject);
    }
    const { lastPayload } = more;
    const isLast = lastPayload !== null;
    this.sendQueue(isLast ? Number.POSITIVE_INFINITY : this.profile.options.highWaterBytes);
    if (!isLast || more.compressingBytes > 0) return;
    more.lastPayload = null;
    this.control(OP_CLOSE, lastPayload);
    this.onLastSent();
  }

  private writeCompressed(first: number, payload: Buffer): void {
    // What is not copied into the outbox must not lie where the next message is compressed to.
    const bytes = payload.length < LARGE_BYTES ? payload : keepable(payload);
    this.profile.frames.writeBytesFrame(this.slot, this.generation, first | RSV1, bytes);
  }

  /** A large message was written: settles when the kernel lacks no more than a mark. */
  private leaves(mostBytes: number): Promise<void> {
    const { loop } = this.profile;
    loop.outbox.flush();
    if (loop.pendingBytes[this.slot]! <= mostBytes) return settled;
    return quiet(
      new Promise((resolve, reject) => {
        this.more.waiters.push({ resolve, reject });
      }),
    );
  }
}

function settle(waiters: Waiter[]): void {
  if (waiters.length > 0) for (const waiter of waiters.splice(0)) waiter.resolve();
}

/** Most callers do not wait; that a peer has gone must not end the process as an unhandled rejection. */
function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
