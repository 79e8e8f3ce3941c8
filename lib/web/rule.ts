/** One rule of a table: a matcher and where it leads. */
import { isRouter, RouteTarget } from "./routetarget.ts";
import type { InitArgs, RequestMatcher, ReverseArg, RouteRule, RuleTarget } from "./routing.ts";

/**
 * Leads the requests that a matcher takes to a target.
 *
 *     new Rule(new HostMatches("a\\.com"), [["/", Home]]);
 *     new Rule(new PathMatches("/user/:id"), User, { db }, "user");
 */
export class Rule implements RouteRule {
  readonly matcher: RequestMatcher;
  readonly target: RuleTarget;
  readonly targetKwargs: InitArgs | null;
  readonly name: string | null;
  /** What requests of this rule end at; null if the target is a router, a list of entries or null. */
  readonly destination: RouteTarget | null;

  /**
   * @param target       a handler class, function, delegate, router or list of entries; null matches nothing and
   *   serves only to give a path a name
   * @param targetKwargs what the handler's `initialize` is given
   * @param name         for reverseUrl
   * @throws CodedError ERR_ROUTE_HANDLER if the target is something else
   */
  constructor(
    matcher: RequestMatcher,
    target: RuleTarget,
    targetKwargs: InitArgs | null = null,
    name: string | null = null,
  ) {
    this.matcher = matcher;
    this.target = target;
    this.targetKwargs = targetKwargs;
    this.name = name;
    const ends = target !== null && !isRouter(target) && !Array.isArray(target);
    this.destination = ends ? new RouteTarget(target, this) : null;
  }

  /** @returns the path that the matcher gives for these values, or null if it knows none */
  reverse(...args: readonly ReverseArg[]): string | null {
    return this.matcher.reverse(...args);
  }
}
