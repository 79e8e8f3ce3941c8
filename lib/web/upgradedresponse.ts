/**
 * UpgradedResponse: what stands in the place of a handler's ResponseWriter once its connection is a WebSocket.
 *
 * The exchange and the writer of the handshake are dropped then; this small object keeps what is still asked for: the
 * request, made again from its head if somebody wants it, and the extras. There is no response any more: what would
 * change one throws.
 */
import { CodedError } from "../base/errors.ts";
import { HTTPHeaders } from "../http/httpheaders.ts";
import {
  HTTPServerRequest,
  type HTTPServerRequestInit,
  type RequestContext,
} from "../http/httpserverrequest.ts";
import { knownRequestId } from "../http/requestid.ts";
import type { Exchange } from "../server/exchange.ts";
import { HandlerExtras } from "./handlerextras.ts";
import { keptHead, wholeHead } from "./upgradehead.ts";

const noBody = Buffer.alloc(0);

export class UpgradedResponse implements RequestContext {
  readonly remoteIp: string;
  readonly protocol: "http" | "https";
  /** See upgradehead.ts. */
  private readonly head: string;
  private readonly key: string | null;
  private rare: HandlerExtras | null;
  private value: HTTPServerRequest | null = null;

  /**
   * @param key of the handshake
   * @param extras of the handshake; null = none
   */
  constructor(exchange: Exchange, key: string, extras: HandlerExtras | null) {
    const head = keptHead(exchange.text, key);
    this.remoteIp = exchange.remoteIp;
    this.protocol = exchange.protocol;
    this.head = head.text;
    this.key = head.key;
    this.rare = extras;
    const id = exchange.isForwarded ? exchange.request.id : knownRequestId(exchange.request);
    if (id !== null) this.extras.requestId = id;
  }

  get requestId(): string | null {
    return this.rare?.requestId ?? null;
  }

  // What a handler asks its ResponseWriter.

  get extras(): HandlerExtras {
    this.rare ??= new HandlerExtras();
    return this.rare;
  }

  get extrasIfAny(): HandlerExtras | null {
    return this.rare;
  }

  get exchange(): this {
    return this;
  }

  get isHeadSent(): boolean {
    return true;
  }

  get isHeadGiven(): boolean {
    return true;
  }

  get isFinished(): boolean {
    return true;
  }

  get isSending(): boolean {
    return false;
  }

  get status(): number {
    return 101;
  }

  set status(_status: number) {
    refuse();
  }

  reasonText(): string {
    return "Switching Protocols";
  }

  lines(_name: string): readonly string[] {
    return [];
  }

  chunks(): [] {
    return [];
  }

  release(): void {
    this.rare?.release();
  }

  clear(): never {
    return refuse();
  }

  setHeader(): never {
    return refuse();
  }

  addHeader(): never {
    return refuse();
  }

  clearHeader(): never {
    return refuse();
  }

  setCookie(): never {
    return refuse();
  }

  /** Fires when the connection ends: WebSocketHandler sees to that. */
  signal(): AbortSignal {
    const { extras } = this;
    extras.abort ??= new AbortController();
    return extras.abort.signal;
  }

  // What a handler asks its exchange.

  get request(): HTTPServerRequest {
    this.value ??= new HTTPServerRequest(this.init());
    return this.value;
  }

  private init(): HTTPServerRequestInit {
    const head = wholeHead(this.head, this.key);
    const [method = "", uri = "", version] = head.slice(0, head.indexOf("\r\n")).split(" ");
    return {
      method,
      uri,
      version: version === "HTTP/1.0" ? version : "HTTP/1.1",
      headers: HTTPHeaders.fromHeadText(head),
      body: noBody,
      context: this,
      startTime: performance.now(),
    };
  }
}

function refuse(): never {
  throw new CodedError(
    "ERR_HTTP_HEADERS_SENT",
    "the connection is a WebSocket: it has no response any more; do this in prepare()",
  );
}
