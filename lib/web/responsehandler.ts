/**
 * ResponseHandler: the half of RequestHandler that answers: status, fields, body, redirects, errors, entity tags.
 *
 * RequestHandler extends it through CookieHandler and PageHandler. What is said here is kept by a ResponseWriter, which
 * sends it; the handler's own state is nothing but that.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import { etagOf, matchesIfNoneMatch } from "../http/conditional.ts";
import { checkReason, encodeLocation } from "../http/fieldvalue.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { isBodiless } from "../http/httpstatus.ts";
import type { ExchangeServer } from "../server/exchange.ts";
import type { HandlerSettings } from "./applicationsettings.ts";
import { errorBody } from "./errorbody.ts";
import { errorPage } from "./errorpage.ts";
import type { EtagSource } from "./etagsource.ts";
import { isClientGone, logHandlerException } from "./exceptionlog.ts";
import { checkStatus, HTTPError } from "./httperror.ts";
import { type JSONObject, jsonText } from "./jsontext.ts";
import type { PlainPieces } from "./plainpieces.ts";
import { RequestReader } from "./requestreader.ts";
import type { FieldValue } from "./responseheaders.ts";
import { RESPONSE, type ResponseWriter } from "./responsewriter.ts";
import type { ReverseArg } from "./routing.ts";
import { runHook } from "./runhook.ts";
import type { TopicApplication } from "./topicmessages.ts";
import type { WebSocketProfiles } from "./websocketprofiles.ts";

/** What write() takes: text, bytes, or a plain object to be sent as JSON. */
export type Writable = string | Uint8Array | JSONObject;

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
export interface HandlerApplication extends TopicApplication {
  readonly settings: HandlerSettings;
  /** Logs a response that is complete. */
  logRequest(handler: ResponseHandler): void;
  /** The path of a named route, with values for its groups. */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string;
  /** @internal A setting has requests checked before prepare(): xsrfCookies, crossOriginProtection. */
  readonly isGuarded: boolean;
  /** @internal */
  readonly webSockets: WebSocketProfiles;
  /** @internal */
  pieces(server: ExchangeServer): PlainPieces;
}

export abstract class ResponseHandler extends RequestReader implements EtagSource {
  readonly application: HandlerApplication;
  /** @internal */
  [RESPONSE]: ResponseWriter;

  /** Called by Application alone; a subclass that has a constructor passes both on. */
  constructor(application: HandlerApplication, response: ResponseWriter) {
    super();
    this.application = application;
    this[RESPONSE] = response;
  }

  get request(): HTTPServerRequest {
    return this[RESPONSE].exchange.request;
  }

  // Hooks: what a user overrides.

  /** Called once when the response has been handed over; may not write any more. */
  onFinish(): void {}

  /** Called by clear(): at first, and before an error page. The place for fields that every response is to have. */
  setDefaultHeaders(): void {}

  /** Logs what a handler threw: HTTPError with a message as a warning, anything else as an error. */
  logException(error: unknown): void {
    logHandlerException(error, requestSummary(this), this);
  }

  /**
   * Writes the body of an error response. What was thrown is told only with the setting serveTraceback; with debug, as a
   * page with the source around it, to clients that read HTML. An override may be async: it is waited for.
   */
  writeError(status: number, { error }: ErrorContext): unknown {
    const reason = this[RESPONSE].reasonText();
    const { contentType, text } = errorBody(status, reason, error, this.settings, this.request);
    if (contentType !== null) this.setHeader("Content-Type", contentType);
    this.finish(text);
    return undefined;
  }

  /** The entity tag of the response, in quotes; null = none. Default: the SHA-1 of what was written. */
  computeEtag(): string | null {
    return etagOf(this[RESPONSE].chunks());
  }

  // The request.

  /** @internal */
  get hasOwnEtag(): boolean {
    return this.computeEtag !== ResponseHandler.prototype.computeEtag;
  }

  get settings(): HandlerSettings {
    return this.application.settings;
  }

  /** The path of a named route of the application. @throws CodedError as Application.reverseUrl() */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string {
    return this.application.reverseUrl(name, ...args);
  }

  // The response's head.

  /** Forgets status, fields and what was written: as the handler was at first. */
  clear(): void {
    this[RESPONSE].clear();
    this.setDefaultHeaders();
  }

  /**
   * @param reason replaces the standard phrase; "Unknown" if it could break the status line
   * @throws CodedError ERR_HTTP_STATUS if `status` is not an integer from 200 to 999
   */
  setStatus(status: number, reason?: string): void {
    checkStatus(status);
    this[RESPONSE].status = status;
    this[RESPONSE].reason = reason === undefined ? null : checkReason(reason);
  }

  getStatus(): number {
    return this[RESPONSE].status;
  }

  /**
   * Sets a field, replacing what it was. How the body is delimited is the server's to say: of the fields that do, only
   * Content-Length (a promise that is held to) and "Connection: close" are heeded.
   *
   * @throws CodedError ERR_HTTP_FIELD_NAME, ERR_HTTP_FIELD_VALUE, ERR_ARGUMENT_TYPE
   */
  setHeader(name: string, value: FieldValue): void {
    this[RESPONSE].setHeader(name, value);
  }

  /** Adds one more line of a field. @throws as setHeader() */
  addHeader(name: string, value: FieldValue): void {
    this[RESPONSE].addHeader(name, value);
  }

  /** Takes a field back; one that is not set is fine. */
  clearHeader(name: string): void {
    this[RESPONSE].clearHeader(name);
  }

  /** Sets the Etag field to computeEtag(). */
  setEtagHeader(): void {
    const etag = this.computeEtag();
    if (etag !== null) this.setHeader("Etag", etag);
  }

  /** Tells whether the client already has what the Etag field names. @see RFC 9110 §13.1.2 */
  checkEtagHeader(): boolean {
    const etag = this[RESPONSE].lines("Etag")[0];
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
    const response = this[RESPONSE];
    if (response.isFinished) throw finished("write() after finish()");
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
    if (this.isFinished) throw finished("flush() after finish()");
    this[RESPONSE].flush();
    return this[RESPONSE].flushed();
  }

  /**
   * Completes the response; a verb that returns without it is completed so.
   *
   * @param chunk written first; null and undefined = nothing
   * @returns settles when the response is with the kernel, or close to it
   * @throws CodedError ERR_HTTP_FINISHED if it was completed before
   */
  finish(chunk?: Writable | null): Promise<void> {
    if (this.isFinished) throw finished("finish() called twice");
    if (chunk !== undefined && chunk !== null) this.write(chunk);
    this.complete();
    return this[RESPONSE].flushed();
  }

  /** The response is complete. */
  get isFinished(): boolean {
    return this[RESPONSE].isFinished;
  }

  /** @internal As finish(), without a promise. @hot bench/run.mjs: once per response */
  complete(): void {
    const response = this[RESPONSE];
    try {
      response.complete(this.application.pieces(response.exchange.server), this);
    } finally {
      if (response.isFinished && !response.isSending) ResponseHandler.#end(this);
    }
  }

  /**
   * Sends the client elsewhere and finishes.
   *
   * @param url absolute, or relative to the request's; what is not ASCII is percent-encoded as UTF-8
   * @throws CodedError ERR_HTTP_HEADERS_SENT; ERR_HTTP_STATUS if `status` is not 300 to 399
   */
  redirect(url: string, options: RedirectOptions = {}): void {
    if (typeof options !== "object") {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `the options of redirect() are ${describe(options)}; allowed is an object: { permanent: true }`,
      );
    }
    const { permanent = false, status } = options;
    if (this[RESPONSE].isHeadGiven) {
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
    this.setHeader("Location", encodeLocation(url));
    this.finish();
  }

  /**
   * Answers with an error: clears what was set and written, then writeError().
   *
   * If the head has been sent, the connection is closed instead: what is left could be taken for a complete body.
   */
  sendError(status = 500, context: ErrorContext = {}): void {
    if (this[RESPONSE].exchange.isHeadSent || this.isFinished) {
      log.error(`cannot send error ${status} ${requestSummary(this)}: the head has been sent`);
      if (!this.isFinished) {
        this[RESPONSE].abandon();
        this[RESPONSE].isFinished = true;
        this[RESPONSE].exchange.abort();
        ResponseHandler.#end(this);
      }
      return;
    }
    this[RESPONSE].abandon();
    if (this[RESPONSE].exchange.isGone && isClientGone(context.error)) {
      this[RESPONSE].isFinished = true;
      ResponseHandler.#end(this);
      return;
    }
    ResponseHandler.#clearForError(this);
    const fromError = context.error instanceof HTTPError ? context.error.reason : null;
    // "" is none, as in Tornado.
    this.setStatus(status, context.reason ?? (fromError || undefined));
    if (status === 405) this.setHeader("Allow", this.allowedMethods());
    if (isBodiless(status)) {
      this.finish();
      return;
    }
    try {
      const written: unknown = this.writeError(status, context);
      if (isPromise(written)) ResponseHandler.#finishAfter(this, written, status);
    } catch (error) {
      ResponseHandler.#onErrorPageFailed(this, status, error);
    }
    if (!this.isFinished && !this[RESPONSE].isErring) this.finish();
  }

  /** @internal */
  onResponseSent(): void {
    ResponseHandler.#end(this);
  }

  /** @internal */
  onResponseFailed(error: unknown): void {
    runHook(
      () => this.logException(error),
      () => `logException ${requestSummary(this)}`,
    );
    this[RESPONSE].isFinished = false;
    this.sendError(error instanceof HTTPError ? error.statusCode : 500, { error });
  }

  /** @internal The Allow field of a 405. */
  protected abstract allowedMethods(): string;

  // Steps.

  /** clear() for an error page, which is to be sent whatever setDefaultHeaders() throws. */
  static #clearForError(self: ResponseHandler): void {
    try {
      self.clear();
    } catch (error) {
      log.error(`Uncaught exception in setDefaultHeaders ${requestSummary(self)}`, error);
      self[RESPONSE].clear();
    }
  }

  /** Completes an error response when its asynchronous writeError() is done. */
  static #finishAfter(self: ResponseHandler, written: PromiseLike<unknown>, status: number): void {
    const { extras } = self[RESPONSE];
    extras.isErring = true;
    const finish = () => {
      extras.isErring = false;
      if (!self.isFinished) self.complete();
    };
    runHook(
      () =>
        written.then(finish, (error: unknown) => {
          ResponseHandler.#onErrorPageFailed(self, status, error);
          finish();
        }),
      () => `writeError ${requestSummary(self)}`,
    );
  }

  static #onErrorPageFailed(self: ResponseHandler, status: number, error: unknown): void {
    log.error(`Uncaught exception in writeError ${requestSummary(self)}`, error);
    if (!self[RESPONSE].abandon()) return;
    ResponseHandler.#clearForError(self);
    self.setStatus(status);
    self.write(errorPage(status, self[RESPONSE].reasonText()));
  }

  static #end(self: ResponseHandler): void {
    self.application.logRequest(self);
    if (self.onFinish !== ResponseHandler.prototype.onFinish) {
      runHook(
        () => self.onFinish(),
        () => `onFinish ${requestSummary(self)}`,
      );
    }
    // Of an upload no file stays that was not moved.
    self[RESPONSE].exchange.bodyReader?.release?.();
    self[RESPONSE].release();
  }
}

function finished(what: string): CodedError {
  return new CodedError("ERR_HTTP_FINISHED", `${what}: the response is already complete`);
}

/** Names a request for the log: "GET /path (127.0.0.1)". */
export function requestSummary(handler: ResponseHandler): string {
  try {
    const { method, uri, remoteIp } = handler.request;
    return `${method} ${uri} (${remoteIp})`;
  } catch {
    return "(a request whose head is gone)";
  }
}
