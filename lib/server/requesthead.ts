/**
 * RequestHead: what a request says, where the inbox has it.
 *
 * Exchange extends it with the response. Nothing is decoded that nobody asks for: the bytes of the head, and of a body
 * that came with it, are in the inbox until
 * the turn is over. retain() keeps those of a request that is answered later; a head that was looked at is kept anyway.
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
  HEAD_LENGTH_HIGH,
  HEAD_LENGTH_LOW,
  HEAD_METHOD,
  HEAD_PATH_END,
  HEAD_PATH_HASH,
  HEAD_START,
  HEAD_TARGET_START,
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

const noBody = Buffer.alloc(0);
const TWO_TO_32 = 0x1_0000_0000;

export abstract class RequestHead implements HTTPServerRequestInit, RequestContext {
  readonly loop: IOLoop;
  /** The head's record in the inbox ring, while isLive. */
  readonly at: number;
  readonly flags: number;
  readonly methodIndex: number;

  private readonly epoch: number;
  /** The body that came with the head, as a span of the arena; both 0 = it did not, or there is none. */
  private bodyStart = 0;
  private bodyEnd = 0;
  /** The body as a value; null = it is in the arena, or there is none. */
  private bytes: Buffer | null = null;
  private head: string | null = null;
  private fields: HTTPHeaders | null = null;
  private value: HTTPServerRequest | null = null;
  private startMs: number | null = null;

  constructor(loop: IOLoop, at: number) {
    const { ring } = loop;
    this.loop = loop;
    this.at = at;
    this.flags = ring[at + HEAD_FLAGS]!;
    this.methodIndex = ring[at + HEAD_METHOD]!;
    this.epoch = loop.epoch;
  }

  abstract get remoteIp(): string;

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

  /** The body, whole; of length 0 if there is none. */
  get body(): Buffer {
    if (this.bytes !== null) return this.bytes;
    if (this.bodyEnd === 0) return noBody;
    if (!this.isLive) throw gone("body");
    // Memory of its own, not of Buffer's pool: whoever gets it may transfer it.
    const copy = Buffer.allocUnsafeSlow(this.bodyEnd - this.bodyStart);
    this.loop.arena.copy(copy, 0, this.bodyStart, this.bodyEnd);
    this.bytes = copy;
    return copy;
  }

  set body(bytes: Buffer) {
    this.bytes = bytes;
  }

  get bodyBytes(): number {
    return this.bytes === null ? this.bodyEnd - this.bodyStart : this.bytes.length;
  }

  /** The body for somebody who reads it at once and keeps nothing of it. */
  get passingBody(): Buffer {
    const { bytes, bodyStart, bodyEnd } = this;
    if (bytes !== null || bodyEnd === 0 || !this.isLive) return this.body;
    return this.loop.arena.subarray(bodyStart, bodyEnd);
  }

  /** The body is here: arena[start, end). */
  setBodySpan(start: number, end: number): void {
    this.bodyStart = start;
    this.bodyEnd = end;
  }

  /** Copies a body out of the inbox that a user may still ask for; the request has been answered in its own turn. */
  keepBody(): void {
    if (this.bodyEnd !== 0 && this.value !== null && !this.value.hasJson) this.bytes = this.body;
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

  abstract get protocol(): "http" | "https";

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

  /** The head as it was sent, up to its empty line: latin1. */
  get text(): string {
    return this.headText();
  }

  /** Keeps what the inbox will forget when the turn is over. */
  retain(): void {
    this.startMs ??= this.loop.clock.turnMs;
    this.headText();
    this.bytes ??= this.body;
  }

  // Steps.

  private headText(): string {
    if (this.head !== null) return this.head;
    if (!this.isLive) throw gone("head");
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

function gone(what: string): CodedError {
  return new CodedError(
    "ERR_STATE",
    `the ${what} of this request is gone: it was answered at once and nobody had looked at it; read this.request before the handler returns`,
  );
}
