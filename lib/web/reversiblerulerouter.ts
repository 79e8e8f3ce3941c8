/** A RuleRouter whose rules have names that lead back to paths. */

import type { ReverseArg, ReversibleRouter, RouteEntry, Router } from "./routing.ts";
import { RuleRouter } from "./rulerouter.ts";

/** Tries rules in order, and turns the names of rules, its own and those of nested routers, into paths. */
export class ReversibleRuleRouter extends RuleRouter implements ReversibleRouter {
  /**
   * Builds the path of a named rule.
   *
   * @param args one value for each group of the pattern, or one object of values for named groups
   * @returns null if no rule here or in a nested router has this name
   * @throws CodedError ERR_ROUTE_ARGUMENTS or ERR_ROUTE_PATTERN as PathMatches.reverse does
   */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string | null {
    const rule = this.namedRules.get(name);
    if (rule !== undefined) return rule.reverse(...args);
    for (const { target } of this.rules) {
      if (!isReversible(target)) continue;
      const path = target.reverseUrl(name, ...args);
      if (path !== null) return path;
    }
    return null;
  }

  protected override nestedRouter(entries: readonly RouteEntry[]): Router {
    return new ReversibleRuleRouter(entries);
  }
}

function isReversible(target: unknown): target is ReversibleRouter {
  return (
    typeof target === "object" &&
    target !== null &&
    "reverseUrl" in target &&
    typeof target.reverseUrl === "function"
  );
}
