/**
 * Exchange: one request and its response on a connection.
 *
 * HTTPServer makes one per request and gives it to the dispatcher (Application); RequestHandler answers through it. It
 * frames the response (Content-Length, chunks, until close), and keeps the order of its bytes.
 *
 *     head record ──▶ Exchange ──▶ dispatcher ──▶ respondText()                       whole, of a ready-made head
 *                                             └─▶ sendHead() · write()… · finish()   anything else
 *
 * One is made per request, so its state is in plain fields; it is internal, and no class of a user's extends it.
 */
import { CodedError } from "../base/errors.ts";
import {
  HEAD_HTTP_1_0,
  HEAD_KEEP_ALIVE,
  HEAD_UPGRADE,
  METHOD_HEAD,
  OP_CONTINUE,
} from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import type { SlotOwner } from "../loop/slotowner.ts";
import { isBodiless } from "../http/httpstatus.ts";
import type { Detached } from "./detachedslot.ts";
import { IncomingRequest, type RequestServer } from "./incomingrequest.ts";
import type { ResponsePiece, ResponsePieces } from "./responsepieces.ts";
import type { WebSocketConnection } from "./websocketconnection.ts";

/** Who answers requests; Application is one. Declared here, below it. */
export interface RequestDispatcher {
  /** Answers a request whose framing has been judged and whose body, if any, is there: now or later, always. */
  startRequest(exchange: Exchange): void;
  /**
   * Called once for a request with a body, when its head is there and it is its turn, before a byte of the body is judged
   * or asked for. It may set exchange.bodyReader, which then takes the body, and the limits (setMaxBodyBytes,
   * setBodyTimeoutMs). It may also start the request: whoever sets exchange.isStarted must answer it, now or later, and
   * startRequest is not called for it. A response that is finished before the body has arrived closes the connection.
   *
   * @returns a promise: the body is not asked for, judged or given on before it settles. What is thrown, or rejected
   *   with, is taken as from a BodyReader
   */
  startBody?(exchange: Exchange): unknown;
  /**
   * Asked of a dispatcher with startBody() for a request whose body came with its head.
   *
   * @returns true if it wants the body whole: startBody() is not called then
   */
  takesWholeBody?(exchange: Exchange): boolean;
}

/** What an exchange needs of its server. */
export interface ExchangeServer extends RequestServer {
  readonly loop: IOLoop;
  readonly keepsAlive: boolean;
  readonly isStopping: boolean;
  readonly pieces: ResponsePieces;
  readonly options: { readonly highWaterBytes: number; readonly maxBodyBytes: number };
  /** Gives the connection to another owner. @throws CodedError ERR_STATE */
  detach(exchange: Exchange, owner: SlotOwner): Detached;
  /** Makes the connection a WebSocket. @throws CodedError ERR_STATE */
  upgrade(exchange: Exchange, head: string, connection: WebSocketConnection): void;
  /** Ends the connection so that the client can read what was sent. */
  linger(slot: number, generation: number): void;
  /** Ends the connection at once. */
  abort(slot: number, generation: number): void;
  /** Gives the exchange a connection. */
  openConnection(exchange: Exchange): void;
}

/** What an exchange that outlives its record needs of its connection. */
export interface ExchangeConnection {
  /** The response is complete. */
  onFinished(exchange: Exchange): void;
  flushed(): Promise<void>;
}

/** What a body is made of. */
export type Chunk = string | Uint8Array;

/** From this many bytes on a file that the kernel does not take is queued by its descriptor. */
const FILE_FLUSH_BYTES = 64 * 1024;

// Where the response is.
const FRESH = 0;
const HEAD_SENT = 1;
const FINISHED = 2;
/** The connection ended first: what is still said goes nowhere. */
const GONE = 3;
/** The connection is somebody else's. */
const DETACHED = 4;

export class Exchange extends IncomingRequest {
  readonly server: ExchangeServer;
  /** Set when the request outlives the walk of its record. */
  connection: ExchangeConnection | null = null;
  /** May the connection carry another request after this one? */
  keepAlive: boolean;
  /** Called once if the connection ends before the response is finished. */
  closeListener: (() => void) | null = null;

  private state = FRESH;
  private isChunked = false;
  /** Bytes of the response's body still owed; -1 = not declared. */
  private owed = -1;
  private omitsBody = false;

  /** @hot bench/run.mjs: once per request */
  constructor(server: ExchangeServer, slot: number, generation: number, at: number) {
    super(server.loop, slot, generation, at);
    this.server = server;
    this.keepAlive = (this.flags & HEAD_KEEP_ALIVE) !== 0 && server.keepsAlive;
  }

  // The response.

  get isHeadSent(): boolean {
    return this.state === HEAD_SENT || this.state === FINISHED;
  }

  /** The client has gone before the response was finished. */
  get isGone(): boolean {
    return this.state === GONE;
  }

  /** The response is complete, or can no longer be given. */
  get isFinished(): boolean {
    return this.state >= FINISHED;
  }

  /** Another owner has the connection: what is still said here goes nowhere. */
  get isDetached(): boolean {
    return this.state === DETACHED;
  }

  /** True if respondText() may be used: an ordinary request on a connection that goes on. */
  get takesPieces(): boolean {
    return (
      this.keepAlive &&
      this.methodIndex !== METHOD_HEAD &&
      (this.flags & HEAD_HTTP_1_0) === 0 &&
      !this.isBodyPending
    );
  }

  /**
   * Answers with a ready-made head and a text, and is done.
   *
   * @hot bench/run.mjs: once per response
   */
  respondText(piece: ResponsePiece, text: string): void {
    if (this.state >= GONE) return;
    this.state = FINISHED;
    if ((this.flags & HEAD_UPGRADE) !== 0) this.readOn();
    const id = this.server.pieces.use(piece);
    const bytes = this.loop.outbox.writeFramedText(this.slot, this.generation, id, text);
    if (this.connection !== null) this.connection.onFinished(this);
    else if (bytes > this.server.options.highWaterBytes) this.loop.outbox.flush();
  }

  /**
   * As respondText(), for a piece that ends with the entity tag, and fewer than 64 Ki characters.
   *
   * @hot bench/run.mjs: once per response
   */
  respondTagged(piece: ResponsePiece, text: string): void {
    if (this.state >= GONE) return;
    this.state = FINISHED;
    if ((this.flags & HEAD_UPGRADE) !== 0) this.readOn();
    const id = this.server.pieces.use(piece);
    this.loop.outbox.writeTaggedText(this.slot, this.generation, id, text);
    if (this.connection !== null) this.connection.onFinished(this);
  }

  /**
   * Sends status line and fields, and decides how the body is delimited.
   *
   * @param fields complete field lines, each with CRLF; without those that delimit the body or the connection
   * @param bodyBytes length of the body; null = not known: chunked, or for HTTP/1.0 until the connection closes
   * @see RFC 9112 §6.3, §9.6
   */
  sendHead(status: number, reason: string, fields: string, bodyBytes: number | null): void {
    if (this.state >= GONE) return;
    if (this.state !== FRESH) {
      throw new CodedError(
        "ERR_HTTP_HEADERS_SENT",
        "the head of the response has already been sent",
      );
    }
    const isHead = this.methodIndex === METHOD_HEAD;
    const isHttp10 = (this.flags & HEAD_HTTP_1_0) !== 0;
    let text = `HTTP/1.1 ${status} ${reason}\r\n${fields}`;
    this.state = HEAD_SENT;
    if ((this.flags & HEAD_UPGRADE) !== 0) this.readOn();
    this.omitsBody = isHead || isBodiless(status);
    if (bodyBytes !== null) {
      if (!isBodiless(status)) text += `Content-Length: ${bodyBytes}\r\n`;
      if (!this.omitsBody) this.owed = bodyBytes;
    } else if (!this.omitsBody) {
      if (isHttp10) this.keepAlive = false;
      else {
        this.isChunked = true;
        text += "Transfer-Encoding: chunked\r\n";
      }
    }
    // The rest of the request would be taken for the next one.
    if (this.isBodyPending) this.keepAlive = false;
    if (!this.keepAlive) text += "Connection: close\r\n";
    else if (isHttp10) text += "Connection: Keep-Alive\r\n";
    this.loop.outbox.writeLatin1(this.slot, this.generation, `${text}\r\n`);
  }

  /**
   * Sends a piece of the body. Nothing is sent for HEAD, 204 and 304.
   *
   * @throws CodedError ERR_HTTP_BODY_LENGTH if it is more than Content-Length said; the connection is closed then
   */
  write(chunk: Chunk): void {
    const bytes = typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.length;
    if (!this.sendsBody(bytes)) return;
    const { outbox } = this.loop;
    const { slot, generation } = this;
    if (this.isChunked) outbox.writeLatin1(slot, generation, `${bytes.toString(16)}\r\n`);
    if (typeof chunk === "string") outbox.writeText(slot, generation, chunk);
    else outbox.writeBytes(slot, generation, chunk);
    if (this.isChunked) outbox.writeLatin1(slot, generation, "\r\n");
    if (bytes > this.server.options.highWaterBytes) outbox.flush();
  }

  /**
   * Sends a piece of the body from an open file, as write() does from memory; see Outbox.writeFile() for what its
   * errors do to the connection. The descriptor may be closed by its owner in a later turn, not in this one.
   *
   * @param offset of the first byte in the file
   * @throws CodedError ERR_HTTP_BODY_LENGTH as write() does
   */
  writeFile(fd: number, offset: number, length: number): void {
    if (!this.sendsBody(length)) return;
    const { outbox } = this.loop;
    const { slot, generation } = this;
    if (this.isChunked) outbox.writeLatin1(slot, generation, `${length.toString(16)}\r\n`);
    outbox.writeFile(slot, generation, fd, offset, length);
    if (this.isChunked) outbox.writeLatin1(slot, generation, "\r\n");
    // What waits holds a descriptor: the server must see it before it serves the next pipelined request.
    if (length > FILE_FLUSH_BYTES) outbox.flush();
  }

  /**
   * Ends the response.
   *
   * @throws CodedError ERR_HTTP_BODY_LENGTH if less was written than Content-Length said; the connection is closed then
   */
  finish(): void {
    if (this.state >= FINISHED) return;
    if (this.owed > 0) {
      const { owed } = this;
      this.abort();
      throw new CodedError(
        "ERR_HTTP_BODY_LENGTH",
        `the body is ${owed} bytes shorter than its Content-Length; the connection is closed`,
      );
    }
    if (this.isChunked) this.loop.outbox.writeLatin1(this.slot, this.generation, "0\r\n\r\n");
    this.state = FINISHED;
    if (this.connection !== null) this.connection.onFinished(this);
    else if (!this.keepAlive) this.server.linger(this.slot, this.generation);
  }

  /** Says "100 Continue" to a client that waits for it before it sends its body. RFC 9110 §10.1.1. */
  sendContinue(): void {
    this.loop.outbox.writeLatin1(this.slot, this.generation, "HTTP/1.1 100 Continue\r\n\r\n");
  }

  /** Settles when what has been written is with the kernel, or little enough of it is not. Rejects if the connection ends. */
  flushed(): Promise<void> {
    if (this.state === FINISHED && this.connection === null) return Promise.resolve();
    return this.ensureConnection().flushed();
  }

  /** Ends the connection at once: what can no longer be said must not look complete. */
  abort(): void {
    if (this.state >= FINISHED) return;
    this.state = GONE;
    this.keepAlive = false;
    this.server.abort(this.slot, this.generation);
  }

  /**
   * Takes the connection away from HTTP: from now on `owner` hears of it (onData, onEof, onDrained, onClosed), beginning
   * with what the client has sent behind this request's head, and writes to it by slot and generation. Nothing of a
   * response has been or will be sent for this request; the owner ends the connection, server.stop() waits no longer for it.
   *
   * @throws CodedError ERR_STATE, and nothing has changed, if the response has begun, the request's body is still on its
   *   way, requests behind it have already been read as HTTP, or the connection would not have outlived it
   */
  detach(owner: SlotOwner): Detached {
    this.checkFresh("detach()");
    const detached = this.server.detach(this, owner);
    this.state = DETACHED;
    this.closeListener = null;
    return detached;
  }

  /**
   * Makes the connection a WebSocket, which owns it from now on.
   *
   * @param head the response's, complete: 101
   * @throws CodedError ERR_STATE as detach()
   */
  upgrade(head: string, connection: WebSocketConnection): void {
    this.checkFresh("a WebSocket");
    this.server.upgrade(this, head, connection);
    this.state = DETACHED;
    this.closeListener = null;
  }

  /** The request is refused, or cannot go on: what is still said goes nowhere, and who waits for its end is told. */
  cutOff(): void {
    this.keepAlive = false;
    this.onConnectionClosed();
  }

  /** The connection is gone; called by it, once. */
  onConnectionClosed(): void {
    const wasFinished = this.state >= FINISHED;
    if (!wasFinished) this.state = GONE;
    const listener = this.closeListener;
    this.closeListener = null;
    if (!wasFinished) listener?.();
  }

  /** The peer will send no more; it may or may not still listen. Tells who waits for that, once. */
  onPeerFinished(): void {
    const listener = this.closeListener;
    this.closeListener = null;
    if (this.state < FINISHED) listener?.();
  }

  private checkFresh(what: string): void {
    if (this.state === FRESH) return;
    throw new CodedError(
      "ERR_STATE",
      `${what} after the response has begun, or the client has gone`,
    );
  }

  /** The request asked for an upgrade and is answered instead: what comes behind it is HTTP. RFC 9110 §7.8. */
  private readOn(): void {
    this.loop.outbox.command(OP_CONTINUE, this.slot, this.generation);
  }

  /** Takes `bytes` from what the response still owes. @returns false if they are not to be sent */
  private sendsBody(bytes: number): boolean {
    if (this.state >= GONE) return false;
    if (this.state !== HEAD_SENT) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "the response is already finished, or its head is not sent",
      );
    }
    if (bytes === 0 || this.omitsBody) return false;
    if (this.owed === -1) return true;
    if (bytes > this.owed) {
      this.abort();
      throw new CodedError(
        "ERR_HTTP_BODY_LENGTH",
        `${bytes} bytes were written where Content-Length leaves ${this.owed}; the connection is closed`,
      );
    }
    this.owed -= bytes;
    return true;
  }

  private ensureConnection(): ExchangeConnection {
    if (this.connection === null) this.server.openConnection(this);
    if (this.connection === null) throw new CodedError("ERR_ASSERTION", "no connection was opened");
    return this.connection;
  }
}
