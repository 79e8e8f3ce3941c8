/**
 * WebSocketSender: the half of a WebSocket that sends: messages, their queue, pings, and who waits for them.
 *
 * WebSocketConnection extends it. A message goes to the outbox at once while its peer keeps up; else it waits in a
 * MessageQueue under the policy of the options, and what it returned settles when it has left.
 *
 * Its fields are plain: one is made per connection, and it is internal.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { QuietOwner } from "../loop/slotowner.ts";
import { type CloseStatus, TRY_AGAIN_LATER } from "../websocket/closecode.ts";
import { FIN, OP_BINARY, OP_PING, OP_TEXT, SHORT_LENGTH } from "../websocket/frames.ts";
import { MessageQueue } from "./messagequeue.ts";
import {
  CLOSE_SENT,
  closedError,
  ENDED,
  Rare,
  READ_ENDED,
  settled,
  type WebSocketProfile,
} from "./websocketprofile.ts";

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
    return loop.pendingBytes[this.slot]! + (this.rare?.queue?.bytes ?? 0);
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
    if (this.mustQueue()) return this.enqueue(FIN | OP_TEXT, text, key);
    const bytes = this.profile.loop.outbox.writeTextFrame(this.slot, this.generation, text);
    return bytes > this.profile.options.highWaterBytes ? this.whenDrained() : settled;
  }

  /** Sends a binary message; large ones are not copied and must not be changed until the promise settles. As sendText(). */
  sendBytes(bytes: Uint8Array, key?: unknown): Promise<void> {
    if (this.mustQueue()) return this.enqueue(FIN | OP_BINARY, bytes, key);
    const { loop, options } = this.profile;
    loop.outbox.writeBytesFrame(this.slot, this.generation, FIN | OP_BINARY, bytes);
    return bytes.length > options.highWaterBytes ? this.whenDrained() : settled;
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

  // Called by the loop.

  override onDrained(_slot: number): void {
    const { rare } = this;
    if (rare === null) return;
    this.sendQueue(this.profile.options.highWaterBytes);
    if (rare.queue !== null || rare.waiters.length === 0) return;
    for (const waiter of rare.waiters.splice(0)) waiter.resolve();
  }

  // Steps.

  protected get more(): Rare {
    this.rare ??= new Rare();
    return this.rare;
  }

  protected control(opcode: number, payload: Uint8Array): void {
    const { loop } = this.profile;
    loop.outbox.writeBytesFrame(this.slot, this.generation, FIN | opcode, payload);
  }

  private mustQueue(): boolean {
    const { loop, options } = this.profile;
    if (this.flags !== 0 && this.isClosing) return true;
    if (this.rare !== null && this.rare.queue !== null) return true;
    return loop.pendingBytes[this.slot]! > options.highWaterBytes;
  }

  private enqueue(first: number, payload: string | Uint8Array, key: unknown): Promise<void> {
    const promise = this.isClosing
      ? Promise.reject(closedError())
      : new Promise<void>((resolve, reject) => {
          const { more } = this;
          const { queuePolicy, maxQueuedBytes } = this.profile.options;
          const bytes = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
          more.queue ??= new MessageQueue();
          const message = { first, payload, bytes, key, resolve, reject };
          if (!more.queue.add(message, queuePolicy, maxQueuedBytes)) this.overflow();
        });
    // Most callers do not wait; that a peer has gone must not end the process as an unhandled rejection.
    promise.catch(ignore);
    return promise;
  }

  /** The peer does not read, and the policy is to do without it. */
  private overflow(): void {
    log.info("closed a WebSocket with 1013: its peer does not keep up");
    const queue = this.rare?.queue;
    if (this.rare !== null) this.rare.queue = null;
    queue?.clear(closedError());
    this.close(TRY_AGAIN_LATER, "too slow");
  }

  /** Sends what is queued, as long as the kernel's queue is below a mark. */
  protected sendQueue(highWaterBytes: number): void {
    const { rare } = this;
    if (rare === null || rare.queue === null) return;
    const { loop } = this.profile;
    while (!rare.queue.isEmpty && loop.pendingBytes[this.slot]! <= highWaterBytes) {
      const message = rare.queue.shift();
      if (message === undefined) break;
      const { payload, first } = message;
      if (typeof payload === "string") {
        loop.outbox.writeTextFrame(this.slot, this.generation, payload);
      } else {
        loop.outbox.writeBytesFrame(this.slot, this.generation, first, payload);
      }
      message.resolve();
      if (message.bytes > highWaterBytes) loop.outbox.flush();
    }
    if (rare.queue.isEmpty) rare.queue = null;
  }

  /** A message larger than the mark: settles when the kernel has it. */
  private whenDrained(): Promise<void> {
    const { loop } = this.profile;
    loop.outbox.flush();
    if (loop.pendingBytes[this.slot]! === 0) return settled;
    const promise = new Promise<void>((resolve, reject) => {
      this.more.waiters.push({ resolve, reject });
    });
    promise.catch(ignore);
    return promise;
  }
}

function ignore(): void {}
