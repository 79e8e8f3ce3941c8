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
import type { PlainPieces } from "./plainpieces.ts";
import {
  DEFAULT_CONTENT_TYPE,
  type FieldValue,
  JSON_CONTENT_TYPE,
  ResponseHeaders,
} from "./responseheaders.ts";

/** Who knows the entity tag of the response: its handler. */
export interface EtagSource {
  /** computeEtag is the user's own. */
  readonly hasOwnEtag: boolean;
  computeEtag(): string | null;
  setEtagHeader(): void;
  checkEtagHeader(): boolean;
}

/** Longest body whose entity tag the addon computes as it sends it. */
const MOST_TAGGED_CHARACTERS = 32 * 1024;

/** Fields about a body, which a response without one does not have. RFC 9110 §8. */
const bodyFields = ["Content-Encoding", "Content-Language", "Content-Type"] as const;

export class ResponseWriter {
  readonly exchange: Exchange;
  status = 200;
  /** Replaces the standard phrase. */
  reason: string | null = null;
  isFinished = false;

  /** The Content-Type; void once there is more to say and `headers` is made. */
  private contentType = DEFAULT_CONTENT_TYPE;
  private headers: ResponseHeaders | null = null;
  private chunk: string | Uint8Array | null = null;
  private moreChunks: (string | Uint8Array)[] | null = null;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  // Head.

  /** Forgets all that has been set and written. */
  clear(): void {
    this.status = 200;
    this.reason = null;
    this.contentType = DEFAULT_CONTENT_TYPE;
    this.headers = null;
    this.chunk = null;
    this.moreChunks = null;
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
    if (
      this.headers === null &&
      this.status === 200 &&
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

  private completeInFull(handler: EtagSource): void {
    const { exchange } = this;
    const { method } = exchange;
    if (this.status === 200 && (method === "GET" || method === "HEAD")) {
      if (this.lines("Etag").length === 0) handler.setEtagHeader();
      if (handler.checkEtagHeader()) {
        this.chunk = null;
        this.moreChunks = null;
        this.status = 304;
        this.reason = null;
      }
    }
    if (isBodiless(this.status)) {
      if (this.bodyBytes() > 0) {
        throw new CodedError(
          "ERR_HTTP_BODY_FORBIDDEN",
          `a response with status ${this.status} has no body, but one was written`,
        );
      }
      for (const name of bodyFields) this.clearHeader(name);
    }
    this.sendHead(this.declaredBytes() ?? this.bodyBytes());
    this.isFinished = true;
    this.sendChunks();
    exchange.finish();
  }

  private sendHead(bodyBytes: number | null): void {
    const { exchange } = this;
    const asksToClose = (line: string) => /(?:^|,)\s*close\s*(?:,|$)/i.test(line);
    if (this.lines("Connection").some(asksToClose)) exchange.keepAlive = false;
    const fields = this.fields().text(SERVER_LINE, exchange.server.pieces.date());
    exchange.sendHead(this.status, this.reasonText(), fields, bodyBytes);
  }

  private sendChunks(): void {
    const chunks = this.chunks();
    this.chunk = null;
    this.moreChunks = null;
    for (const chunk of chunks) this.exchange.write(chunk);
  }

  private bodyBytes(): number {
    let bytes = 0;
    for (const chunk of this.chunks()) {
      bytes += typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.length;
    }
    return bytes;
  }

  /** The Content-Length that the handler has set, or null. */
  private declaredBytes(): number | null {
    const line = this.lines("Content-Length")[0];
    if (line === undefined) return null;
    if (/^\d{1,15}$/.test(line)) return Number(line);
    throw new CodedError(
      "ERR_HTTP_BODY_LENGTH",
      `Content-Length was set to ${JSON.stringify(line)}; allowed is a number of bytes`,
    );
  }

  private fields(): ResponseHeaders {
    this.headers ??= new ResponseHeaders(this.contentType);
    return this.headers;
  }
}
