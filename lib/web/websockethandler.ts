/**
 * WebSocketHandler: what a user extends to talk over WebSockets, after Tornado's.
 *
 *     class Echo extends WebSocketHandler {
 *       onMessage(message: string | Buffer) { return this.writeMessage(message); }
 *     }
 *
 * It is a RequestHandler until the handshake is done: prepare(), cookies, currentUser, redirects and errors work as
 * everywhere. Then open() is called, onMessage() for each message, one after the other, and onClose() once.
 *
 *     GET ──▶ prepare ──▶ get: checks, 101 ──▶ open ──▶ onMessage … ──▶ onClose
 *                  └── an error, or a redirect ──▶ an ordinary response
 *
 * @see RFC 6455
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { resolve } from "../base/options.ts";
import { isPromise } from "../base/promises.ts";
import {
  acceptValue,
  type HandshakeRefusal,
  isSameOrigin,
  judgeHandshake,
  judgeUpgrade,
  originOf,
  subprotocolsOf,
  WEBSOCKET_VERSIONS,
} from "../websocket/handshake.ts";
import type { Subscribed, SubscribeOptions } from "../server/topicoptions.ts";
import { WebSocketConnection } from "../server/websocketconnection.ts";
import { type WebSocketOptions, webSocketHandlerOptions } from "../server/websocketoptions.ts";
import { MessageStream } from "./messagestream.ts";
import { RequestHandler } from "./requesthandler.ts";
import { requestSummary } from "./responsehandler.ts";
import { RESPONSE, type ResponseWriter } from "./responsewriter.ts";
import { CHECK_CLASS } from "./routetarget.ts";
import { runHook } from "./runhook.ts";
import { but, type PublishOptions, publishMessage, type TopicMessage } from "./topicmessages.ts";
import { UpgradedResponse } from "./upgradedresponse.ts";
import { agreeOnCompression, type WebSocketCompressionOptions } from "./websocketcompression.ts";
import {
  sendMessage,
  type WebSocketMessage,
  type WriteMessageOptions,
} from "./websocketmessage.ts";
import { CONNECTION_ENDED, type WebSocketEnd } from "./websocketprofiles.ts";

export abstract class WebSocketHandler extends RequestHandler implements WebSocketEnd {
  /** A handshake is a GET; HEAD is not to be one. */
  static override readonly SUPPORTED_METHODS: readonly string[] =
    RequestHandler.SUPPORTED_METHODS.filter((method) => method !== "HEAD");

  /** Options of this class's connections; what it does not say, the application's settings do. */
  static readonly websocket: WebSocketOptions = {};

  /** @internal Called when a route leads to the class. @throws CodedError for an option that cannot be */
  static [CHECK_CLASS](): void {
    // biome-ignore lint/complexity/noThisInStatic: the class that the route names, not this one
    resolve(`${this.name}.websocket`, webSocketHandlerOptions, this.websocket);
  }

  #connection: WebSocketConnection | null = null;
  #stream: MessageStream | null = null;

  // Hooks: what a user overrides.

  /** Called when the connection is open, with the path arguments. Messages wait for the promise it may return. */
  open(..._args: never[]): unknown {
    return undefined;
  }

  /**
   * Called for each message: text as a string, bytes as a Buffer. The next one waits for the promise it may return. What
   * it throws, or rejects with, is logged, and closes the connection with 1011; so it is with open(), onPing(), onPong().
   */
  onMessage(_message: string | Buffer): unknown {
    throw new CodedError(
      "ERR_STATE",
      `${this.constructor.name} has neither a method onMessage(message) nor reads this.messages`,
    );
  }

  /** Called once when the connection has ended, however it ended; closeCode and closeReason say what the client said. */
  onClose(): unknown {
    return undefined;
  }

  /** Called for each ping; it has been answered. Messages wait for the promise it may return. */
  onPing(_payload: Buffer): unknown {
    return undefined;
  }

  /** Called for each pong, as onPing(). */
  onPong(_payload: Buffer): unknown {
    return undefined;
  }

  /**
   * Says whether a page of this origin may connect. Default: only those of the host and port that were asked. Not
   * called for clients that send none, which are no browsers.
   */
  checkOrigin(origin: string): boolean {
    return isSameOrigin(origin, this.request.headers.get("Host") ?? "");
  }

  /**
   * Chooses one of the subprotocols a client offers; called once, with [] if it offers none.
   *
   * @returns one of them, or null for none
   */
  selectSubprotocol(_offered: readonly string[]): string | null {
    return null;
  }

  /**
   * Says whether messages may be compressed, and how. Default: the setting websocketCompression.
   *
   * @returns {} = yes; null = no
   */
  getCompressionOptions(): WebSocketCompressionOptions | null {
    const { websocketCompression } = this.settings;
    if (typeof websocketCompression !== "boolean") return websocketCompression;
    return websocketCompression ? {} : null;
  }

  // Verbs.

  /**
   * Sends a message. Bytes must not be changed before the promise settles.
   *
   * @returns settles when the client keeps up: at once, as long as little waits for it. Rejects with ERR_WEBSOCKET_CLOSED,
   *   ERR_WEBSOCKET_QUEUE_FULL. Need not be awaited
   * @throws CodedError ERR_STATE before open(); ERR_HTTP_WRITE_TYPE for what is no message
   */
  writeMessage(message: WebSocketMessage, options?: WriteMessageOptions): Promise<void> {
    const connection = this.#connection ?? notOpen("writeMessage()");
    if (typeof message === "string" && options?.binary !== true) {
      return connection.sendText(message, options?.key);
    }
    return sendMessage(connection, message, options);
  }

  /**
   * Subscribes to a topic ("room/7"), or to all that a pattern matches ("room/*": one level, "room/**": any depth).
   *
   * @throws CodedError ERR_TOPIC_NAME, ERR_TOPIC_LIMIT, ERR_WEBSOCKET_CLOSED; ERR_STATE before open()
   */
  subscribe(topic: string, options?: SubscribeOptions): Subscribed {
    const connection = this.#connection ?? notOpen("subscribe()");
    return this.application.webSockets.hub.subscribe(connection, topic, options);
  }

  /** Ends a subscription; it ends by itself with the connection. @returns false if there was none to just this */
  unsubscribe(topic: string): boolean {
    const connection = this.#connection;
    if (connection === null) return false;
    return this.application.webSockets.hub.unsubscribe(connection, topic);
  }

  /** The topics and patterns it is subscribed to; none in onClose(). */
  get topics(): string[] {
    const connection = this.#connection;
    return connection === null ? [] : this.application.webSockets.hub.topicsOf(connection);
  }

  /** As application.publish(), to all but this client. @returns how many get it */
  publish(topic: string, message: TopicMessage, options?: PublishOptions): number {
    return publishMessage(this.application.webSockets.hub, topic, message, but(this, options));
  }

  /** Sends a ping of at most 125 bytes. @throws CodedError ERR_ARGUMENT_RANGE, ERR_WEBSOCKET_CLOSED, ERR_STATE */
  ping(payload: string | Uint8Array = ""): void {
    (this.#connection ?? notOpen("ping()")).ping(Buffer.from(payload as string));
  }

  /**
   * Closes the connection; what was written before leaves first.
   *
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999; none is 1000 if there is a reason
   * @param reason at most 123 bytes
   * @throws CodedError ERR_WEBSOCKET_CLOSE_CODE; ERR_STATE before open()
   */
  close(code: number | null = null, reason = ""): void {
    (this.#connection ?? notOpen("close()")).close(code, reason);
  }

  /** The code of the client's close frame; null if it has sent none, or one without. */
  get closeCode(): number | null {
    return this.#connection?.closeStatus?.code ?? null;
  }

  /** The reason of the client's close frame; null if it has sent none, or one without. */
  get closeReason(): string | null {
    return this.#connection?.closeStatus?.reason || null;
  }

  /** What selectSubprotocol() chose. */
  get selectedSubprotocol(): string | null {
    return this.#connection?.subprotocol ?? null;
  }

  /** Bytes of messages that have not left. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0;
  }

  /** Nothing can be sent any more: a close frame has been sent or has come, or the connection is gone. */
  get isClosing(): boolean {
    return this.#connection?.isClosing ?? false;
  }

  /** Turns Nagle's algorithm off, or on: it is off on every connection. @throws CodedError ERR_STATE before open() */
  setNodelay(on: boolean): void {
    (this.#connection ?? notOpen("setNodelay()")).setNodelay(on);
  }

  /** Fires when the connection has ended, or the client has gone away before it was open. See RequestHandler.signal. */
  override get signal(): AbortSignal {
    const signal = super.signal;
    if (this.#connection?.isEnded === true) WebSocketHandler.#abortSignal(this);
    return signal;
  }

  /**
   * The messages, one by one, instead of onMessage(): `for await (const message of this.messages)`, in open() for one. It
   * ends with the connection.
   */
  get messages(): AsyncIterableIterator<string | Buffer> {
    const connection = this.#connection ?? notOpen("messages");
    if (this.#stream === null) {
      const stream = new MessageStream();
      this.#stream = stream;
      this.onMessage = (message: string | Buffer) => stream.push(message);
      if (connection.isEnded) stream.end();
      connection.deliverNow();
    }
    return this.#stream;
  }

  /** The handshake; not to be overridden. @see RFC 6455 §4.2 */
  override get(..._args: never[]): void {
    const { request } = this;
    const { headers } = request;
    const { exchange } = this[RESPONSE];
    // While prepare() was waited for.
    if (exchange.isGone) return;
    const refusal =
      judgeUpgrade(request) ??
      (WebSocketHandler.#isForeign(this, originOf(headers))
        ? foreignOrigin
        : judgeHandshake(request)) ??
      (exchange.server.isStopping ? stopping : null) ??
      WebSocketHandler.#upgrade(this, acceptValue(headers.get("Sec-WebSocket-Key") ?? ""));
    if (refusal !== null) WebSocketHandler.#refuse(this, refusal);
  }

  /** @internal The connection has ended. */
  [CONNECTION_ENDED](): void {
    this.#stream?.end();
    WebSocketHandler.#abortSignal(this);
    runHook(
      () => this.onClose(),
      () => `onClose ${requestSummary(this)}`,
    );
    this[RESPONSE].release();
  }

  // Steps.

  static #refuse(self: WebSocketHandler, { status, message }: HandshakeRefusal): void {
    self.setStatus(status);
    if (status === 426) {
      // RFC 9110 §15.5.22: Upgrade must be there; §7.8: and be named in Connection.
      self.setHeader("Connection", "Upgrade");
      self.setHeader("Upgrade", "websocket");
      self.setHeader("Sec-WebSocket-Version", WEBSOCKET_VERSIONS.join(", "));
    }
    self.setHeader("Content-Type", "text/plain; charset=UTF-8");
    self.finish(message);
  }

  static #isForeign(self: WebSocketHandler, origin: string | null): boolean {
    if (origin === null) return false;
    const answer: unknown = self.checkOrigin(origin);
    // A promise is true, whatever it says in the end.
    if (!isPromise(answer)) return !answer;
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      "checkOrigin() returned a promise; what must be waited for is done in prepare()",
    );
  }

  static #abortSignal(self: WebSocketHandler): void {
    const abort = self[RESPONSE].extrasIfAny?.abort ?? null;
    abort?.abort(new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the WebSocket has ended"));
  }

  /** @returns null if the connection is a WebSocket now */
  static #upgrade(self: WebSocketHandler, accept: string): HandshakeRefusal | null {
    const response = self[RESPONSE];
    const { exchange } = response;
    const offered = subprotocolsOf(self.request.headers);
    const subprotocol = self.selectSubprotocol(offered);
    if (subprotocol !== null && !offered.includes(subprotocol)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `selectSubprotocol() returned ${describe(subprotocol)}; allowed are null and what was offered: ${describe(offered)}`,
      );
    }
    const profile = self.application.webSockets.of(
      exchange.server,
      self.constructor as typeof WebSocketHandler,
    );
    const compression = agreeOnCompression(
      self.request.headers.get("Sec-WebSocket-Extensions"),
      self.getCompressionOptions(),
      profile.options.maxMessageBytes,
    );
    if (compression === "malformed") return malformedExtensions;
    let head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
    if (subprotocol !== null) head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
    if (compression !== null) head += `Sec-WebSocket-Extensions: ${compression.field}\r\n`;
    head += `${response.upgradeLines()}\r\n`;
    const { slot, generation } = exchange;
    const connection = new WebSocketConnection(profile, self, slot, generation);
    if (subprotocol !== null) connection.subprotocol = subprotocol;
    if (compression !== null) connection.deflate = compression.deflate;
    exchange.upgrade(head, connection);
    response.status = 101;
    response.isFinished = true;
    self.#connection = connection;
    self.application.logRequest(self);
    const key = self.request.headers.get("Sec-WebSocket-Key") ?? "";
    const upgraded = new UpgradedResponse(exchange, key, response.extrasIfAny);
    self[RESPONSE] = upgraded as unknown as ResponseWriter;
    runHook(
      () => self.onFinish(),
      () => `onFinish ${requestSummary(self)}`,
    );
    connection.start(() => WebSocketHandler.#open(self));
    return null;
  }

  static #open(self: WebSocketHandler): unknown {
    const { pathArgs } = self;
    const open = self.open as (...args: unknown[]) => unknown;
    const result = self.hasNamedPathArgs
      ? open.call(self, self.pathKwargs)
      : open.apply(self, [...pathArgs]);
    return result;
  }
}

const foreignOrigin: HandshakeRefusal = {
  status: 403,
  message: "Cross origin websockets not allowed",
};

const malformedExtensions: HandshakeRefusal = {
  status: 400,
  message: "Sec-WebSocket-Extensions is no list of extensions",
};

const stopping: HandshakeRefusal = { status: 503, message: "the server is stopping" };

function notOpen(call: string): never {
  throw new CodedError("ERR_STATE", `${call} before open(): the connection is no WebSocket yet`);
}
