/**
 * Where a rule leads: a handler class, a function, a delegate or a fetch app, with what the rule adds to it.
 *
 * Rule makes one when it is first asked and every request of the rule shares it, so that a match costs no object here.
 * Application reads `kind` to know how to start the target.
 */

import { CodedError } from "../base/errors.ts";
import type { FetchApplication } from "../server/fetchhandler.ts";
import type {
  AnyFunction,
  ConnectionDelegate,
  HandlerClass,
  InitArgs,
  RouteDestination,
  RouteRule,
  Router,
  RouteTargetKind,
} from "./routing.ts";

/** What a handler class may have: checks what it says of itself when a route is made that leads to it. */
export const CHECK_CLASS: unique symbol = Symbol("landspout.checkClass");

const NO_KWARGS: InitArgs = Object.freeze({});

/** A target with its kwargs and name; shared by all requests of a rule and never changed. */
export class RouteTarget implements RouteDestination {
  readonly kind: RouteTargetKind;
  readonly target: HandlerClass | AnyFunction | ConnectionDelegate | FetchApplication;
  readonly kwargs: InitArgs;
  readonly name: string | null;
  readonly rule: RouteRule | null;
  /** What Application found out about the target when it first used it. */
  plan: unknown = null;

  /**
   * @param target a class, a function, or an object with `startRequest` or `fetch`
   * @param rule   whose target it is; null for a bare target that a user's router returned
   * @throws CodedError ERR_ROUTE_HANDLER for anything else; ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE if a
   *   class has options that cannot be
   */
  constructor(target: unknown, rule: RouteRule | null = null) {
    this.kind = kindOf(target);
    if (this.kind === "handler") (target as CheckedClass)[CHECK_CLASS]?.();
    this.target = target as HandlerClass | AnyFunction | ConnectionDelegate | FetchApplication;
    this.kwargs = rule?.targetKwargs ?? NO_KWARGS;
    this.name = rule?.name ?? null;
    this.rule = rule;
  }
}

interface CheckedClass {
  [CHECK_CLASS]?(): void;
}

/**
 * Says whether a target is a router: an object with `findHandler`. One that has `startRequest` as well, an Application,
 * answers by itself. A list of entries is not a router yet.
 */
export function isRouter(target: unknown): target is Router {
  return (
    isObject(target) &&
    "findHandler" in target &&
    typeof target.findHandler === "function" &&
    !("startRequest" in target)
  );
}

/** Says whether a function is a class: written as one, or old-style with a prototype of its own. */
export function isClass(target: unknown): target is HandlerClass {
  if (typeof target !== "function") return false;
  const prototype: unknown = target.prototype;
  // Arrows, methods and async functions have no prototype; a generator's has no constructor.
  if (!isObject(prototype) || !Object.hasOwn(prototype, "constructor")) return false;
  return (
    /^class\b/.test(Function.prototype.toString.call(target)) ||
    Object.getPrototypeOf(prototype) !== Object.prototype ||
    Object.getOwnPropertyNames(prototype).length > 1
  );
}

function kindOf(target: unknown): RouteTargetKind {
  if (isClass(target)) return "handler";
  if (typeof target === "function") return "function";
  if (isObject(target) && "startRequest" in target && typeof target.startRequest === "function") {
    return "delegate";
  }
  if (isObject(target) && "fetch" in target && typeof target.fetch === "function") return "fetch";
  throw new CodedError(
    "ERR_ROUTE_HANDLER",
    `the target of a route is ${describeTarget(target)}; allowed are a handler class, a function, a router ` +
      "(an object with findHandler), a delegate (an object with startRequest), a fetch app (an object with fetch) and a list of routes",
  );
}

function describeTarget(target: unknown): string {
  if (typeof target === "string") return `the string ${JSON.stringify(target)}; import the class`;
  if (isObject(target)) return `an object of class ${target.constructor?.name ?? "null"}`;
  return String(target);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
