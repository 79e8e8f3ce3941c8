/**
 * Decorators of handlers, after Tornado's: authenticated, addslash and removeslash for verbs, streamRequestBody for classes.
 *
 *     class Account extends RequestHandler {
 *       @authenticated
 *       get() { … }
 *     }
 *
 * Each works as a decorator of ECMAScript, as one of TypeScript's experimentalDecorators, and, for those who build nothing,
 * as a function: `Account.prototype.get = authenticated(Account.prototype.get)`.
 */
import { asciiTarget } from "../http/requesttarget.ts";
import { urlConcat } from "../http/urlconcat.ts";
import { rememberGuard } from "./guardedverb.ts";
import { HTTPError } from "./httperror.ts";
import type { RequestHandler } from "./requesthandler.ts";

/** A method of a handler: a verb, or prepare. */
// biome-ignore lint/suspicious/noExplicitAny: a verb's parameters are its route's, whatever they are
type HandlerMethod = (this: any, ...args: any[]) => unknown;

/** What may be decorated: a method; or with experimentalDecorators, its property descriptor. */
interface MethodDecorator {
  <M extends HandlerMethod>(method: M, context?: ClassMethodDecoratorContext): M;
  (prototype: object, name: string | symbol, descriptor: PropertyDescriptor): void;
}

const READING = new Set(["GET", "HEAD"]);

/**
 * Lets only known users in: without a currentUser, GET and HEAD are redirected to getLoginUrl(), with the way back in the
 * argument `next` unless that URL has a query already; other methods are 403.
 */
export const authenticated: MethodDecorator = decorator((handler) => {
  if (handler.currentUser) return true;
  if (!READING.has(handler.request.method)) throw new HTTPError(403);
  let url = handler.getLoginUrl();
  if (!url.includes("?")) {
    // An absolute URL leads to another host, which needs to be told the whole way back.
    const isAbsolute = /^[a-z][a-z0-9+.-]*:|^\/\//i.test(url);
    const next = isAbsolute ? handler.request.fullUrl() : handler.request.uri;
    url = urlConcat(url, { next: asciiTarget(next) });
  }
  handler.redirect(url);
  return false;
});

/** Redirects GET and HEAD of a path without a slash at its end to the one with it; other methods are 404. The route must match both: "/path/?". */
export const addslash: MethodDecorator = decorator((handler) => {
  const { path } = handler.request;
  return path.endsWith("/") || moved(handler, `${path}/`);
});

/** Redirects GET and HEAD of a path with slashes at its end to the one without; other methods are 404. "/" stays. The route must match both: "/path/*". */
export const removeslash: MethodDecorator = decorator((handler) => {
  const { path } = handler.request;
  if (!path.endsWith("/")) return true;
  const bare = path.replace(/\/+$/, "");
  return bare === "" || moved(handler, bare);
});

/** Makes a handler class take its requests' bodies by dataReceived(), as they come. As `static streamRequestBody = true`. */
export function streamRequestBody<C extends typeof RequestHandler>(
  handlerClass: C,
  _context?: ClassDecoratorContext,
): C {
  Object.defineProperty(handlerClass, "streamRequestBody", { value: true });
  return handlerClass;
}

/** @param mayEnter false = the request has been answered */
function decorator(mayEnter: (handler: RequestHandler) => boolean): MethodDecorator {
  const wrap = (method: HandlerMethod): HandlerMethod => {
    const whole = function (this: RequestHandler, ...args: unknown[]): unknown {
      return mayEnter(this) ? method.apply(this, args) : undefined;
    };
    rememberGuard(whole, mayEnter as (handler: object) => boolean, method);
    return whole;
  };
  return ((method: unknown, _context?: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (descriptor === undefined) return wrap(method as HandlerMethod);
    descriptor.value = wrap(descriptor.value as HandlerMethod);
    return undefined;
  }) as MethodDecorator;
}

/** @returns false: the request has been answered */
function moved(handler: RequestHandler, path: string): false {
  if (!READING.has(handler.request.method)) throw new HTTPError(404);
  const { query } = handler.request;
  // Two slashes in front would be another host's name; browsers take a backslash for one.
  const local = path.replace(/^[/\\]{2,}/, "/");
  const target = asciiTarget(query === "" ? local : `${local}?${query}`);
  handler.redirect(target, { permanent: true });
  return false;
}
