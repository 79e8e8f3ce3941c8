/**
 * MessageQueue: messages for a peer that does not keep up, bounded, under the policy of its connection.
 *
 * WebSocketSender makes one when a message finds the socket's queue above its high-water mark, or another message at the
 * compressor, and drops it when it is empty again.
 */
import { CodedError } from "../base/errors.ts";
import type { QueuePolicy } from "./websocketoptions.ts";

/** What a message costs besides its bytes. */
export const MESSAGE_BYTES = 64;

/** One message. */
export interface QueuedMessage {
  /** First byte of its frame. */
  readonly first: number;
  readonly payload: string | Uint8Array;
  readonly bytes: number;
  readonly key: unknown;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a message is refused with. */
export function queueFullError(maxBytes: number): CodedError {
  return new CodedError(
    "ERR_WEBSOCKET_QUEUE_FULL",
    `more than ${maxBytes} bytes of messages would wait for this peer; await writeMessage(), or choose a queuePolicy`,
  );
}

export class MessageQueue {
  /** Those before #first have left, and are not kept. */
  readonly #messages: (QueuedMessage | null)[] = [];
  #first = 0;
  #bytes = 0;
  /** Where the message of a key is, counted from the first that ever was; made when a message has a key. */
  #byKey: Map<unknown, number> | null = null;
  /** Messages that have been cut off the list. */
  #cut = 0;

  get isEmpty(): boolean {
    return this.#first === this.#messages.length;
  }

  /** What waits, each message with MESSAGE_BYTES. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a message, or makes the policy's choice. Who is replaced or makes room is told that nothing need be waited for.
   *
   * @returns false if the connection is to be closed
   */
  add(message: QueuedMessage, policy: QueuePolicy, maxBytes: number): boolean {
    const { key } = message;
    const cost = message.bytes + MESSAGE_BYTES;
    const coalesces = policy === "coalesce" && key !== undefined;
    const index = coalesces ? this.#byKey?.get(key) : undefined;
    const replaced = index === undefined ? null : (this.#messages[index - this.#cut] ?? null);
    const freed = replaced === null ? 0 : replaced.bytes + MESSAGE_BYTES;
    if (policy === "dropOldest" && cost <= maxBytes) {
      while (this.#bytes + cost > maxBytes) this.shift()?.resolve();
    }
    if (this.#bytes + cost - freed > maxBytes) {
      message.reject(queueFullError(maxBytes));
      return policy !== "close";
    }
    this.#bytes += cost - freed;
    if (index !== undefined && replaced !== null) {
      // In the place of the old one: what changes often is not put off for ever.
      this.#messages[index - this.#cut] = message;
      replaced.resolve();
      return true;
    }
    if (coalesces) {
      this.#byKey ??= new Map();
      this.#byKey.set(key, this.#cut + this.#messages.length);
    }
    this.#messages.push(message);
    return true;
  }

  shift(): QueuedMessage | undefined {
    const message = this.#messages[this.#first];
    if (message === undefined || message === null) return undefined;
    this.#messages[this.#first++] = null;
    this.#bytes -= message.bytes + MESSAGE_BYTES;
    this.#byKey?.delete(message.key);
    // The front is cut off when it is half of the list: each message is moved once at most.
    if (this.#first * 2 >= this.#messages.length) {
      this.#messages.splice(0, this.#first);
      this.#cut += this.#first;
      this.#first = 0;
    }
    return message;
  }

  /** Refuses all that is left. */
  clear(error: Error): void {
    for (let message = this.shift(); message !== undefined; message = this.shift()) {
      message.reject(error);
    }
  }
}
