/**
 * dispatcherOf: turns whatever may answer requests into a RequestDispatcher.
 *
 * HTTPServer asks for its callback, Application for the targets of its routes, FallbackHandler for its fallback:
 *
 *     a RequestDispatcher (an Application, nodeListener(…), fetchHandler(…))   itself: startRequest(exchange)
 *     a delegate of Tornado's kind                                              DelegateDispatcher: startRequest(server, connection)
 *     an object with fetch(), such as a Hono app                                fetchHandler(object)
 *     a function of two parameters or more, such as an Express app              nodeListener(function)
 *     any other function                                                        FunctionDispatcher: called with the request
 *
 * Dispatchers and delegates both have startRequest(). A dispatcher's declares one parameter, or the dispatcher has
 * startBody(), or says what it is by DISPATCHES; a delegate's declares two, for it cannot answer without the second.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { HTTPServerConnectionDelegate } from "../http/httpconnection.ts";
import { DelegateDispatcher } from "./delegates.ts";
import type { RequestDispatcher } from "./exchange.ts";
import { type FetchApplication, fetchHandler } from "./fetchhandler.ts";
import { FunctionDispatcher, type RequestCallback } from "./functions.ts";
import { type NodeListener, nodeListener } from "./nodelistener.ts";

/** What can be made a dispatcher of. */
export type RequestTarget =
  | RequestDispatcher
  | HTTPServerConnectionDelegate
  | FetchApplication
  | NodeListener
  | RequestCallback;

/** Set to true on a RequestDispatcher whose startRequest() does not declare its one parameter: a wrapper's, say. */
export const DISPATCHES: unique symbol = Symbol.for("landspout.dispatches");

/** What has been made of a target is used again for it. */
const known = new WeakMap<object, RequestDispatcher>();

/**
 * @throws CodedError ERR_ARGUMENT_TYPE for what cannot answer requests; a class is one of these, since it cannot be called
 */
export function dispatcherOf(target: RequestTarget): RequestDispatcher {
  const isObject = typeof target === "object" && target !== null;
  if (!isObject && typeof target !== "function") throw notATarget(target);
  let dispatcher = known.get(target);
  if (dispatcher === undefined) {
    dispatcher = make(target);
    known.set(target, dispatcher);
  }
  return dispatcher;
}

function make(target: RequestTarget): RequestDispatcher {
  // An Express app is a function, a Hono app an object; neither has startRequest.
  if ("startRequest" in target && typeof target.startRequest === "function") {
    return isDispatcher(target) ? target : new DelegateDispatcher(target);
  }
  if ("fetch" in target && typeof target.fetch === "function") return fetchHandler(target);
  if (typeof target !== "function" || /^class\b/.test(Function.prototype.toString.call(target))) {
    throw notATarget(target);
  }
  return target.length >= 2
    ? nodeListener(target as NodeListener)
    : new FunctionDispatcher(target as RequestCallback);
}

function isDispatcher(
  target: RequestDispatcher | HTTPServerConnectionDelegate,
): target is RequestDispatcher {
  if (DISPATCHES in target) return target[DISPATCHES] === true;
  return "startBody" in target || target.startRequest.length === 1;
}

function notATarget(target: unknown): CodedError {
  const hint = typeof target === "function" ? "a class" : describe(target);
  return new CodedError(
    "ERR_ARGUMENT_TYPE",
    `requests cannot be answered by ${hint}; allowed are an Application, a function (request), a (req, res) listener, ` +
      "an object with fetch(), and an object with startRequest()",
  );
}
