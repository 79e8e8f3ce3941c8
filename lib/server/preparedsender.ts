/**
 * PreparedSender: the part of a WebSocket that takes messages made for many, and is subscribed to topics.
 *
 * WebSocketDeadlines extends it, and so do all connections; the hub calls it. A peer that keeps up gets the shared frame;
 * for any other the message waits in the connection's queue, under its policy. Nobody waits for what is published: where
 * the policy would refuse a message, the connection is closed with 1013, for the peer would not know of the gap.
 */
import { MessageQueue, type QueuedMessage } from "./messagequeue.ts";
import type { FrameReceiver, PreparedMessage } from "./preparedmessage.ts";
import type { TopicMemberships } from "./websocketprofile.ts";
import { WebSocketSender } from "./websocketsender.ts";

export abstract class PreparedSender extends WebSocketSender implements FrameReceiver {
  /** What it is subscribed to: the hub's. */
  get topics(): TopicMemberships | null {
    return this.rare?.topics ?? null;
  }

  set topics(topics: TopicMemberships | null) {
    this.more.topics = topics;
  }

  /**
   * Tells whether a publication to several lists has not come by yet, so that it is sent once.
   *
   * @param stamp its number; only connections that are subscribed are asked
   */
  isFirst(stamp: number): boolean {
    const { more } = this;
    if (more.stamp === stamp) return false;
    more.stamp = stamp;
    return true;
  }

  /**
   * Sends a message that was made for many.
   *
   * @hot bench/micro/topics.bench.mjs: once per receiver; allocates nothing if the peer keeps up
   * @param key under queuePolicy coalesce, which queued message it replaces
   * @returns false if the peer does not get it
   */
  sendPrepared(message: PreparedMessage, key: unknown): boolean {
    if (this.flags !== 0 && this.isClosing) return false;
    if (this.mustQueue()) return this.queuePrepared(message, key);
    const { broadcast } = this.profile.loop.outbox;
    broadcast.write(this.slot, this.generation, message.preparedFor(this));
    return true;
  }

  /** As sendPrepared(), for a message of a history: others may have got it long ago. */
  resendPrepared(message: PreparedMessage): boolean {
    if (this.isClosing) return false;
    if (this.mustQueue()) return this.queuePrepared(message, undefined);
    const { broadcast } = this.profile.loop.outbox;
    broadcast.again(this.slot, this.generation, message.preparedFor(this));
    return true;
  }

  /** The connection has ended: so have its subscriptions. */
  protected endTopics(): void {
    const { rare } = this;
    if (rare === null || rare.topics === null) return;
    const { topics } = rare;
    rare.topics = null;
    topics.end();
  }

  private mustQueue(): boolean {
    const { rare } = this;
    if (rare !== null && rare.queue !== null) return true;
    const { loop, options } = this.profile;
    return loop.pendingBytes[this.slot]! > options.highWaterBytes;
  }

  private queuePrepared(message: PreparedMessage, key: unknown): boolean {
    const { queuePolicy, maxQueuedBytes } = this.profile.options;
    const { more } = this;
    const queued = new QueuedCopy(message, key);
    more.queue ??= new MessageQueue();
    const isTaken = more.queue.add(queued, queuePolicy, maxQueuedBytes) && !queued.isRefused;
    if (more.queue.isEmpty && more.compressingBytes === 0) more.queue = null;
    if (!isTaken) this.overflow();
    return isTaken;
  }
}

/** A message for many in the queue of one. */
class QueuedCopy implements QueuedMessage {
  readonly first: number;
  readonly payload: Uint8Array;
  readonly bytes: number;
  readonly key: unknown;
  isRefused = false;

  constructor(message: PreparedMessage, key: unknown) {
    this.first = message.first;
    this.payload = message.payload;
    this.bytes = this.payload.length;
    this.key = key;
  }

  readonly resolve = (): void => {};
  readonly reject = (): void => {
    this.isRefused = true;
  };
}
