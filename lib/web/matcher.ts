/**
 * The base of all matchers: what decides whether a rule applies to a request.
 *
 * Users extend it for conditions of their own:
 *
 *     class FromIntranet extends Matcher {
 *       override match(request: RoutedRequest) {
 *         return request.hostName.endsWith(".corp") ? {} : null;
 *       }
 *     }
 *
 * A matcher of a user may look at anything, so paths behind it lose the one-look-up road: see RouteTable.
 */
import type { MatchedParams, RequestMatcher, ReverseArg, RoutedRequest } from "./routing.ts";

/** A condition on a request. */
export abstract class Matcher implements RequestMatcher {
  /** @returns the groups it captured (an empty object for none), or null if the rule does not apply */
  abstract match(request: RoutedRequest): MatchedParams | null;

  /** @returns the path that this matcher would match with these groups, or null if it knows none */
  reverse(..._args: readonly ReverseArg[]): string | null {
    return null;
  }
}
