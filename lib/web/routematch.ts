/**
 * The match of one request: a shared RouteTarget and the groups that its pattern captured.
 *
 * RouteTable and RuleRouter return it; a user's router may build one with `new RouteMatch(new RouteTarget(Handler))`.
 */
import type { MatchedRoute, PathArgs, PathKwargs, RouteDestination } from "./routing.ts";

/** Where a request goes and with what. At most one of `args` and `kwargs` is set. */
export class RouteMatch implements MatchedRoute {
  readonly target: RouteDestination;
  readonly args: PathArgs | null;
  readonly kwargs: PathKwargs | null;

  /** Groups are raw slices of the undecoded path; undefined where an optional group did not take part. */
  constructor(
    target: RouteDestination,
    args: PathArgs | null = null,
    kwargs: PathKwargs | null = null,
  ) {
    this.target = target;
    this.args = args;
    this.kwargs = kwargs;
  }
}
