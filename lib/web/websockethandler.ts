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
import { log } from "../base/log.ts";
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
import { WebSocketConnection } from "../server/websocketconnection.ts";
import type { WebSocketOptions } from "../server/websocketoptions.ts";
import { jsonText } from "./jsontext.ts";
import { MessageStream } from "./messagestream.ts";
import { RequestHandler } from "./requesthandler.ts";
import { requestSummary } from "./responsehandler.ts";
import { RESPONSE, type ResponseWriter } from "./responsewriter.ts";
import { UpgradedResponse } from "./upgradedresponse.ts";
import { CONNECTION_ENDED, type WebSocketEnd } from "./websocketprofiles.ts";

/** A message to send: text, bytes, or a plain object to be sent as JSON. */
export type WebSocketMessage = string | Uint8Array | Readonly<Record<string, unknown>>;

/** How a message is sent. */
export interface WriteMessageOptions {
  /** As a binary message, or as text; default: bytes are binary, all else is text. */
  readonly binary?: boolean | undefined;
  /** With queuePolicy coalesce: the queued message of the same key is replaced. */
  readonly key?: unknown;
}

export abstract class WebSocketHandler extends RequestHandler implements WebSocketEnd {
  /** Options of this class's connections; what it does not say, the application's settings do. */
  static readonly websocket: WebSocketOptions = {};

  #connection: WebSocketConnection | null = null;
  #stream: MessageStream | null = null;

  // Hooks: what a user overrides.

  /** Called when the connection is open, with the path arguments. Messages wait for the promise it may return. */
  open(..._args: never[]): unknown {
    return undefined;
  }

  /** Called for each message: text as a string, bytes as a Buffer. The next one waits for the promise it may return. */
  abstract onMessage(message: string | Buffer): unknown;

  /** Called once when the connection has ended, however it ended; closeCode and closeReason say what the peer said. */
  onClose(): void {}

  /** Called for each ping; it has been answered. */
  onPing(_payload: Buffer): unknown {
    return undefined;
  }

  /** Called for each pong. */
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

  // Verbs.

  /**
   * Sends a message.
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
    return send(connection, message, options);
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

  /** The reason of the client's close frame; null if it has sent none. */
  get closeReason(): string | null {
    return this.#connection?.closeStatus?.reason ?? null;
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

  /** Nagle's algorithm is off on every connection of landspout's; there is nothing to do. */
  setNodelay(_on: boolean): void {}

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
    const origin = originOf(headers);
    const isForeign = () => origin !== null && !this.checkOrigin(origin);
    const refusal =
      judgeUpgrade(request) ?? (isForeign() ? foreignOrigin : judgeHandshake(request));
    if (refusal === null) this.#upgrade(acceptValue(headers.get("Sec-WebSocket-Key") ?? ""));
    else this.#refuse(refusal);
  }

  /** @internal The connection has ended. */
  [CONNECTION_ENDED](): void {
    this.#stream?.end();
    try {
      this.onClose();
    } catch (error) {
      log.error(`Uncaught exception in onClose ${requestSummary(this)}`, error);
    }
    this[RESPONSE].release();
  }

  // Steps.

  #refuse({ status, message }: HandshakeRefusal): void {
    this.setStatus(status);
    if (status === 426) this.setHeader("Sec-WebSocket-Version", WEBSOCKET_VERSIONS.join(", "));
    this.finish(message);
  }

  #upgrade(accept: string): void {
    const response = this[RESPONSE];
    const { exchange } = response;
    const offered = subprotocolsOf(this.request.headers);
    const subprotocol = this.selectSubprotocol(offered);
    if (subprotocol !== null && !offered.includes(subprotocol)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `selectSubprotocol() returned ${describe(subprotocol)}; allowed are null and what was offered: ${describe(offered)}`,
      );
    }
    let head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
    if (subprotocol !== null) head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
    head += `${response.upgradeLines()}\r\n`;
    const profile = this.application.webSockets.of(
      exchange.server,
      this.constructor as typeof WebSocketHandler,
    );
    const { slot, generation } = exchange;
    const connection = new WebSocketConnection(profile, this, slot, generation);
    if (subprotocol !== null) connection.subprotocol = subprotocol;
    exchange.upgrade(head, connection);
    response.status = 101;
    response.isFinished = true;
    this.#connection = connection;
    this.application.logRequest(this);
    const upgraded = new UpgradedResponse(exchange, response.extrasIfAny);
    this[RESPONSE] = upgraded as unknown as ResponseWriter;
    try {
      this.onFinish();
    } catch (error) {
      log.error(`Uncaught exception in onFinish ${requestSummary(this)}`, error);
    }
    connection.start(() => this.#open());
  }

  #open(): unknown {
    const { pathArgs } = this;
    const open = this.open as (...args: unknown[]) => unknown;
    const result = this.hasNamedPathArgs
      ? open.call(this, this.pathKwargs)
      : open.apply(this, [...pathArgs]);
    return result;
  }
}

const foreignOrigin: HandshakeRefusal = {
  status: 403,
  message: "Cross origin websockets not allowed",
};

function send(
  connection: WebSocketConnection,
  message: WebSocketMessage,
  options?: WriteMessageOptions,
): Promise<void> {
  const key = options?.key;
  if (message instanceof Uint8Array) {
    return options?.binary === false
      ? connection.sendText(Buffer.from(message).toString("utf8"), key)
      : connection.sendBytes(message, key);
  }
  if (
    typeof message !== "string" &&
    (typeof message !== "object" || message === null || Array.isArray(message))
  ) {
    throw new CodedError(
      "ERR_HTTP_WRITE_TYPE",
      `writeMessage() was given ${describe(message)}; allowed are strings, bytes and plain objects`,
    );
  }
  const text = typeof message === "string" ? message : jsonText(message);
  return options?.binary === true
    ? connection.sendBytes(Buffer.from(text), key)
    : connection.sendText(text, key);
}

function notOpen(call: string): never {
  throw new CodedError("ERR_STATE", `${call} before open(): the connection is no WebSocket yet`);
}
