/**
 * WebSocketClientConnection: the client's end of a WebSocket, after Tornado's; websocketConnect() makes it.
 *
 *     for (let m = await connection.readMessage(); m !== null; m = await connection.readMessage()) …
 *     for await (const message of connection) …
 *
 * Messages wait for readMessage() up to maxUnreadBytes, then the server waits; with the option onMessage they go there
 * instead. A connection that is open holds the process, as any socket does.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";
import type { WebSocketConnection } from "../server/websocketconnection.ts";
import type { WebSocketListener } from "../server/websocketprofile.ts";
import { MessageInbox } from "./messageinbox.ts";
import type { ResolvedWebSocketClientOptions } from "./websocketclientoptions.ts";
import {
  sendMessage,
  type WebSocketMessage,
  type WriteMessageOptions,
} from "./websocketmessage.ts";

/** What a connection is made of. */
interface ClientParts {
  readonly loop: IOLoop;
  readonly options: ResolvedWebSocketClientOptions;
  /** Of the 101. */
  readonly headers: HTTPHeaders;
  readonly subprotocol: string | null;
}

export class WebSocketClientConnection {
  /** The fields of the server's 101. */
  readonly headers: HTTPHeaders;
  /** The subprotocol that the server chose; null = none. */
  readonly selectedSubprotocol: string | null;
  /** Settles when the connection has ended, however it did: closeCode and closeReason are what they will be. Never rejects. */
  readonly closed: Promise<void>;
  /** Called for each ping; it has been answered. */
  onPing: ((payload: Buffer) => unknown) | null;
  /** Called for each pong. */
  onPong: ((payload: Buffer) => unknown) | null;
  /** Called once when the connection has ended. */
  onClose: (() => unknown) | null;

  readonly #onMessage: ((message: string | Buffer) => unknown) | null;
  readonly #inbox: MessageInbox;
  #connection: WebSocketConnection | null = null;
  #isEnded = false;
  #end: () => void = () => {};

  /** @internal websocketConnect() makes them. */
  constructor({ loop, options, headers, subprotocol }: ClientParts) {
    this.headers = headers;
    this.selectedSubprotocol = subprotocol;
    this.onPing = options.onPing;
    this.onPong = options.onPong;
    this.onClose = options.onClose;
    this.#onMessage = options.onMessage;
    this.#inbox = new MessageInbox(options.maxUnreadBytes, (callback) =>
      loop.addCallback(callback),
    );
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** @internal Gives it the connection that `make` makes for its listener. @returns false if there is none */
  static attach(
    client: WebSocketClientConnection,
    make: (listener: WebSocketListener) => WebSocketConnection | null,
  ): boolean {
    client.#connection = make({
      onMessage: client.#onMessage ?? ((message) => client.#inbox.push(message)),
      onPing: (payload) => client.onPing?.(payload),
      onPong: (payload) => client.onPong?.(payload),
    });
    return client.#connection !== null;
  }

  /** @internal The connection has ended. */
  static ended(client: WebSocketClientConnection): void {
    client.#isEnded = true;
    client.#inbox.end();
    client.#end();
    const { onClose } = client;
    if (onClose === null) return;
    // A promise runs what throws into the log as well as what rejects.
    Promise.resolve()
      .then(onClose)
      .catch((error: unknown) => log.error("Uncaught exception in onClose", error));
  }

  /**
   * The next message: text as a string, bytes as a Buffer.
   *
   * @returns null when the connection has ended and every message was read
   * @throws CodedError ERR_STATE if there is an onMessage
   */
  readMessage(): Promise<string | Buffer | null> {
    if (this.#onMessage !== null) {
      throw new CodedError("ERR_STATE", "readMessage() with onMessage: the messages go there");
    }
    return this.#inbox.read();
  }

  /** The messages, until the connection ends. A loop that is left leaves the connection open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Buffer, void, undefined> {
    for (let next = await this.readMessage(); next !== null; next = await this.readMessage()) {
      yield next;
    }
  }

  /**
   * Sends a message.
   *
   * @param message bytes must not be changed until the promise settles
   * @returns settles when the server keeps up: at once, as long as little waits for it. Rejects with ERR_WEBSOCKET_CLOSED,
   *   ERR_WEBSOCKET_QUEUE_FULL. Need not be awaited
   * @throws CodedError ERR_HTTP_WRITE_TYPE for what is no message
   */
  writeMessage(message: WebSocketMessage, options?: WriteMessageOptions): Promise<void> {
    return sendMessage(this.#open, message, options);
  }

  /** Sends a ping of at most 125 bytes. @throws CodedError ERR_ARGUMENT_RANGE, ERR_WEBSOCKET_CLOSED */
  ping(payload: string | Uint8Array = ""): void {
    this.#open.ping(Buffer.from(payload as string));
  }

  /**
   * Closes the connection; what was written before leaves first. Messages that come from now on are dropped. The server has
   * closeTimeoutMs to answer, and as long again to close the connection, which is the server's part.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999; none is 1000 if there is a reason
   * @param reason at most 123 bytes
   * @throws CodedError ERR_WEBSOCKET_CLOSE_CODE
   */
  close(code: number | null = null, reason = ""): void {
    this.#open.close(code, reason);
    this.#inbox.letGo();
  }

  /** Ends the connection at once, without a close frame; what has not left is dropped. */
  abort(): void {
    this.#open.abort();
    this.#inbox.letGo();
  }

  /** The code of the server's close frame; null if it has sent none, or one without. */
  get closeCode(): number | null {
    return this.#open.closeStatus?.code ?? null;
  }

  /** The reason of the server's close frame; null if it has sent none, or one without. */
  get closeReason(): string | null {
    return this.#open.closeStatus?.reason || null;
  }

  /** Nothing can be sent any more: a close frame has been sent or has come, or the connection is gone. */
  get isClosing(): boolean {
    return this.#open.isClosing;
  }

  /** The connection has ended. */
  get isClosed(): boolean {
    return this.#isEnded;
  }

  /** Bytes of messages that have not left. */
  get bufferedBytes(): number {
    return this.#open.bufferedBytes;
  }

  /** Bytes of messages that nobody has read, each counted with 64 more. */
  get unreadBytes(): number {
    return this.#inbox.bytes;
  }

  get #open(): WebSocketConnection {
    if (this.#connection !== null) return this.#connection;
    throw new CodedError("ERR_STATE", "websocketConnect() makes connections");
  }
}
