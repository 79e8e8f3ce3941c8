/**
 * Exchange: one request and its response on a connection.
 *
 * HTTPServer makes one per request and gives it to the dispatcher (Application); RequestHandler answers through it. It
 * frames the response (Content-Length, chunks, until close), and keeps the order of its bytes.
 *
 *     head record ──▶ Exchange ──▶ dispatcher ──▶ respondText()                       whole, of a ready-made head
 *                                             └─▶ sendHead() · write()… · finish()   anything else
 *
 * What the request says stays in the inbox until it is asked for: its bytes are there until the turn is over. retain()
 * keeps the head of a request that is answered later; a head that was looked at once is kept anyway.
 *
 * One is made per request, so its state is in plain fields; it is internal, and no class of a user's extends it.
 */
import { CodedError } from "../base/errors.ts";
import {
  HEAD_ABSOLUTE_FORM,
  HEAD_ASTERISK,
  HEAD_END,
  HEAD_FIELD_COUNT,
  HEAD_FIELDS,
  HEAD_FLAGS,
  HEAD_HTTP_1_0,
  HEAD_IF_NONE_MATCH,
  HEAD_KEEP_ALIVE,
  HEAD_LENGTH_HIGH,
  HEAD_LENGTH_LOW,
  HEAD_METHOD,
  HEAD_PATH_END,
  HEAD_PATH_HASH,
  HEAD_START,
  HEAD_TARGET_START,
  METHOD_HEAD,
  METHOD_OTHER,
  methodNames,
} from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { HTTPHeaders } from "../http/httpheaders.ts";
import {
  HTTPServerRequest,
  type HTTPServerRequestInit,
  type HTTPVersion,
  type RequestContext,
} from "../http/httpserverrequest.ts";
import { isBodiless } from "../http/httpstatus.ts";
import type { HTTP1Connection } from "./http1connection.ts";
import type { HTTPServer } from "./httpserver.ts";
import type { ResponsePiece } from "./responsepieces.ts";

/** What a body is made of. */
export type Chunk = string | Uint8Array;

const noBody = Buffer.alloc(0);
const TWO_TO_32 = 0x1_0000_0000;

// Where the response is.
const FRESH = 0;
const HEAD_SENT = 1;
const FINISHED = 2;
/** The connection ended first: what is still said goes nowhere. */
const GONE = 3;

export class Exchange implements HTTPServerRequestInit, RequestContext {
  readonly server: HTTPServer;
  readonly loop: IOLoop;
  readonly slot: number;
  readonly generation: number;
  /** The head's record in the inbox ring, while isLive. */
  readonly at: number;
  readonly flags: number;
  readonly methodIndex: number;
  /** Set when the request outlives the walk of its record. */
  connection: HTTP1Connection | null = null;
  body: Buffer = noBody;
  /** The request's body has not arrived whole. */
  isBodyPending = false;
  /** May the connection carry another request after this one? */
  keepAlive: boolean;
  /** Called once if the connection ends before the response is finished. */
  closeListener: (() => void) | null = null;

  private readonly epoch: number;
  private state = FRESH;
  private head: string | null = null;
  private fields: HTTPHeaders | null = null;
  private value: HTTPServerRequest | null = null;
  private startMs: number | null = null;
  private isChunked = false;
  /** Bytes of the response's body still owed; -1 = not declared. */
  private owed = -1;
  private omitsBody = false;

  /** @hot bench/run.mjs: once per request */
  constructor(server: HTTPServer, slot: number, generation: number, at: number) {
    const loop = server.loop;
    const flags = loop.ring[at + HEAD_FLAGS]!;
    this.server = server;
    this.loop = loop;
    this.slot = slot;
    this.generation = generation;
    this.at = at;
    this.flags = flags;
    this.methodIndex = loop.ring[at + HEAD_METHOD]!;
    this.keepAlive = (flags & HEAD_KEEP_ALIVE) !== 0 && server.keepsAlive;
    this.epoch = loop.epoch;
  }

  // The request.

  /** The head's record and bytes are still in the inbox. */
  get isLive(): boolean {
    return this.epoch === this.loop.epoch;
  }

  get method(): string {
    if (this.methodIndex !== METHOD_OTHER) return methodNames[this.methodIndex]!;
    const head = this.headText();
    return head.slice(0, head.indexOf(" "));
  }

  get uri(): string {
    const head = this.headText();
    const start = head.indexOf(" ") + 1;
    return head.slice(start, head.indexOf(" ", start));
  }

  get version(): HTTPVersion {
    return (this.flags & HEAD_HTTP_1_0) === 0 ? "HTTP/1.1" : "HTTP/1.0";
  }

  get headers(): HTTPHeaders {
    this.fields ??= this.makeHeaders();
    return this.fields;
  }

  /** The request as a value; made when first asked for. */
  get request(): HTTPServerRequest {
    this.value ??= new HTTPServerRequest(this);
    return this.value;
  }

  /** The target is a path that can be looked for by its bytes: pathHash and arena[pathStart, pathStart + pathLength). */
  get hasPathBytes(): boolean {
    return this.isLive && (this.flags & (HEAD_ABSOLUTE_FORM | HEAD_ASTERISK)) === 0;
  }

  get isAsterisk(): boolean {
    return (this.flags & HEAD_ASTERISK) !== 0;
  }

  get pathHash(): number {
    return this.loop.ring[this.at + HEAD_PATH_HASH]!;
  }

  get pathStart(): number {
    const { ring } = this.loop;
    return ring[this.at + HEAD_START]! + ring[this.at + HEAD_TARGET_START]!;
  }

  get pathLength(): number {
    const { ring } = this.loop;
    return ring[this.at + HEAD_PATH_END]! - ring[this.at + HEAD_TARGET_START]!;
  }

  /** The undecoded path without the query, for routing; only for origin-form targets, which most are. */
  get path(): string {
    if (!this.hasPathBytes) return this.request.path;
    const { ring } = this.loop;
    return this.headText().slice(
      ring[this.at + HEAD_TARGET_START]!,
      ring[this.at + HEAD_PATH_END]!,
    );
  }

  /** The host asked, in lower case and without its port, for routing. */
  get hostName(): string {
    return this.request.hostName;
  }

  /** Declared length of the request's body; 0 if it is chunked or there is none. Only while isLive. */
  get declaredBodyBytes(): number {
    const ring = this.loop.ring;
    const low = ring[this.at + HEAD_LENGTH_LOW]! >>> 0;
    return ring[this.at + HEAD_LENGTH_HIGH]! * TWO_TO_32 + low;
  }

  get context(): RequestContext {
    return this;
  }

  get remoteIp(): string {
    return this.server.remoteIpOf(this.slot, this.generation);
  }

  get protocol(): "http" | "https" {
    return "http";
  }

  get startTime(): number {
    return this.startMs ?? this.loop.clock.turnMs;
  }

  nowMs(): number {
    return this.loop.clock.now();
  }

  /** The client has named entity tags that it already has. */
  get asksIfNoneMatch(): boolean {
    return (this.flags & HEAD_IF_NONE_MATCH) !== 0;
  }

  /** Keeps what the inbox will forget when the turn is over. */
  retain(): void {
    this.startMs ??= this.loop.clock.turnMs;
    this.headText();
  }

  // The response.

  get isHeadSent(): boolean {
    return this.state === HEAD_SENT || this.state === FINISHED;
  }

  /** The client has gone before the response was finished. */
  get isGone(): boolean {
    return this.state === GONE;
  }

  get isFinished(): boolean {
    return this.state >= FINISHED;
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
    if (this.state === GONE) return;
    this.state = FINISHED;
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
    if (this.state === GONE) return;
    this.state = FINISHED;
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
    if (this.state === GONE) return;
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
    if (this.state === GONE) return;
    if (this.state !== HEAD_SENT) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "the response is already finished, or its head is not sent",
      );
    }
    const bytes = typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.length;
    if (bytes === 0 || this.omitsBody) return;
    if (this.owed !== -1) {
      if (bytes > this.owed) {
        this.abort();
        throw new CodedError(
          "ERR_HTTP_BODY_LENGTH",
          `${bytes} bytes were written where Content-Length leaves ${this.owed}; the connection is closed`,
        );
      }
      this.owed -= bytes;
    }
    const { outbox } = this.loop;
    const { slot, generation } = this;
    if (this.isChunked) outbox.writeLatin1(slot, generation, `${bytes.toString(16)}\r\n`);
    if (typeof chunk === "string") outbox.writeText(slot, generation, chunk);
    else outbox.writeBytes(slot, generation, chunk);
    if (this.isChunked) outbox.writeLatin1(slot, generation, "\r\n");
    if (bytes > this.server.options.highWaterBytes) outbox.flush();
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

  ensureConnection(): HTTP1Connection {
    if (this.connection === null) this.server.openConnection(this);
    return this.connection as unknown as HTTP1Connection;
  }

  // Steps.

  private headText(): string {
    if (this.head !== null) return this.head;
    if (!this.isLive) {
      throw new CodedError(
        "ERR_STATE",
        "the head of this request is gone: it was answered at once and nobody had looked at it; read this.request before the handler returns",
      );
    }
    const ring = this.loop.ring;
    this.head = this.loop.arena.latin1Slice(ring[this.at + HEAD_START]!, ring[this.at + HEAD_END]!);
    return this.head;
  }

  private makeHeaders(): HTTPHeaders {
    const head = this.headText();
    if (!this.isLive) return HTTPHeaders.fromHeadText(head);
    const ring = this.loop.ring;
    const from = this.at + HEAD_FIELDS;
    const words = ring[this.at + HEAD_FIELD_COUNT]! * 3;
    const spans = new Array<number>(words);
    for (let i = 0; i < words; i++) spans[i] = ring[from + i]!;
    return HTTPHeaders.fromHead(head, spans);
  }
}
