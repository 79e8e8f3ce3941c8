/** The bases of routers of one's own, under Tornado's names; any object with the same methods will do as well. */
import type {
  AnyFunction,
  HandlerClass,
  MatchedRoute,
  ReverseArg,
  ReversibleRouter as ReversibleRouting,
  RoutedRequest,
  Router as Routing,
} from "./routing.ts";

/**
 * Finds the target of each request.
 *
 *     class ByAccount extends Router {
 *       override findHandler(request: RoutedRequest) {
 *         return request.headers.has("X-Account") ? Account : null;
 *       }
 *     }
 *     new Application([["/.*", new ByAccount()], ["/", Home]]);
 */
export abstract class Router implements Routing {
  /** @returns a handler class, a function, a match, or null to pass: the next route is tried then */
  abstract findHandler(request: RoutedRequest): MatchedRoute | HandlerClass | AnyFunction | null;
}

/** A Router that knows the paths of names. */
export abstract class ReversibleRouter extends Router implements ReversibleRouting {
  /** @returns null if it knows no such name */
  abstract reverseUrl(name: string, ...args: readonly ReverseArg[]): string | null;
}
