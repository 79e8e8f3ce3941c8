/**
 * MessageInbox: the messages of a WebSocket that wait for readMessage(), bounded in bytes.
 *
 * WebSocketClientConnection has one. While there is room the connection goes on reading, so that pings and the end are
 * seen though nobody asks for messages; past it, push() returns a promise, and the peer waits. A message that somebody is
 * waiting for is answered before what came behind it is read, be that a close frame, if the answer needs no longer than
 * the turn: the connection reads on when the next message is asked for, or when the turn has ended.
 */

type Message = string | Buffer;

/** What a message costs besides its bytes. */
const MESSAGE_BYTES = 64;

export class MessageInbox {
  readonly #maxBytes: number;
  #messages: Message[] = [];
  #first = 0;
  #bytes = 0;
  readonly #readers: ((message: Message | null) => void)[] = [];
  #isEnded = false;
  /** Lets the connection read on. */
  #release: (() => void) | null = null;
  /** Calls a function when the turn has ended. */
  readonly #atTurnEnd: (callback: () => void) => void;
  #isTurnWatched = false;

  constructor(maxBytes: number, atTurnEnd: (callback: () => void) => void) {
    this.#maxBytes = maxBytes;
    this.#atTurnEnd = atTurnEnd;
  }

  /** Bytes kept, each message counted with 64 more. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A message has come. @returns a promise if the next one must wait for it */
  push(message: Message): Promise<void> | undefined {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader(message);
      if (this.#readers.length > 0) return undefined;
      this.#watchTurn();
      return this.#untilLetGo();
    }
    this.#messages.push(message);
    this.#bytes += costOf(message);
    return this.#bytes <= this.#maxBytes ? undefined : this.#untilLetGo();
  }

  /** The oldest message. @returns null when the connection has ended and none is left */
  read(): Promise<Message | null> {
    const message = this.#shift();
    if (message !== null) return Promise.resolve(message);
    if (this.#isEnded) return Promise.resolve(null);
    const next = new Promise<Message | null>((resolve) => this.#readers.push(resolve));
    this.letGo();
    return next;
  }

  /** Nobody waits for room any more: the connection closes, and what still comes is dropped there. */
  letGo(): void {
    const release = this.#release;
    this.#release = null;
    release?.();
  }

  /** The connection has ended. What is kept may still be read. */
  end(): void {
    this.#isEnded = true;
    this.letGo();
    for (const reader of this.#readers.splice(0)) reader(null);
  }

  #untilLetGo(): Promise<void> {
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  #watchTurn(): void {
    if (this.#isTurnWatched) return;
    this.#isTurnWatched = true;
    this.#atTurnEnd(() => {
      this.#isTurnWatched = false;
      if (this.#bytes <= this.#maxBytes) this.letGo();
    });
  }

  #shift(): Message | null {
    const message = this.#messages[this.#first];
    if (message === undefined) return null;
    this.#first++;
    this.#bytes -= costOf(message);
    // The front is cut off when it is half of the list: each message is moved once at most.
    if (this.#first * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
    if (this.#bytes <= this.#maxBytes) this.letGo();
    return message;
  }
}

/** A string costs at most two bytes a character. */
function costOf(message: Message): number {
  return MESSAGE_BYTES + (typeof message === "string" ? 2 * message.length : message.length);
}
