/**
 * The life of a request in its handler: hooks in their order, errors to their place. Application calls runHandler, or
 * for a streamed body runStreaming.
 *
 *     setDefaultHeaders → initialize → (405) → path args → XSRF → prepare → verb → finish → onFinish
 *            any of these throws ──▶ logException → sendError → writeError
 *
 * Synchronous steps run at once, so that a handler without promises is done when runHandler returns.
 */
import { AsyncResource } from "node:async_hooks";
import { HTTPInputError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import type { BodyReader } from "../server/bodyreader.ts";
import { decodePathArgs, decodePathKwargs } from "./argumentreader.ts";
import type { HandlerPlan, Verb } from "./handlerplan.ts";
import { Finish, HTTPError } from "./httperror.ts";
import { type RequestHandler, tellConnectionClose } from "./requesthandler.ts";
import { requestSummary, type Writable } from "./responsehandler.ts";
import type { ResponseWriter } from "./responsewriter.ts";
import type { MatchedRoute } from "./routing.ts";
import { runHook } from "./runhook.ts";

/** Methods that change nothing, which no other origin's page can do harm with. RFC 9110 §9.2.1. */
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Runs a handler; whatever it does, the request will be answered or its connection closed.
 *
 * @hot bench/run.mjs: once per request
 */
export function runHandler(
  handler: RequestHandler,
  response: ResponseWriter,
  plan: HandlerPlan,
  match: MatchedRoute,
): void {
  if (plan.isIsolated) {
    const context = new AsyncResource("landspout.RequestHandler");
    context.runInAsyncScope(run, undefined, handler, response, plan, match);
  } else {
    run(handler, response, plan, match);
  }
}

function run(
  handler: RequestHandler,
  response: ResponseWriter,
  plan: HandlerPlan,
  match: MatchedRoute,
): void {
  try {
    const verb = begin(handler, response, plan, match);
    const prepared = handler.prepare();
    if (isPromise(prepared)) {
      goOnAfter(prepared, handler, response, () => runVerb(handler, response, verb));
    } else {
      runVerb(handler, response, verb);
    }
  } catch (error) {
    handleException(handler, response, error);
  }
}

/**
 * Runs a handler whose request's body is still to come: dataReceived() gets its pieces after prepare(), and the verb is
 * called after the last.
 *
 * @returns a promise if prepare() is asynchronous: the body is to wait for it
 */
export function runStreaming(
  handler: RequestHandler,
  response: ResponseWriter,
  plan: HandlerPlan,
  match: MatchedRoute,
): Promise<void> | undefined {
  const body = new StreamedBody(handler, response);
  response.exchange.isStarted = true;
  response.exchange.bodyReader = body;
  response.watch(() => tellConnectionClose(handler));
  return body.run(() => {
    const verb = begin(handler, response, plan, match);
    body.verb = () => runVerb(handler, response, verb);
    return handler.prepare();
  });
}

/** What comes before prepare(). @returns the verb to be called after it; undefined = 405 */
function begin(
  handler: RequestHandler,
  response: ResponseWriter,
  plan: HandlerPlan,
  match: MatchedRoute,
): Verb | undefined {
  handler.setDefaultHeaders();
  watchHook(handler, "initialize", handler.initialize(match.target.kwargs));
  const { exchange } = response;
  const verb = plan.verb(exchange.methodIndex, exchange);
  if (verb === undefined && !plan.supports(exchange.method)) throw new HTTPError(405);
  const { args, kwargs } = match;
  if (args !== null) handler.pathArgs = decodePathArgs(args, handler);
  else if (kwargs !== null) handler.pathKwargs = decodePathKwargs(kwargs, handler);
  if (exchange.bodyBytes > 0) handler.request.parseBody();
  if (handler.application.isGuarded && !SAFE_METHODS.has(exchange.method)) guard(handler);
  return verb;
}

/** A hook that is not waited for was an async function: what it rejects with must not end the process. */
function watchHook(handler: RequestHandler, name: string, result: unknown): void {
  if (isPromise(result)) {
    runHook(
      () => result,
      () => `${name} ${requestSummary(handler)}`,
    );
  }
}

function guard(handler: RequestHandler): void {
  const { crossOriginProtection, xsrfCookies } = handler.settings;
  if (crossOriginProtection) handler.checkCrossOrigin();
  if (xsrfCookies) handler.checkXsrfCookie();
}

function runVerb(handler: RequestHandler, response: ResponseWriter, verb: Verb | undefined): void {
  if (response.isFinished || response.isErring) return;
  if (verb === undefined) throw new HTTPError(405);
  const result = callVerb(handler, verb);
  if (isPromise(result)) {
    goOnAfter(result, handler, response, () => {
      if (!response.isFinished && !response.isErring) handler.finish();
    });
  } else if (!response.isFinished && !response.isErring) {
    handler.complete();
  }
}

function callVerb(handler: RequestHandler, verb: Verb): unknown {
  if (handler.hasNamedPathArgs) return verb.call(handler, handler.pathKwargs);
  const { pathArgs } = handler;
  if (pathArgs.length === 0) return verb.call(handler);
  return pathArgs.length === 1 ? verb.call(handler, pathArgs[0]) : verb.call(handler, ...pathArgs);
}

/** Goes on when a promise of the user's settles; the client may be gone by then, and is told of it if so. */
function goOnAfter(
  promise: PromiseLike<unknown>,
  handler: RequestHandler,
  response: ResponseWriter,
  next: () => void,
): void {
  response.watch(() => tellConnectionClose(handler));
  promise.then(
    () => {
      try {
        next();
      } catch (error) {
        handleException(handler, response, error);
      }
    },
    (error: unknown) => handleException(handler, response, error),
  );
}

/** A streamed body on its way to its handler. */
class StreamedBody implements BodyReader {
  /** Calls the verb. */
  verb: () => void = () => {};

  readonly #handler: RequestHandler;
  readonly #response: ResponseWriter;
  /** What prepare() enters is there in what follows. */
  #context = new AsyncResource("landspout.RequestHandler");

  constructor(handler: RequestHandler, response: ResponseWriter) {
    this.#handler = handler;
    this.#response = response;
  }

  onBody(piece: Buffer): Promise<void> | undefined {
    return this.run(() => this.#handler.dataReceived(piece));
  }

  onBodyEnd(): undefined {
    this.run(this.verb);
  }

  onBodyAborted(_error: Error): void {
    // The exchange tells, through watch(), who waits.
  }

  /** Calls something of the handler's, unless it has answered; what it throws is the handler's. Never rejects. */
  run(step: () => unknown): Promise<void> | undefined {
    if (this.#response.isFinished) return undefined;
    const failed = (error: unknown) => handleException(this.#handler, this.#response, error);
    try {
      const result = this.#context.runInAsyncScope(() => {
        const returned = step();
        // What the step has entered ends with this scope in newer Node.js; the next one begins with it.
        this.#context = new AsyncResource("landspout.RequestHandler");
        return returned;
      });
      return isPromise(result) ? Promise.resolve(result).then(() => {}, failed) : undefined;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }
}

function handleException(handler: RequestHandler, response: ResponseWriter, error: unknown): void {
  try {
    if (error instanceof Finish) {
      finishEarly(handler, response, error);
      return;
    }
    answerException(handler, response, error);
  } catch (again) {
    // Nothing is left to try; the client must not wait for ever.
    log.error(`Uncaught exception while an error was sent ${requestSummary(handler)}`, again);
    response.isFinished = true;
    response.exchange.abort();
    response.release();
  }
}

function finishEarly(handler: RequestHandler, response: ResponseWriter, { chunk }: Finish): void {
  if (response.isFinished) return;
  try {
    if (chunk !== undefined) handler.write(chunk as Writable);
    handler.complete();
  } catch (error) {
    answerException(handler, response, error);
  }
}

function answerException(handler: RequestHandler, response: ResponseWriter, error: unknown): void {
  runHook(
    () => handler.logException(error),
    () => `logException ${requestSummary(handler)}`,
  );
  if (!response.isFinished) handler.sendError(statusOf(error), { error });
}

function statusOf(error: unknown): number {
  if (error instanceof HTTPError) return error.statusCode;
  return error instanceof HTTPInputError ? error.status : 500;
}
