/** Makes a route whose handler the compiler has checked against the pattern. */
import type { FittingHandler } from "./routecheck.ts";
import type { HandlerClass, InitArgs } from "./routing.ts";
import { URLSpec } from "./urlspec.ts";

/**
 * The same as `new URLSpec(…)`, but a handler whose verbs ask for a named group that the pattern lacks is a compile error.
 *
 *     class User extends RequestHandler {
 *       get({ id }: PathParams<"/user/:id">) { … }
 *     }
 *     new Application([route("/user/:id", User)]);
 *
 * @throws CodedError ERR_ROUTE_PATTERN as PathMatches does
 */
export function route<const Pattern extends string, Handler extends HandlerClass>(
  pattern: Pattern,
  handler: Handler & FittingHandler<Pattern, Handler>,
  kwargs: InitArgs | null = null,
  name: string | null = null,
): URLSpec {
  return new URLSpec(pattern, handler, kwargs, name);
}
