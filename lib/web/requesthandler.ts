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
import { checkFieldValue, checkReason } from "../http/fieldvalue.ts";
import type { Arguments } from "../http/forms.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { isBodiless, reasonPhrase } from "../http/httpstatus.ts";
import type { Exchange } from "../server/exchange.ts";
import { METHOD_GET } from "../server/methods.ts";
import { SERVER_LINE } from "../server/responsepieces.ts";
import type { Application, ApplicationSettings } from "./application.ts";
import {
  type ArgumentOptions,
  decodePathArgs,
  decodePathKwargs,
  readArguments,
} from "./argumentreader.ts";
import { errorPage, tracebackPage } from "./errorpage.ts";
import { HandlerPlan } from "./handlerplan.ts";
import { checkStatus, Finish, HTTPError, MissingArgumentError } from "./httperror.ts";
import { jsonText } from "./jsontext.ts";
import {
  DEFAULT_CONTENT_TYPE,
  type FieldValue,
  JSON_CONTENT_TYPE,
  ResponseHeaders,
} from "./responseheaders.ts";
import type { InitArgs, PathArgs, PathKwargs } from "./routing.ts";

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

/** Longest body whose entity tag the addon computes as it sends it. */
const MOST_TAGGED_CHARACTERS = 32 * 1024;

const plans = new WeakMap<object, HandlerPlan>();

export class RequestHandler {
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

  readonly application: Application;
  /** Decoded groups of the route's pattern, if they have no names; undefined where an optional one did not match. */
  pathArgs: readonly (string | undefined)[] = noArgs;
  /** Decoded groups of the route's pattern by name. */
  pathKwargs: Readonly<Record<string, string | undefined>> = noKwargs;

  readonly #exchange: Exchange;
  #plan: HandlerPlan | null = null;
  /** The Content-Type; void once there is more to say and #headers is made. */
  #contentType = DEFAULT_CONTENT_TYPE;
  #headers: ResponseHeaders | null = null;
  #status = 200;
  #reason: string | null = null;
  #chunk: string | Uint8Array | null = null;
  #moreChunks: (string | Uint8Array)[] | null = null;
  #isFinished = false;

  /** Called by Application alone; a subclass that has a constructor passes both on. */
  constructor(application: Application, exchange: Exchange) {
    this.application = application;
    this.#exchange = exchange;
  }

  // Hooks: what a user overrides.

  /** Called first, with the init args of the route. */
  initialize(_args: InitArgs): void {}

  /** Called before the verb, whatever it is; may be async, and may finish the request. */
  prepare(): unknown {
    return undefined;
  }

  get(..._args: never[]): unknown {
    return this.#unsupported();
  }
  head(..._args: never[]): unknown {
    return this.#unsupported();
  }
  post(..._args: never[]): unknown {
    return this.#unsupported();
  }
  delete(..._args: never[]): unknown {
    return this.#unsupported();
  }
  patch(..._args: never[]): unknown {
    return this.#unsupported();
  }
  put(..._args: never[]): unknown {
    return this.#unsupported();
  }
  options(..._args: never[]): unknown {
    return this.#unsupported();
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
        log.warn(`${error.statusCode} ${this.#summary()}: ${error.logMessage}`);
    } else if (error instanceof CodedError && error.code === "ERR_HTTP_CONNECTION_CLOSED") {
      log.info(`${this.#summary()}: ${error.message}`);
    } else if (error instanceof HTTPInputError) {
      log.info(`${error.status} ${this.#summary()}: ${error.message}`);
    } else {
      log.error(`Uncaught exception ${this.#summary()}`, error);
    }
  }

  /** Writes the body of an error response. The traceback is sent only with the setting serveTraceback. */
  writeError(status: number, { error }: ErrorContext): void {
    if (this.settings.serveTraceback === true && error !== undefined) {
      this.setHeader("Content-Type", "text/plain; charset=UTF-8");
      this.finish(tracebackPage(error));
    } else {
      this.finish(errorPage(status, this.#reasonText()));
    }
  }

  /** Decodes the bytes of an argument or a path group. @throws HTTPError 400 if they are not UTF-8 */
  decodeArgument(bytes: Buffer, name: string | null): string {
    try {
      return utf8.decode(bytes);
    } catch {
      throw new HTTPError(
        400,
        `Invalid unicode in ${name ?? "url"}: ${JSON.stringify(bytes.toString("latin1").slice(0, 40))}`,
      );
    }
  }

  /** The entity tag of the response, in quotes; null = none. Default: the SHA-1 of what was written. */
  computeEtag(): string | null {
    return etagOf(this.#chunks());
  }

  // The request.

  get request(): HTTPServerRequest {
    return this.#exchange.request;
  }

  /** @internal */
  get hasOwnDecoder(): boolean {
    return this.decodeArgument !== RequestHandler.prototype.decodeArgument;
  }

  get settings(): ApplicationSettings {
    return this.application.settings;
  }

  /**
   * The last value of an argument of query or body.
   *
   * @param fallback what it is if it is not there
   * @throws MissingArgumentError (400) if it is not there and has no fallback
   */
  getArgument(name: string): string;
  getArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return this.#argument(this.request.arguments, name, fallback, options);
  }

  /** All values of an argument, those of the query first; [] if there are none. */
  getArguments(name: string, options?: ArgumentOptions): string[] {
    return this.#arguments(this.request.arguments, name, options);
  }

  /** As getArgument(), of the query alone. */
  getQueryArgument(name: string): string;
  getQueryArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getQueryArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return this.#argument(this.request.queryArguments, name, fallback, options);
  }

  getQueryArguments(name: string, options?: ArgumentOptions): string[] {
    return this.#arguments(this.request.queryArguments, name, options);
  }

  /** As getArgument(), of the body alone. */
  getBodyArgument(name: string): string;
  getBodyArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getBodyArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return this.#argument(this.request.bodyArguments, name, fallback, options);
  }

  getBodyArguments(name: string, options?: ArgumentOptions): string[] {
    return this.#arguments(this.request.bodyArguments, name, options);
  }

  // The response's head.

  /** Forgets status, fields and what was written: as the handler was at first. */
  clear(): void {
    this.#contentType = DEFAULT_CONTENT_TYPE;
    this.#headers = null;
    this.#status = 200;
    this.#reason = null;
    this.#chunk = null;
    this.#moreChunks = null;
    this.setDefaultHeaders();
  }

  /**
   * @param reason replaces the standard phrase; "Unknown" if it could break the status line
   * @throws CodedError ERR_HTTP_STATUS if `status` is not an integer from 200 to 999
   */
  setStatus(status: number, reason?: string): void {
    checkStatus(status);
    this.#status = status;
    this.#reason = reason === undefined ? null : checkReason(reason);
  }

  getStatus(): number {
    return this.#status;
  }

  /**
   * Sets a field, replacing what it was. How the body is delimited is the server's to say: of the fields that do, only
   * Content-Length (a promise that is held to) and "Connection: close" are heeded.
   *
   * @throws CodedError ERR_HTTP_FIELD_NAME, ERR_HTTP_FIELD_VALUE, ERR_ARGUMENT_TYPE
   */
  setHeader(name: string, value: FieldValue): void {
    // Most responses say no more than their type; they need no set of fields. @hot bench/run.mjs
    if (this.#headers === null && name === "Content-Type" && typeof value === "string") {
      if (value !== this.#contentType) checkFieldValue(value);
      this.#contentType = value;
    } else {
      this.#fields().set(name, value);
    }
  }

  /** Adds one more line of a field. @throws as setHeader() */
  addHeader(name: string, value: FieldValue): void {
    this.#fields().add(name, value);
  }

  /** Takes a field back; one that is not set is fine. */
  clearHeader(name: string): void {
    this.#fields().clear(name);
  }

  /** Sets the Etag field to computeEtag(). */
  setEtagHeader(): void {
    const etag = this.computeEtag();
    if (etag !== null) this.setHeader("Etag", etag);
  }

  /** Tells whether the client already has what the Etag field names. @see RFC 9110 §13.1.2 */
  checkEtagHeader(): boolean {
    const etag = this.#fields().getList("Etag")[0];
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
    if (this.#isFinished) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "write() after finish(): the response is already complete",
      );
    }
    let bytes: string | Uint8Array;
    if (typeof chunk === "string" || chunk instanceof Uint8Array) bytes = chunk;
    else {
      bytes = jsonText(chunk);
      if (this.#headers === null) this.#contentType = JSON_CONTENT_TYPE;
      else this.#headers.set("Content-Type", JSON_CONTENT_TYPE);
    }
    if (this.#chunk === null) this.#chunk = bytes;
    else if (this.#moreChunks === null) this.#moreChunks = [bytes];
    else this.#moreChunks.push(bytes);
  }

  /**
   * Sends what has been written. The first call sends the head; without a Content-Length the body is chunked.
   *
   * @returns settles when the client keeps up: await it between the pieces of a long body. Rejects with
   *   ERR_HTTP_CONNECTION_CLOSED if the client has gone
   */
  flush(): Promise<void> {
    if (this.#isFinished) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "flush() after finish(): the response is already complete",
      );
    }
    this.#flushChunks();
    return this.#exchange.flushed();
  }

  /**
   * Completes the response; a verb that returns without it is completed so.
   *
   * @returns settles when the response is with the kernel, or close to it
   * @throws CodedError ERR_HTTP_FINISHED if it was completed before
   */
  finish(chunk?: Writable): Promise<void> {
    if (this.#isFinished) {
      throw new CodedError(
        "ERR_HTTP_FINISHED",
        "finish() called twice: the response is already complete",
      );
    }
    if (chunk !== undefined) this.write(chunk);
    this.#complete();
    return this.#exchange.flushed();
  }

  /** The response is complete. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  /**
   * Sends the client elsewhere and finishes.
   *
   * @param url absolute, or relative to the request's
   * @throws CodedError ERR_HTTP_HEADERS_SENT; ERR_HTTP_STATUS if `status` is not 300 to 399
   */
  redirect(url: string, { permanent = false, status }: RedirectOptions = {}): void {
    if (this.#exchange.isHeadSent) {
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
    if (this.#exchange.isHeadSent) {
      log.error(`cannot send error ${status} ${this.#summary()}: the head has been sent`);
      if (!this.#isFinished) {
        this.#isFinished = true;
        this.#exchange.abort();
        this.#end();
      }
      return;
    }
    this.clear();
    const fromError = context.error instanceof HTTPError ? context.error.reason : null;
    this.setStatus(status, context.reason ?? fromError ?? undefined);
    if (status === 405) this.setHeader("Allow", this.#plan?.allow ?? "");
    if (isBodiless(status)) {
      this.finish();
      return;
    }
    try {
      this.writeError(status, context);
    } catch (error) {
      log.error(`Uncaught exception in writeError ${this.#summary()}`, error);
    }
    if (!this.#isFinished) this.finish();
  }

  /** @internal Runs the life of the request. Called by Application, once. */
  static run(
    handler: RequestHandler,
    plan: HandlerPlan,
    initArgs: InitArgs,
    args: PathArgs | null,
    kwargs: PathKwargs | null,
  ): void {
    handler.#plan = plan;
    handler.#run(initArgs, args, kwargs);
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

  /** @hot bench/run.mjs: once per request */
  #run(initArgs: InitArgs, args: PathArgs | null, kwargs: PathKwargs | null): void {
    try {
      this.setDefaultHeaders();
      this.initialize(initArgs);
      if (args !== null) this.pathArgs = decodePathArgs(args, this);
      else if (kwargs !== null) this.pathKwargs = decodePathKwargs(kwargs, this);
      const prepared = this.prepare();
      if (isPromise(prepared)) {
        this.#await(prepared, () => this.#runVerb());
        return;
      }
      if (this.#isFinished) return;
      const result = this.#callVerb();
      if (isPromise(result)) this.#await(result, () => this.#finishUnlessFinished());
      else if (!this.#isFinished) this.#complete();
    } catch (error) {
      this.#handleException(error);
    }
  }

  #runVerb(): void {
    if (this.#isFinished) return;
    const result = this.#callVerb();
    if (isPromise(result)) this.#await(result, () => this.#finishUnlessFinished());
    else this.#finishUnlessFinished();
  }

  #callVerb(): unknown {
    const exchange = this.#exchange;
    const verb = this.#plan?.verb(exchange.methodIndex, exchange);
    if (verb === undefined) return this.#unsupported();
    const args = this.pathArgs;
    if (this.pathKwargs !== noKwargs) return verb.call(this, this.pathKwargs);
    if (args.length === 0) return verb.call(this);
    return args.length === 1 ? verb.call(this, args[0]) : verb.call(this, ...args);
  }

  #finishUnlessFinished(): void {
    if (!this.#isFinished) this.#complete();
  }

  /** Goes on when a promise of the user's settles; the client may be gone by then. */
  #await(promise: PromiseLike<unknown>, next: () => void): void {
    this.#exchange.closeListener = () => this.#onConnectionClosed();
    promise.then(
      () => {
        try {
          next();
        } catch (error) {
          this.#handleException(error);
        }
      },
      (error: unknown) => this.#handleException(error),
    );
  }

  #onConnectionClosed(): void {
    try {
      this.onConnectionClose();
    } catch (error) {
      log.error(`Uncaught exception in onConnectionClose ${this.#summary()}`, error);
    }
  }

  #handleException(error: unknown): void {
    try {
      if (error instanceof Finish) {
        if (!this.#isFinished) {
          if (error.chunk !== undefined) this.write(error.chunk as Writable);
          this.#complete();
        }
        return;
      }
      try {
        this.logException(error);
      } catch (inLog) {
        log.error("Uncaught exception in logException", inLog);
      }
      if (this.#isFinished) return;
      const status =
        error instanceof HTTPError
          ? error.statusCode
          : error instanceof HTTPInputError
            ? error.status
            : 500;
      this.sendError(status, { error });
    } catch (again) {
      // Nothing is left to try; the client must not wait for ever.
      log.error(`Uncaught exception while an error was sent ${this.#summary()}`, again);
      this.#isFinished = true;
      this.#exchange.abort();
    }
  }

  /** @hot bench/run.mjs: once per response; one ready-made head and one text if the handler asked for no more. */
  #complete(): void {
    const exchange = this.#exchange;
    if (
      this.#headers === null &&
      this.#status === 200 &&
      this.#moreChunks === null &&
      exchange.takesPieces &&
      this.#completeWithPiece(exchange, this.#chunk ?? "")
    ) {
      this.#end();
    } else if (exchange.isHeadSent) {
      this.#flushChunks();
      this.#isFinished = true;
      exchange.finish();
      this.#end();
    } else {
      this.#completeInFull();
    }
  }

  /** @returns false if nothing has happened: the response is not of the plain kind */
  #completeWithPiece(exchange: Exchange, body: string | Uint8Array): boolean {
    if (typeof body !== "string") return false;
    const pieces = this.application.pieces(exchange.server);
    const hasOwnTag = this.computeEtag !== RequestHandler.prototype.computeEtag;
    const isTagged = exchange.methodIndex === METHOD_GET && !hasOwnTag;
    if (isTagged) {
      if (body.length > MOST_TAGGED_CHARACTERS || exchange.asksIfNoneMatch) return false;
      const piece = pieces.tag(this.#contentType);
      if (piece === null) return false;
      this.#isFinished = true;
      exchange.respondTagged(piece, body);
      return true;
    }
    if (exchange.methodIndex === METHOD_GET && this.computeEtag() !== null) return false;
    const piece = pieces.length(this.#contentType);
    if (piece === null) return false;
    this.#isFinished = true;
    exchange.respondText(piece, body);
    return true;
  }

  #completeInFull(): void {
    const exchange = this.#exchange;
    const method = exchange.method;
    if (
      this.#status === 200 &&
      (method === "GET" || method === "HEAD") &&
      !this.#fields().has("Etag")
    ) {
      this.setEtagHeader();
    }
    if (this.#status === 200 && this.#fields().has("Etag") && this.checkEtagHeader()) {
      this.#chunk = null;
      this.#moreChunks = null;
      this.setStatus(304);
    }
    if (isBodiless(this.#status)) {
      if (this.#bodyBytes() > 0) {
        throw new CodedError(
          "ERR_HTTP_BODY_FORBIDDEN",
          `a response with status ${this.#status} has no body, but one was written`,
        );
      }
      for (const name of ["Content-Encoding", "Content-Language", "Content-Type"])
        this.clearHeader(name);
    }
    const bytes = this.#declaredBytes() ?? this.#bodyBytes();
    this.#sendHead(bytes);
    this.#isFinished = true;
    this.#writeChunks();
    try {
      exchange.finish();
    } finally {
      this.#end();
    }
  }

  #flushChunks(): void {
    if (!this.#exchange.isHeadSent) this.#sendHead(this.#declaredBytes());
    this.#writeChunks();
  }

  #sendHead(bodyBytes: number | null): void {
    const exchange = this.#exchange;
    if (
      this.#fields()
        .getList("Connection")
        .some((line) => /(?:^|,)\s*close\s*(?:,|$)/i.test(line))
    ) {
      exchange.keepAlive = false;
    }
    const fields = this.#fields().text(SERVER_LINE, exchange.server.pieces.date());
    exchange.sendHead(this.#status, this.#reasonText(), fields, bodyBytes);
  }

  #writeChunks(): void {
    const first = this.#chunk;
    const more = this.#moreChunks;
    this.#chunk = null;
    this.#moreChunks = null;
    if (first !== null) this.#exchange.write(first);
    if (more !== null) for (const chunk of more) this.#exchange.write(chunk);
  }

  #end(): void {
    this.application.logRequest(this);
    try {
      this.onFinish();
    } catch (error) {
      log.error(`Uncaught exception in onFinish ${this.#summary()}`, error);
    }
  }

  #chunks(): (string | Uint8Array)[] {
    return this.#chunk === null ? [] : [this.#chunk, ...(this.#moreChunks ?? [])];
  }

  #bodyBytes(): number {
    let bytes = 0;
    for (const chunk of this.#chunks())
      bytes += typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.length;
    return bytes;
  }

  /** The Content-Length that the handler has set, or null. */
  #declaredBytes(): number | null {
    const line = this.#fields().getList("Content-Length")[0];
    if (line === undefined) return null;
    if (/^\d{1,15}$/.test(line)) return Number(line);
    throw new CodedError(
      "ERR_HTTP_BODY_LENGTH",
      `Content-Length was set to ${JSON.stringify(line)}; allowed is a number of bytes`,
    );
  }

  #reasonText(): string {
    return this.#reason ?? reasonPhrase(this.#status);
  }

  #argument<T>(
    from: Arguments,
    name: string,
    fallback: T | undefined,
    options?: ArgumentOptions,
  ): string | T {
    const value = this.#arguments(from, name, options).at(-1);
    if (value !== undefined) return value;
    if (fallback === undefined) throw new MissingArgumentError(name);
    return fallback;
  }

  #arguments(from: Arguments, name: string, options?: ArgumentOptions): string[] {
    return readArguments(
      from,
      name,
      (bytes, argument) => this.decodeArgument(bytes, argument),
      options,
    );
  }

  #fields(): ResponseHeaders {
    this.#headers ??= new ResponseHeaders(this.#contentType);
    return this.#headers;
  }

  #unsupported(): never {
    throw new HTTPError(405);
  }

  #summary(): string {
    try {
      return `${this.request.method} ${this.request.uri} (${this.request.remoteIp})`;
    } catch {
      return "(a request whose head is gone)";
    }
  }

  static readonly #answerOptions = function (this: RequestHandler): void {
    this.setStatus(204);
    this.setHeader("Allow", RequestHandler.planOf(this.constructor as typeof RequestHandler).allow);
  } as (this: object) => unknown;
}

const noArgs: readonly (string | undefined)[] = [];
const noKwargs: Readonly<Record<string, string | undefined>> = {};
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
