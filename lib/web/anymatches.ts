/** The matcher of everything; RouteTable puts the wildcard rules behind one. */
import { Matcher } from "./matcher.ts";
import { RouteMatch } from "./routematch.ts";
import type { MatchedParams, RouteDestination } from "./routing.ts";

const NOTHING_CAPTURED: MatchedParams = Object.freeze({});

/** Matches every request. */
export class AnyMatches extends Matcher {
  override match(): MatchedParams {
    return NOTHING_CAPTURED;
  }

  /** As PathMatches.matchTo. */
  matchTo(target: RouteDestination): RouteMatch {
    return new RouteMatch(target);
  }

  /** As PathMatches.accepts. */
  accepts(): boolean {
    return true;
  }
}
