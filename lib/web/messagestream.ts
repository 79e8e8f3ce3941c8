/**
 * MessageStream: the messages of a WebSocket as an async iterator, one at a time.
 *
 * WebSocketHandler.messages makes one. push() returns a promise that settles when the message is being worked on no more,
 * which is when the next one is asked for: so the connection waits for its consumer as it does for onMessage().
 */

type Message = string | Buffer;

export class MessageStream implements AsyncIterableIterator<Message> {
  /** A message nobody has asked for yet. */
  #waiting: { readonly message: Message } | null = null;
  /** Lets the connection read the next message. */
  #release: (() => void) | null = null;
  #wanted: ((result: IteratorResult<Message>) => void)[] = [];
  #isEnded = false;

  /** A message has come; the next one is not delivered before the promise settles. */
  push(message: Message): Promise<void> | undefined {
    if (this.#isEnded) return undefined;
    const next = this.#wanted.shift();
    if (next !== undefined) next({ value: message, done: false });
    else this.#waiting = { message };
    if (this.#wanted.length > 0) return undefined;
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** The connection has ended. */
  end(): void {
    this.#isEnded = true;
    this.#letGo();
    if (this.#waiting !== null) return;
    for (const next of this.#wanted.splice(0)) next({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<Message>> {
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      return Promise.resolve({ value: waiting.message, done: false });
    }
    if (this.#isEnded) return Promise.resolve({ value: undefined, done: true });
    const result = new Promise<IteratorResult<Message>>((resolve) => this.#wanted.push(resolve));
    this.#letGo();
    return result;
  }

  /** The consumer has left its loop: further messages are dropped. */
  return(): Promise<IteratorResult<Message>> {
    this.#waiting = null;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #letGo(): void {
    const release = this.#release;
    this.#release = null;
    release?.();
  }
}
