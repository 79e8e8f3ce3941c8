/**
 * ResponseWriter: the response of one handler as it grows, and how it leaves.
 *
 * RequestHandler's methods are thin over this; Application makes one per request. A response that is plain (status 200, no
 * field but Content-Type, one text, written whole) leaves as a ready-made head and that text; any other is put together.
 *
 * One is made per request, so its state is in plain fields; it is internal, and no class of a user's extends it.
 */
import { CodedError } from "../base/errors.ts";
import { checkFieldValue } from "../http/fieldvalue.ts";
import { isBodiless, reasonPhrase } from "../http/httpstatus.ts";
import type { Exchange } from "../server/exchange.ts";
import { METHOD_GET } from "../server/methods.ts";
import { SERVER_LINE } from "../server/responsepieces.ts";
import { declaredLength } from "./declaredlength.ts";
import type { EtagSource } from "./etagsource.ts";
import type { FileBody } from "./filebody.ts";
import { HandlerExtras, type Releasable } from "./handlerextras.ts";
import type { PlainPieces } from "./plainpieces.ts";
import {
  DEFAULT_CONTENT_TYPE,
  type FieldValue,
  JSON_CONTENT_TYPE,
  ResponseHeaders,
} from "./responseheaders.ts";

/** Where a handler keeps its ResponseWriter: a symbol, so that no field of a user's subclass can tread on it. */
export const RESPONSE: unique symbol = Symbol("landspout.response");

/** Longest body whose entity tag the addon computes as it sends it. */
const MOST_TAGGED_CHARACTERS = 32 * 1024;

/** Fields about a body, which a response without one does not have. RFC 9110 §8. */
export const bodyFields = ["Content-Encoding", "Content-Language", "Content-Type"] as const;

export class ResponseWriter {
  readonly exchange: Exchange;
  status = 200;
  /** Replaces the standard phrase. */
  reason: string | null = null;
  isFinished = false;
  /** The response is finished, and an output transform is still at work on it. */
  isSending = false;

  /** The Content-Type; void once there is more to say and `headers` is made. */
  private contentType = DEFAULT_CONTENT_TYPE;
  protected headers: ResponseHeaders | null = null;
  private chunk: string | Uint8Array | null = null;
  private moreChunks: (string | Uint8Array)[] | null = null;
  /** The body, where it is not written; see setFile(). */
  protected file: FileBody | null = null;
  private fileLines: string | null = null;
  private rare: HandlerExtras | null = null;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  /** What most requests do not need; made when it is first asked for. */
  get extras(): HandlerExtras {
    this.rare ??= new HandlerExtras();
    return this.rare;
  }

  /** The extras, if something has asked for them. */
  get extrasIfAny(): HandlerExtras | null {
    return this.rare;
  }

  /** An asynchronous writeError() is at work: the response is its to complete. */
  get isErring(): boolean {
    return this.rare?.isErring === true;
  }

  /**
   * Has `listener` called once if the client goes away before the response is finished. A second call changes nothing.
   *
   * @param listener throws nothing
   */
  watch(listener: () => void): void {
    this.exchange.closeListener ??= () => {
      this.rare?.abort?.abort(goneError());
      listener();
    };
  }

  /** The signal that fires when the client goes away before the response is finished. */
  signal(listener: () => void): AbortSignal {
    const { extras } = this;
    if (extras.abort === null) {
      extras.abort = new AbortController();
      if (this.exchange.isGone) extras.abort.abort(goneError());
      else if (!this.isFinished) this.watch(listener);
    }
    return extras.abort.signal;
  }

  /** Has something released when the response is complete, or will never be. */
  keepUntilEnd(held: Releasable): void {
    this.extras.releases.push(held);
  }

  /** The response is complete, or will never be. */
  release(): void {
    this.rare?.release();
  }

  // Head.

  /** Forgets all that has been set and written, but for cookies; of a head that has been sent nothing. */
  clear(): void {
    this.chunk = null;
    this.moreChunks = null;
    this.file?.release();
    this.file = null;
    if (this.isHeadGiven) return;
    this.status = 200;
    this.reason = null;
    this.contentType = DEFAULT_CONTENT_TYPE;
    this.headers = null;
    if (this.rare?.cookies != null) this.fields();
  }

  /**
   * Sets what a Set-Cookie line says of a cookie, replacing what was said of it before.
   *
   * @param line the field's value, checked
   */
  setCookie(name: string, line: string): void {
    const { extras } = this;
    extras.cookies ??= new Map();
    // The last one set stands last.
    extras.cookies.delete(name);
    extras.cookies.set(name, line);
    // A response with fields of its own is put together in full.
    this.fields();
  }

  /** @hot bench/run.mjs: once per response that sets its Content-Type; allocates nothing then */
  setHeader(name: string, value: FieldValue): void {
    if (this.headers === null && name === "Content-Type" && typeof value === "string") {
      if (value !== this.contentType) checkFieldValue(value);
      this.contentType = value;
    } else {
      this.fields().set(name, value);
    }
  }

  addHeader(name: string, value: FieldValue): void {
    this.fields().add(name, value);
  }

  clearHeader(name: string): void {
    this.fields().clear(name);
  }

  /** The lines of a field; none if it is not set. */
  lines(name: string): readonly string[] {
    return this.fields().getList(name);
  }

  reasonText(): string {
    return this.reason ?? reasonPhrase(this.status);
  }

  // Body.

  setJsonType(): void {
    if (this.headers === null) this.contentType = JSON_CONTENT_TYPE;
    else this.headers.set("Content-Type", JSON_CONTENT_TYPE);
  }

  append(chunk: string | Uint8Array): void {
    if (this.chunk === null) this.chunk = chunk;
    else if (this.moreChunks === null) this.moreChunks = [chunk];
    else this.moreChunks.push(chunk);
  }

  /** What has been written and not sent. */
  chunks(): (string | Uint8Array)[] {
    return this.chunk === null ? [] : [this.chunk, ...(this.moreChunks ?? [])];
  }

  /** Nothing has been said yet but the Content-Type, if that: status 200, no other field, nothing written. */
  get isPlain(): boolean {
    return (
      this.headers === null && this.status === 200 && this.reason === null && this.chunk === null
    );
  }

  /**
   * Makes a file, or parts of one, the body; it is sent by complete(), in the place of what is written.
   *
   * @param lines complete field lines in the place of those that were set, for a response that isPlain; null = those
   */
  setFile(body: FileBody, lines: string | null): void {
    body.retain();
    this.file?.release();
    this.file = body;
    this.fileLines = lines;
  }

  /** The head has been sent, or is on its way through output transforms: what is set now comes too late. */
  get isHeadGiven(): boolean {
    return this.exchange.isHeadSent;
  }

  /** An output transform would change the body of the response, as its head is now, if it were streamed. */
  transformsBody(): boolean {
    return false;
  }

  /** Gives up what output transforms have of the response: for an error page. @returns true if one of them had failed */
  abandon(): boolean {
    return false;
  }

  /** Settles when what was flushed is with the kernel, or little enough of it is not. Rejects if the connection ends. */
  flushed(): Promise<void> {
    return this.exchange.flushed();
  }

  /** For a response that hands the connection over: what was set, as complete field lines, without what is about a body. */
  upgradeLines(): string {
    for (const name of bodyFields) this.clearHeader(name);
    return this.fieldLines();
  }

  /** Sends what has been written, after the head if that has not been sent. */
  flush(): void {
    if (!this.exchange.isHeadSent) this.sendHead(this.declaredBytes());
    this.sendChunks();
  }

  /**
   * Completes the response.
   *
   * @hot bench/run.mjs: once per response
   * @throws CodedError ERR_HTTP_BODY_FORBIDDEN, ERR_HTTP_BODY_LENGTH
   */
  complete(pieces: PlainPieces, handler: EtagSource): void {
    const { exchange } = this;
    if (this.file !== null) {
      this.completeWithFile(this.file);
      return;
    }
    if (
      this.headers === null &&
      this.status === 200 &&
      this.reason === null &&
      this.moreChunks === null &&
      exchange.takesPieces &&
      this.completeWithPiece(pieces, handler, this.chunk ?? "")
    ) {
      return;
    }
    if (exchange.isHeadSent) {
      this.flush();
      this.isFinished = true;
      exchange.finish();
    } else {
      this.completeInFull(handler);
    }
  }

  // Steps.

  /** @returns false if nothing has happened: the response is not of the plain kind */
  private completeWithPiece(
    pieces: PlainPieces,
    handler: EtagSource,
    body: string | Uint8Array,
  ): boolean {
    if (typeof body !== "string") return false;
    const { exchange } = this;
    const isGet = exchange.methodIndex === METHOD_GET;
    if (isGet && !handler.hasOwnEtag) {
      if (body.length > MOST_TAGGED_CHARACTERS || exchange.asksIfNoneMatch) return false;
      const piece = pieces.tag(this.contentType);
      if (piece === null) return false;
      this.isFinished = true;
      exchange.respondTagged(piece, body);
      return true;
    }
    if (isGet && handler.computeEtag() !== null) return false;
    const piece = pieces.length(this.contentType);
    if (piece === null) return false;
    this.isFinished = true;
    exchange.respondText(piece, body);
    return true;
  }

  /** @hot bench/run.mjs: once per static file */
  private completeWithFile(file: FileBody): void {
    const { exchange, fileLines: lines } = this;
    if (this.chunk !== null || this.isHeadGiven) {
      throw new CodedError(
        "ERR_HTTP_BODY_LENGTH",
        "something was written to a response whose body is a file",
      );
    }
    if (lines === null) this.sendHead(file.bytes);
    else {
      const fields = `${SERVER_LINE}${lines}Date: ${exchange.server.pieces.date()}\r\n`;
      exchange.sendHead(this.status, this.reasonText(), fields, file.bytes);
    }
    this.isFinished = true;
    this.file = null;
    file.send(exchange);
    file.release();
    exchange.finish();
  }

  private completeInFull(handler: EtagSource): void {
    this.settleStatus(handler);
    if (isBodiless(this.status)) for (const name of bodyFields) this.clearHeader(name);
    this.sendHead(this.declaredBytes() ?? this.bodyBytes());
    this.isFinished = true;
    this.sendChunks();
    this.exchange.finish();
  }

  /**
   * Tags the response, and makes it a 304 if the client has it already.
   *
   * @throws CodedError ERR_HTTP_BODY_FORBIDDEN
   */
  protected settleStatus(handler: EtagSource): void {
    const { method } = this.exchange;
    if (this.status === 200 && (method === "GET" || method === "HEAD")) {
      if (this.lines("Etag").length === 0) handler.setEtagHeader();
      if (handler.checkEtagHeader()) {
        this.chunk = null;
        this.moreChunks = null;
        this.status = 304;
        this.reason = null;
      }
    }
    if (isBodiless(this.status) && this.bodyBytes() > 0) {
      throw new CodedError(
        "ERR_HTTP_BODY_FORBIDDEN",
        `a response with status ${this.status} has no body, but one was written`,
      );
    }
  }

  protected sendHead(bodyBytes: number | null): void {
    const { exchange } = this;
    const asksToClose = (line: string) => /(?:^|,)\s*close\s*(?:,|$)/i.test(line);
    if (this.lines("Connection").some(asksToClose)) exchange.keepAlive = false;
    exchange.sendHead(this.status, this.reasonText(), this.fieldLines(), bodyBytes);
  }

  /** What was set, as complete field lines; without what frames the body. */
  protected fieldLines(): string {
    let lines = this.fields().text(SERVER_LINE, this.exchange.server.pieces.date());
    const cookies = this.rare?.cookies ?? null;
    if (cookies !== null) for (const line of cookies.values()) lines += `Set-Cookie: ${line}\r\n`;
    return lines;
  }

  protected sendChunks(): void {
    for (const chunk of this.takeChunks()) this.exchange.write(chunk);
  }

  protected takeChunks(): (string | Uint8Array)[] {
    const chunks = this.chunks();
    this.chunk = null;
    this.moreChunks = null;
    return chunks;
  }

  protected bodyBytes(): number {
    let bytes = 0;
    for (const chunk of this.chunks()) {
      bytes += typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.length;
    }
    return bytes;
  }

  /** The Content-Length that the handler has set, or null. @throws CodedError as declaredLength() */
  protected declaredBytes(): number | null {
    const line = this.lines("Content-Length")[0];
    return line === undefined ? null : declaredLength(line, this.bodyBytes(), this.exchange);
  }

  protected fields(): ResponseHeaders {
    this.headers ??= new ResponseHeaders(this.contentType);
    return this.headers;
  }
}

function goneError(): CodedError {
  return new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the client has gone away");
}
