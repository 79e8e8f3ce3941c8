/**
 * RequestHandler: what a user extends to answer requests, after Tornado's.
 *
 *     class User extends RequestHandler {
 *       async get(id: string) { this.write(await db.user(id)); }   // an object is written as JSON
 *     }
 *
 * One is made per request. The life of a request:
 *
 *     setDefaultHeaders → initialize(init args) → prepare → get/post/… → finish (by itself) → onFinish
 *            any of these throws ──▶ logException → sendError → writeError ──▶ onFinish
 *            the client goes away before finish ──▶ onConnectionClose
 *
 * A verb that returns a promise is waited for. One that does not is answered in the turn its request was read in.
 */
import { describe } from "../base/describe.ts";
import { CodedError, HTTPInputError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { etagOf, matchesIfNoneMatch } from "../http/conditional.ts";
import { checkReason } from "../http/fieldvalue.ts";
import { isBodiless } from "../http/httpstatus.ts";
import type { ExchangeServer } from "../server/exchange.ts";
import { errorPage, tracebackPage } from "./errorpage.ts";
import { HandlerPlan } from "./handlerplan.ts";
import { checkStatus, HTTPError } from "./httperror.ts";
import { jsonText } from "./jsontext.ts";
import type { PlainPieces } from "./plainpieces.ts";
import { RequestReader } from "./requestreader.ts";
import type { FieldValue } from "./responseheaders.ts";
import type { EtagSource, ResponseWriter } from "./responsewriter.ts";
import type { InitArgs, ReverseArg } from "./routing.ts";

/** What write() takes: text, bytes, or a plain object to be sent as JSON. */
export type Writable = string | Uint8Array | Readonly<Record<string, unknown>>;

/** What writeError() is told. */
export interface ErrorContext {
  /** What was thrown; undefined if sendError() was called without. */
  readonly error?: unknown;
  /** The reason phrase to send, made safe. */
  readonly reason?: string;
}

/** How redirect() redirects. */
export interface RedirectOptions {
  /** 301 instead of 302. */
  readonly permanent?: boolean;
  /** Another status, 300 to 399. */
  readonly status?: number;
}

/** What a handler needs of its Application. */
export interface HandlerApplication {
  readonly settings: { readonly serveTraceback?: boolean; readonly [name: string]: unknown };
  logRequest(handler: RequestHandler): void;
  /** The path of a named route, with values for its groups. */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string;
  /** @internal */
  pieces(server: ExchangeServer): PlainPieces;
}

const plans = new WeakMap<object, HandlerPlan>();

export class RequestHandler extends RequestReader implements EtagSource {
  /** Methods that are served; extend it in a subclass and define the lower-cased method. Others are 405. */
  static readonly SUPPORTED_METHODS: readonly string[] = [
    "GET",
    "HEAD",
    "POST",
    "DELETE",
    "PATCH",
    "PUT",
    "OPTIONS",
  ];

  readonly application: HandlerApplication;
  readonly #response: ResponseWriter;

  /** Called by Application alone; a subclass that has a constructor passes both on. */
  constructor(application: HandlerApplication, response: ResponseWriter) {
    super(response.exchange);
    this.application = application;
    this.#response = response;
  }

  // Hooks: what a user overrides.

  /** Called first, with the init args of the route. */
  initialize(_args: InitArgs): void {}

  /** Called before the verb, whatever it is; may be async, and may finish the request. */
  prepare(): unknown {
    return undefined;
  }

  get(..._args: never[]): unknown {
    return unsupported();
  }
  head(..._args: never[]): unknown {
    return unsupported();
  }
  post(..._args: never[]): unknown {
    return unsupported();
  }
  delete(..._args: never[]): unknown {
    return unsupported();
  }
  patch(..._args: never[]): unknown {
    return unsupported();
  }
  put(..._args: never[]): unknown {
    return unsupported();
  }
  options(..._args: never[]): unknown {
    return unsupported();
  }

  /** Called once when the response has been handed over; may not write any more. */
  onFinish(): void {}

  /** Called once if the client goes away while an asynchronous handler is still at work. */
  onConnectionClose(): void {}

  /** Called by clear(): at first, and before an error page. The place for fields that every response is to have. */
  setDefaultHeaders(): void {}

  /** Logs what a handler threw: HTTPError with a message as a warning, anything else as an error. */
  logException(error: unknown): void {
    if (error instanceof HTTPError) {
      if (error.logMessage !== null)
        log.warn(`${error.statusCode} ${requestSummary(this)}: ${error.logMessage}`);
    } else if (error instanceof CodedError && error.code === "ERR_HTTP_CONNECTION_CLOSED") {
      log.info(`${requestSummary(this)}: ${error.message}`);
    } else if (error instanceof HTTPInputError) {
      log.info(`${error.status} ${requestSummary(this)}: ${error.message}`);
    } else {
      log.error(`Uncaught exception ${requestSummary(this)}`, error);
    }
  }

  /** Writes the body of an error response. The traceback is sent only with the setting serveTraceback. */
  writeError(status: number, { error }: ErrorContext): void {
    if (this.settings.serveTraceback === true && error !== undefined) {
      this.setHeader("Content-Type", "text/plain; charset=UTF-8");
      this.finish(tracebackPage(error));
    } else {
      this.finish(errorPage(status, this.#response.reasonText()));
    }
  }

  /** The entity tag of the response, in quotes; null = none. Default: the SHA-1 of what was written. */
  computeEtag(): string | null {
    return etagOf(this.#response.chunks());
  }

  // The request.

  /** @internal */
  get hasOwnEtag(): boolean {
    return this.computeEtag !== RequestHandler.prototype.computeEtag;
  }

  get settings(): HandlerApplication["settings"] {
    return this.application.settings;
  }

  /** The path of a named route of the application. @throws CodedError as Application.reverseUrl() */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string {
    return this.application.reverseUrl(name, ...args);
  }

  // The response's head.

  /** Forgets status, fields and what was written: as the handler was at first. */
  clear(): void {
    this.#response.clear();
    this.setDefaultHeaders();
  }

  /**
   * @param reason replaces the standard phrase; "Unknown" if it could break the status line
   * @throws CodedError ERR_HTTP_STATUS if `status` is not an integer from 200 to 999
   */
  setStatus(status: number, reason?: string): void {
    checkStatus(status);
    this.#response.status = status;
    this.#response.reason = reason === undefined ? null : checkReason(reason);
  }

  getStatus(): number {
    return this.#response.status;
  }

  /**
   * Sets a field, replacing what it was. How the body is delimited is the server's to say: of the fields that do, only
   * Content-Length (a promise that is held to) and "Connection: close" are heeded.
   *
   * @throws CodedError ERR_HTTP_FIELD_NAME, ERR_HTTP_FIELD_VALUE, ERR_ARGUMENT_TYPE
   */
  setHeader(name: string, value: FieldValue): void {
    this.#response.setHeader(name, value);
  }

  /** Adds one more line of a field. @throws as setHeader() */
  addHeader(name: string, value: FieldValue): void {
    this.#response.addHeader(name, value);
  }

  /** Takes a field back; one that is not set is fine. */
  clearHeader(name: string): void {
    this.#response.clearHeader(name);
  }

  /** Sets the Etag field to computeEtag(). */
  setEtagHeader(): void {
    const etag = this.computeEtag();
    if (etag !== null) this.setHeader("Etag", etag);
  }

  /** Tells whether the client already has what the Etag field names. @see RFC 9110 §13.1.2 */
  checkEtagHeader(): boolean {
    const etag = this.#response.lines("Etag")[0];
    const wanted = this.request.headers.get("If-None-Match");
    return etag !== undefined && wanted !== null && matchesIfNoneMatch(wanted, etag);
  }

  // The response's body.

  /**
   * Appends to the body; nothing is sent before flush() or finish().
   *
   * @param chunk text (sent as UTF-8), bytes (not to be changed any more), or an object, sent as JSON with its Content-Type
   * @throws CodedError ERR_HTTP_FINISHED; ERR_HTTP_WRITE_TYPE for anything else, arrays among them
   */
  write(chunk: Writable): void {
    const response = this.#response;
    if (response.isFinished) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "write() after finish(): the response is already complete",
      );
    }
    if (typeof chunk === "string" || chunk instanceof Uint8Array) {
      response.append(chunk);
    } else {
      response.append(jsonText(chunk));
      response.setJsonType();
    }
  }

  /**
   * Sends what has been written. The first call sends the head; without a Content-Length the body is chunked.
   *
   * @returns settles when the client keeps up: await it between the pieces of a long body. Rejects with
   *   ERR_HTTP_CONNECTION_CLOSED if the client has gone
   */
  flush(): Promise<void> {
    if (this.isFinished) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "flush() after finish(): the response is already complete",
      );
    }
    this.#response.flush();
    return this.#response.exchange.flushed();
  }

  /**
   * Completes the response; a verb that returns without it is completed so.
   *
   * @returns settles when the response is with the kernel, or close to it
   * @throws CodedError ERR_HTTP_FINISHED if it was completed before
   */
  finish(chunk?: Writable): Promise<void> {
    if (this.isFinished) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "finish() called twice: the response is already complete",
      );
    }
    if (chunk !== undefined) this.write(chunk);
    this.complete();
    return this.#response.exchange.flushed();
  }

  /** The response is complete. */
  get isFinished(): boolean {
    return this.#response.isFinished;
  }

  /** @internal As finish(), without a promise. @hot bench/run.mjs: once per response */
  complete(): void {
    const response = this.#response;
    try {
      response.complete(this.application.pieces(response.exchange.server), this);
    } finally {
      if (response.isFinished) this.#end();
    }
  }

  /**
   * Sends the client elsewhere and finishes.
   *
   * @param url absolute, or relative to the request's
   * @throws CodedError ERR_HTTP_HEADERS_SENT; ERR_HTTP_STATUS if `status` is not 300 to 399
   */
  redirect(url: string, { permanent = false, status }: RedirectOptions = {}): void {
    if (this.#response.exchange.isHeadSent) {
      throw new CodedError(
        "ERR_HTTP_HEADERS_SENT",
        "cannot redirect: the head of the response has been sent",
      );
    }
    const code = status ?? (permanent ? 301 : 302);
    if (!(Number.isInteger(code) && code >= 300 && code <= 399)) {
      throw new CodedError(
        "ERR_HTTP_STATUS",
        `the status of a redirect is ${describe(code)}; allowed is 300 to 399`,
      );
    }
    this.setStatus(code);
    this.setHeader("Location", url);
    this.finish();
  }

  /**
   * Answers with an error: clears what was set and written, then writeError().
   *
   * If the head has been sent, the connection is closed instead: what is left could be taken for a complete body.
   */
  sendError(status = 500, context: ErrorContext = {}): void {
    if (this.#response.exchange.isHeadSent) {
      log.error(`cannot send error ${status} ${requestSummary(this)}: the head has been sent`);
      if (!this.isFinished) {
        this.#response.isFinished = true;
        this.#response.exchange.abort();
        this.#end();
      }
      return;
    }
    this.clear();
    const fromError = context.error instanceof HTTPError ? context.error.reason : null;
    this.setStatus(status, context.reason ?? fromError ?? undefined);
    if (status === 405)
      this.setHeader(
        "Allow",
        RequestHandler.planOf(this.constructor as typeof RequestHandler).allow,
      );
    if (isBodiless(status)) {
      this.finish();
      return;
    }
    try {
      this.writeError(status, context);
    } catch (error) {
      log.error(`Uncaught exception in writeError ${requestSummary(this)}`, error);
    }
    if (!this.isFinished) this.finish();
  }

  /** @internal The plan of a handler class. */
  static planOf(handlerClass: typeof RequestHandler): HandlerPlan {
    let plan = plans.get(handlerClass);
    if (plan === undefined) {
      plan = new HandlerPlan(handlerClass, RequestHandler.prototype, RequestHandler.#answerOptions);
      plans.set(handlerClass, plan);
    }
    return plan;
  }

  // Steps.

  #end(): void {
    this.application.logRequest(this);
    try {
      this.onFinish();
    } catch (error) {
      log.error(`Uncaught exception in onFinish ${requestSummary(this)}`, error);
    }
  }

  static readonly #answerOptions = function (this: RequestHandler): void {
    this.setStatus(204);
    this.setHeader("Allow", RequestHandler.planOf(this.constructor as typeof RequestHandler).allow);
  } as (this: object) => unknown;
}

function unsupported(): never {
  throw new HTTPError(405);
}

/** Names a request for the log: "GET /path (127.0.0.1)". */
export function requestSummary(handler: RequestHandler): string {
  try {
    const { method, uri, remoteIp } = handler.request;
    return `${method} ${uri} (${remoteIp})`;
  } catch {
    return "(a request whose head is gone)";
  }
}
