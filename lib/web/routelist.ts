/** The routes of an application as a list for people: what `landspout routes` prints. Application.routeList() makes it. */
import { AnyMatches } from "./anymatches.ts";
import { HostMatches } from "./hostmatches.ts";
import { PathMatches } from "./pathmatches.ts";
import { RequestHandler } from "./requesthandler.ts";
import { isClass, isRouter } from "./routetarget.ts";
import type { RequestMatcher, RouteRule, Router } from "./routing.ts";
import { RuleRouter } from "./rulerouter.ts";

/** One route. */
export interface RouteInfo {
  /** The pattern of the path as it was given; null = any path, or a condition of another kind decides. */
  readonly pattern: string | null;
  /** "GET", "HEAD", …; null = the target decides. */
  readonly methods: readonly string[] | null;
  /** The name of the class or function, or what kind of object it is. */
  readonly handler: string;
  /** For reverseUrl(); null = none. */
  readonly name: string | null;
  /** What must be true besides: "host example\.com", "path /api/.*", the name of a matcher's class. */
  readonly conditions: readonly string[];
}

/** @param rules of a router, with those of the routers they lead to */
export function routeList(
  rules: readonly RouteRule[],
  conditions: readonly string[] = [],
): RouteInfo[] {
  return rules.flatMap((rule) => {
    const { matcher, target, name } = rule;
    // A rule without a target only names a path.
    if (target === null) return [];
    if (isRouter(target) && target instanceof RuleRouter) {
      return routeList(target.rules, [...conditions, ...conditionsOf(matcher)]);
    }
    const isPath = matcher instanceof PathMatches;
    const pattern = isPath ? matcher.pattern : null;
    const own = isPath ? [] : conditionsOf(matcher);
    return [
      {
        pattern,
        methods: methodsOf(target),
        handler: nameOf(target),
        name,
        conditions: [...conditions, ...own],
      },
    ];
  });
}

function conditionsOf(matcher: RequestMatcher): string[] {
  if (matcher instanceof AnyMatches) return [];
  if (matcher instanceof PathMatches) return [`path ${matcher.pattern}`];
  if (matcher instanceof HostMatches) {
    return [`host ${matcher.hostPattern.source.replace(/^\^(?:\(\?:)?|\)?\$$/g, "")}`];
  }
  return [matcher.constructor.name || "a matcher"];
}

function methodsOf(target: unknown): readonly string[] | null {
  if (!isClass(target) || !(target.prototype instanceof RequestHandler)) return null;
  return RequestHandler.planOf(target as unknown as typeof RequestHandler).allow.split(", ");
}

function nameOf(target: unknown): string {
  if (typeof target === "function") return target.name || "a function";
  if (isRouter(target)) return (target as Router).constructor.name;
  const maker = (target as object).constructor?.name ?? "Object";
  return maker === "Object" ? "an object" : maker;
}
