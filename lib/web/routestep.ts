/**
 * One rule of a compiled table that a path alone does not settle by look-up: RouteLevel tries these in order.
 *
 * Two questions are asked of a step. `match`, per request: does it lead somewhere? `resolve`, at compile time: what
 * would it do with this path, whatever the rest of the request is? A step behind a host or a user's matcher cannot know,
 * and says "guarded" if it might lead somewhere; that is what keeps look-up by path and "first match wins" the same.
 */
import { AnyMatches } from "./anymatches.ts";
import { PathMatches } from "./pathmatches.ts";
import type { MatchedRoute, RoutedRequest } from "./routing.ts";
import type { Rule } from "./rule.ts";
import { followRule } from "./rulerouter.ts";

/** What becomes of a path: a match for every request, none for any, or it depends on the request. */
export type Resolution = MatchedRoute | "guarded" | null;

/** The compiled rules of a nested router; RouteLevel is one. */
export interface NestedLevel {
  lookup(request: RoutedRequest, path: string): MatchedRoute | null;
  resolve(path: string): Resolution;
}

/** A rule in its place in the order. */
export class RouteStep {
  /** Place among all rules of the level, literal ones included. */
  readonly order: number;
  readonly rule: Rule;
  readonly level: NestedLevel | null;
  /** The rule's matcher if it looks at nothing but the path; a subclass may look at more. */
  readonly #path: PathMatches | AnyMatches | null;

  /** @param level the rules of the target if that is a plain RuleRouter */
  constructor(order: number, rule: Rule, level: NestedLevel | null) {
    this.order = order;
    this.rule = rule;
    this.level = level;
    this.#path = isPathOnly(rule.matcher) ? rule.matcher : null;
  }

  /** What every matching path has before its second slash; null if that varies or is not known. */
  get firstSegment(): string | null {
    return this.#path instanceof PathMatches ? this.#path.firstSegment : null;
  }

  /** @hot bench/micro/routing.bench.mjs: once per dynamic route tried; allocates what PathMatches.matchTo says. */
  match(request: RoutedRequest, path: string): MatchedRoute | null {
    const rule = this.rule;
    const matcher = this.#path;
    if (matcher !== null) {
      if (rule.destination !== null) return matcher.matchTo(rule.destination, path);
      if (!matcher.accepts(path)) return null;
      if (this.level !== null) return this.level.lookup(request, path);
    }
    const params = rule.matcher.match(request);
    if (params === null) return null;
    return this.level === null
      ? followRule(rule, params, request)
      : this.level.lookup(request, path);
  }

  /** What becomes of `path` here for any request. Not for requests: it is asked when the table is compiled. */
  resolve(path: string): Resolution {
    const { destination, target } = this.rule;
    if (target === null) return null;
    if (this.#path !== null) {
      if (!this.#path.accepts(path)) return null;
      if (destination !== null) return this.#path.matchTo(destination, path);
      return this.level === null ? "guarded" : this.level.resolve(path);
    }
    // Where nothing inside can match the path, the guard does not matter.
    return this.level !== null && this.level.resolve(path) === null ? null : "guarded";
  }
}

/** Says whether a matcher is known to look at the path alone. */
export function isPathOnly(matcher: unknown): matcher is PathMatches | AnyMatches {
  const made = (matcher as object).constructor;
  return made === PathMatches || made === AnyMatches;
}
