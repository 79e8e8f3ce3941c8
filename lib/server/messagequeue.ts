/**
 * MessageQueue: messages for a peer that does not keep up, bounded, under the policy of its connection.
 *
 * WebSocketConnection makes one when a message finds the socket's queue above its high-water mark, and drops it when it is
 * empty again.
 */
import { CodedError } from "../base/errors.ts";
import type { QueuePolicy } from "./websocketoptions.ts";

/** What a message costs besides its bytes. */
const MESSAGE_BYTES = 64;

/** One message. */
export interface QueuedMessage {
  /** First byte of its frame. */
  readonly first: number;
  payload: string | Uint8Array;
  bytes: number;
  readonly key: unknown;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a message is refused with. */
export function queueFullError(maxBytes: number): CodedError {
  return new CodedError(
    "ERR_WEBSOCKET_QUEUE_FULL",
    `${maxBytes} bytes of messages already wait for this peer; await writeMessage(), or choose a queuePolicy`,
  );
}

export class MessageQueue {
  readonly #messages: QueuedMessage[] = [];
  #first = 0;
  #bytes = 0;
  /** Those that a later message of the same key replaces. */
  readonly #byKey = new Map<unknown, QueuedMessage>();

  get isEmpty(): boolean {
    return this.#first === this.#messages.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a message, or makes the policy's choice.
   *
   * @returns false if the connection is to be closed
   */
  add(message: QueuedMessage, policy: QueuePolicy, maxBytes: number): boolean {
    if (policy === "coalesce" && message.key !== undefined) {
      const queued = this.#byKey.get(message.key);
      if (queued !== undefined) {
        this.#bytes += message.bytes - queued.bytes;
        queued.payload = message.payload;
        queued.bytes = message.bytes;
        message.resolve();
        return true;
      }
    }
    const cost = message.bytes + MESSAGE_BYTES;
    if (policy === "dropOldest") {
      while (this.#bytes + cost > maxBytes && !this.isEmpty) this.shift()?.resolve();
    }
    if (this.#bytes + cost > maxBytes) {
      message.reject(queueFullError(maxBytes));
      return policy !== "close";
    }
    this.#messages.push(message);
    if (policy === "coalesce" && message.key !== undefined) this.#byKey.set(message.key, message);
    this.#bytes += cost;
    return true;
  }

  shift(): QueuedMessage | undefined {
    const message = this.#messages[this.#first];
    if (message === undefined) return undefined;
    this.#first++;
    this.#bytes -= message.bytes + MESSAGE_BYTES;
    if (message.key !== undefined) this.#byKey.delete(message.key);
    // The front is cut off when it is half of the list: each message is moved once at most.
    if (this.#first * 2 >= this.#messages.length) {
      this.#messages.splice(0, this.#first);
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
