/** A rule for a path, in Tornado's words. */
import { PathMatches } from "./pathmatches.ts";
import type { CheckedTarget } from "./routecheck.ts";
import type { InitArgs, RuleTarget } from "./routing.ts";
import { Rule } from "./rule.ts";

/**
 * Leads paths that fit a pattern to a handler; the same as `[pattern, handler, kwargs, name]` in a table.
 *
 *     new URLSpec("/user/([0-9]+)", User, { db }, "user");
 */
export class URLSpec extends Rule {
  /** @throws CodedError ERR_ROUTE_PATTERN as PathMatches does */
  constructor(
    pattern: string | RegExp,
    handler: RuleTarget,
    kwargs: InitArgs | null = null,
    name: string | null = null,
  ) {
    super(new PathMatches(pattern), handler, kwargs, name);
  }

  /** The pattern, anchored at both ends. */
  get regex(): RegExp {
    return (this.matcher as PathMatches).regex;
  }

  /** The target under Tornado's name for it. */
  get handlerClass(): RuleTarget {
    return this.target;
  }

  /** The target's kwargs under Tornado's name for them. */
  get kwargs(): InitArgs {
    return this.targetKwargs ?? {};
  }
}

/**
 * The same as `new URLSpec(…)`, as Tornado's tables are often written; but a handler whose verbs ask for a named group that
 * the pattern lacks is a compile error.
 *
 * @throws CodedError as URLSpec
 */
export function url<const Pattern extends string | RegExp, Target extends RuleTarget>(
  pattern: Pattern,
  handler: Target & CheckedTarget<Pattern, Target>,
  kwargs: InitArgs | null = null,
  name: string | null = null,
): URLSpec {
  return new URLSpec(pattern, handler, kwargs, name);
}
