/**
 * RequestHandler: what a user extends to answer requests, after Tornado's.
 *
 *     class User extends RequestHandler {
 *       async get(id: string) { this.write(await db.user(id)); }   // an object is written as JSON
 *     }
 *
 * One is made per request. The life of a request (handlerlife.ts):
 *
 *     setDefaultHeaders → initialize(init args) → prepare → get/post/… → finish (by itself) → onFinish
 *            any of these throws ──▶ logException → sendError → writeError ──▶ onFinish
 *            the client goes away before finish ──▶ signal, onConnectionClose
 *     streamed body:  … → prepare → dataReceived … → post/put → …
 *
 * A verb that returns a promise is waited for. One that does not is answered in the turn its request was read in. Its
 * parts are classes of their own: RequestReader (arguments), ResponseHandler (the response), CookieHandler (who asks),
 * PageHandler (pages).
 */
import type { IOStream } from "../net/iostream.ts";
import { detachStream } from "../server/detachstream.ts";
import { EventStream, type EventStreamOptions } from "./eventstream.ts";
import { HandlerPlan } from "./handlerplan.ts";
import { HTTPError } from "./httperror.ts";
import { NDJSONStream, type NDJSONStreamOptions } from "./ndjsonstream.ts";
import { PageHandler } from "./pagehandler.ts";
import type { RequestSchemas } from "./requestschemas.ts";
import { requestSummary } from "./responsehandler.ts";
import { RESPONSE } from "./responsewriter.ts";
import type { InitArgs } from "./routing.ts";
import { runHook } from "./runhook.ts";
import type { UploadOptions } from "./uploadoptions.ts";

const plans = new WeakMap<object, HandlerPlan>();

export class RequestHandler extends PageHandler {
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

  /** The request's body is not kept but given to dataReceived() as it comes: also set by the decorator streamRequestBody. */
  static readonly streamRequestBody: boolean = false;

  /** Files of multipart forms go to disk while they arrive, within these limits (UploadedFile); null: to memory. */
  static readonly uploads: UploadOptions | null = null;

  /** Schemas that requests are validated by before their verb is called; what they make of them: validated(). null: none. */
  static readonly schemas: RequestSchemas | null = null;

  // Hooks: what a user overrides.

  /** Called first, with the init args of the route. */
  initialize(_args: InitArgs): void {}

  /**
   * Called before the verb, whatever it is; may be async, and may finish the request. With a streamed body, before the
   * body: the place for setMaxBodySize().
   */
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

  /**
   * Takes a piece of a streamed body, at most the server's chunkBytes; it is the handler's to keep. A promise holds the
   * client back: the next piece comes when it has settled.
   */
  dataReceived(_piece: Buffer): unknown {
    throw new HTTPError(500, "a handler with streamRequestBody needs a method dataReceived(piece)");
  }

  /** Called once if the client goes away while an asynchronous handler is still at work. */
  onConnectionClose(): void {}

  // The connection.

  /**
   * Fires when the client goes away before the response is finished: give it to fetch(), to a query, to a timer.
   * `signal.reason` is an error with the code ERR_HTTP_CONNECTION_CLOSED. Made when it is first asked for.
   */
  get signal(): AbortSignal {
    return this[RESPONSE].signal(() => tellConnectionClose(this));
  }

  /** Sets how large the body of this request may be, in bytes; in prepare(), with a streamed body. Over it: 413. */
  setMaxBodySize(bytes: number): void {
    this[RESPONSE].exchange.setMaxBodyBytes(bytes);
  }

  /** setMaxBodySize() under the name that the server's option has. */
  setMaxBodyBytes(bytes: number): void {
    this.setMaxBodySize(bytes);
  }

  /** Sets how long the body of this request may take, in ms; 0 = for ever. In prepare(), with a streamed body. */
  setBodyTimeoutMs(ms: number): void {
    this[RESPONSE].exchange.setBodyTimeoutMs(ms);
  }

  /**
   * Takes the connection away from HTTP and gives it to the caller, who ends it: for a protocol that begins as HTTP.
   * Nothing of a response may have been sent, and none will be; onFinish() is not called.
   *
   * @throws CodedError ERR_STATE, and nothing has changed: see Exchange.detach()
   */
  detach(): IOStream {
    const response = this[RESPONSE];
    const stream = detachStream(response.exchange);
    response.isFinished = true;
    response.release();
    return stream;
  }

  // Long responses.

  /** Begins a response of server-sent events; await what its send() returns, or its `closed`. */
  eventStream(options?: EventStreamOptions): EventStream {
    return new EventStream(this, options);
  }

  /** Begins a response of JSON values, one a line. */
  ndjson(options?: NDJSONStreamOptions): NDJSONStream {
    return new NDJSONStream(this, options);
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

  /** @internal */
  protected override allowedMethods(): string {
    return RequestHandler.planOf(this.constructor as typeof RequestHandler).allow;
  }

  static readonly #answerOptions = function (this: RequestHandler): void {
    this.setStatus(204);
    this.setHeader("Allow", this.allowedMethods());
  } as (this: object) => unknown;
}

/** @internal Tells a handler, once, that its client has gone away. */
export function tellConnectionClose(handler: RequestHandler): void {
  runHook(
    () => handler.onConnectionClose(),
    () => `onConnectionClose ${requestSummary(handler)}`,
  );
}

function unsupported(): never {
  throw new HTTPError(405);
}
