/**
 * The life of a request in its handler: hooks in their order, errors to their place. Application calls runHandler.
 *
 *     setDefaultHeaders → initialize → prepare → verb → finish → onFinish
 *            any of these throws ──▶ logException → sendError → writeError
 *
 * Synchronous steps run at once, so that a handler without promises is done when runHandler returns.
 */
import { HTTPInputError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { decodePathArgs, decodePathKwargs } from "./argumentreader.ts";
import type { HandlerPlan } from "./handlerplan.ts";
import { Finish, HTTPError } from "./httperror.ts";
import { type RequestHandler, requestSummary, type Writable } from "./requesthandler.ts";
import type { ResponseWriter } from "./responsewriter.ts";
import type { InitArgs, PathArgs, PathKwargs } from "./routing.ts";

/**
 * Runs a handler; whatever it does, the request will be answered or its connection closed.
 *
 * @hot bench/run.mjs: once per request
 */
export function runHandler(
  handler: RequestHandler,
  response: ResponseWriter,
  plan: HandlerPlan,
  initArgs: InitArgs,
  args: PathArgs | null,
  kwargs: PathKwargs | null,
): void {
  try {
    handler.setDefaultHeaders();
    handler.initialize(initArgs);
    if (args !== null) handler.pathArgs = decodePathArgs(args, handler);
    else if (kwargs !== null) handler.pathKwargs = decodePathKwargs(kwargs, handler);
    const prepared = handler.prepare();
    if (isPromise(prepared)) {
      goOnAfter(prepared, handler, response, () => runVerb(handler, response, plan));
    } else {
      runVerb(handler, response, plan);
    }
  } catch (error) {
    handleException(handler, response, error);
  }
}

function runVerb(handler: RequestHandler, response: ResponseWriter, plan: HandlerPlan): void {
  if (response.isFinished) return;
  const result = callVerb(handler, response, plan);
  if (isPromise(result)) {
    goOnAfter(result, handler, response, () => {
      if (!response.isFinished) handler.finish();
    });
  } else if (!response.isFinished) {
    handler.complete();
  }
}

function callVerb(handler: RequestHandler, response: ResponseWriter, plan: HandlerPlan): unknown {
  const { exchange } = response;
  const verb = plan.verb(exchange.methodIndex, exchange);
  if (verb === undefined) throw new HTTPError(405);
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
  response.exchange.closeListener = () => {
    try {
      handler.onConnectionClose();
    } catch (error) {
      log.error(`Uncaught exception in onConnectionClose ${requestSummary(handler)}`, error);
    }
  };
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

function handleException(handler: RequestHandler, response: ResponseWriter, error: unknown): void {
  try {
    if (error instanceof Finish) {
      if (response.isFinished) return;
      if (error.chunk !== undefined) handler.write(error.chunk as Writable);
      handler.complete();
      return;
    }
    try {
      handler.logException(error);
    } catch (inLog) {
      log.error("Uncaught exception in logException", inLog);
    }
    if (!response.isFinished) handler.sendError(statusOf(error), { error });
  } catch (again) {
    // Nothing is left to try; the client must not wait for ever.
    log.error(`Uncaught exception while an error was sent ${requestSummary(handler)}`, again);
    response.isFinished = true;
    response.exchange.abort();
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HTTPError) return error.statusCode;
  return error instanceof HTTPInputError ? error.status : 500;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
