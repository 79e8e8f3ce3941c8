/**
 * The vocabulary of routing: what a table of routes is made of and what the match of a request is.
 *
 *     new Application([
 *       ["/", Home],                                          // a literal path
 *       ["/user/([0-9]+)", User, { db }, "user"],             // Tornado's regular expression, kwargs, a name
 *       ["/post/:slug", Post],                                // short for /post/(?<slug>[^/]+)
 *       [new HostMatches("api\\.example\\.com"), [["/", Api]]], // nested rules behind any matcher
 *     ]);
 *
 * Types only: Matcher, Rule, RuleRouter and RouteTable are built on these and Application is built on RouteTable. A path
 * here is always the undecoded path without its query, one character a byte (latin1); the groups of a match are slices
 * of it. Percent-decoding is the handler's step (decodeArgument).
 */
import type { FetchApplication } from "../server/fetchhandler.ts";
import type { RequestCallback } from "../server/functions.ts";

/** What routing asks of a request; HTTPServerRequest is one. Getters may compute on first use. */
export interface RoutedRequest {
  /** Undecoded path without the query, latin1. */
  readonly path: string;
  /** Host without its port, lower case. */
  readonly hostName: string;
  /** Asked by DefaultHostMatches and by matchers of users. */
  readonly headers: { has(name: string): boolean };
}

/** Positional groups of a path as they came, in order; undefined where an optional group did not take part. */
export type PathArgs = readonly (string | undefined)[];

/** Named groups of a path as they came. */
export type PathKwargs = Readonly<Record<string, string | undefined>>;

/** What a matcher found: positional groups, named groups, or neither. Never both. */
export interface MatchedParams {
  readonly args?: PathArgs | null;
  readonly kwargs?: PathKwargs | null;
}

/** What a handler's `initialize` is given: the third item of a route. */
export type InitArgs = Readonly<Record<string, unknown>>;

/** A class whose instances answer a request; structural, since RequestHandler stands above routing. */
export type HandlerClass = new (...args: never[]) => object;

/** A plain function as a target; what it is called with is Application's to say. */
// `never` makes every function assignable here, whatever its parameters are.
export type AnyFunction = (...args: never[]) => unknown;

/**
 * A function in a table. One that is written there with a single parameter gets its type by the first; the second takes
 * all others, such as an Express app, and has no parameters that the compiler could mix up with it.
 */
export type RouteFunction = RequestCallback | CallableFunction;

/** A target that takes the request as messages come in, after Tornado's HTTPServerConnectionDelegate. */
export interface ConnectionDelegate {
  startRequest(...args: never[]): unknown;
}

/** Anything that finds the target of a request: a table of rules, or a user's own. */
export interface Router {
  /** @returns a match, a bare target (it then gets the groups of the rule that led here), or null to pass */
  findHandler(request: RoutedRequest): MatchedRoute | HandlerClass | AnyFunction | null;
}

/** A Router that can turn a name back into a path. */
export interface ReversibleRouter extends Router {
  /** @returns the path, or null if the router knows no such name */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string | null;
}

/** What a group of a pattern can be replaced by. An object of named values may stand alone for named groups. */
export type ReverseArg =
  | string
  | number
  | bigint
  | boolean
  | undefined
  | Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** What decides whether a rule applies; Matcher is its base class. */
export interface RequestMatcher {
  match(request: RoutedRequest): MatchedParams | null;
  reverse(...args: readonly ReverseArg[]): string | null;
}

/** A rule as routers see it; the class is Rule. */
export interface RouteRule {
  readonly matcher: RequestMatcher;
  readonly target: RuleTarget;
  readonly targetKwargs: InitArgs | null;
  readonly name: string | null;
}

/** Where a rule can lead. A list of entries is a nested router; null never matches and serves only reverseUrl. */
export type RuleTarget<F = RouteFunction> =
  | HandlerClass
  | Router
  | ConnectionDelegate
  | FetchApplication
  | F
  | readonly RouteEntry<F>[]
  | null;

/** One line of a table: `[pattern or matcher, target, kwargs?, name?]`, a Rule or a URLSpec. `F` narrows functions. */
export type RouteEntry<F = RouteFunction> =
  | RouteRule
  | readonly [
      matcher: string | RegExp | RequestMatcher,
      target: RuleTarget<F>,
      targetKwargs?: InitArgs | null,
      name?: string | null,
    ];

/** The kinds of target that answer a request themselves. */
export type RouteTargetKind = "handler" | "function" | "delegate" | "fetch";

/** What a request ends at, one object a rule and shared by all its requests; the class is RouteTarget. */
export interface RouteDestination {
  readonly kind: RouteTargetKind;
  readonly target: HandlerClass | AnyFunction | ConnectionDelegate | FetchApplication;
  /** What `initialize` is given; an empty object where the rule gave none. */
  readonly kwargs: InitArgs;
  readonly name: string | null;
  /** Null for a bare target that a user's router returned. */
  readonly rule: RouteRule | null;
  /** A place for Application to keep what it found out about the target; null at first. */
  plan: unknown;
}

/** A destination with the groups of one request; the class is RouteMatch. */
export interface MatchedRoute {
  readonly target: RouteDestination;
  readonly args: PathArgs | null;
  readonly kwargs: PathKwargs | null;
}
