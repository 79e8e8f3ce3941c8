/**
 * Where a rule leads: a handler class, a function or a delegate, with what the rule adds to it.
 *
 * Rule makes one when it is first asked and every request of the rule shares it, so that a match costs no object here.
 * Application reads `kind` to know how to start the target.
 */

import { CodedError } from "../base/errors.ts";
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

const NO_KWARGS: InitArgs = Object.freeze({});

/** A target with its kwargs and name; shared by all requests of a rule and never changed. */
export class RouteTarget implements RouteDestination {
  readonly kind: RouteTargetKind;
  readonly target: HandlerClass | AnyFunction | ConnectionDelegate;
  readonly kwargs: InitArgs;
  readonly name: string | null;
  readonly rule: RouteRule | null;
  /** What Application found out about the target when it first used it. */
  plan: unknown = null;

  /**
   * @param target a class, a function, or an object with `startRequest`
   * @param rule   whose target it is; null for a bare target that a user's router returned
   * @throws CodedError ERR_ROUTE_HANDLER for anything else
   */
  constructor(target: unknown, rule: RouteRule | null = null) {
    this.kind = kindOf(target);
    this.target = target as HandlerClass | AnyFunction | ConnectionDelegate;
    this.kwargs = rule?.targetKwargs ?? NO_KWARGS;
    this.name = rule?.name ?? null;
    this.rule = rule;
  }
}

/** Says whether a target is a router: an object with `findHandler`. A list of entries is not one yet. */
export function isRouter(target: unknown): target is Router {
  return isObject(target) && "findHandler" in target && typeof target.findHandler === "function";
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
  throw new CodedError(
    "ERR_ROUTE_HANDLER",
    `the target of a route is ${describeTarget(target)}; allowed are a handler class, a function, a router ` +
      "(an object with findHandler), a delegate (an object with startRequest) and a list of routes",
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
