/**
 * The matcher of paths, and the way back from a pattern to a path.
 *
 * Every `[pattern, handler]` of a table becomes one. At construction the pattern is translated, compiled and taken apart;
 * RouteTable then asks for `literals` and `firstSegment` to find most routes without asking matchers at all.
 */
import { CodedError } from "../base/errors.ts";
import { Matcher } from "./matcher.ts";
import { PathScanner } from "./pathscanner.ts";
import { literalPaths, literalPrefix, type PatternToken, tokensOf } from "./patterntokens.ts";
import { ReverseTemplate } from "./reversetemplate.ts";
import { RouteMatch } from "./routematch.ts";
import { anchored, groupsOf, type TranslatedPattern, translatePattern } from "./routepattern.ts";
import type {
  MatchedParams,
  PathKwargs,
  ReverseArg,
  RouteDestination,
  RoutedRequest,
} from "./routing.ts";

/** Patterns without any character that has a meaning of its own. */
const LITERAL = /^[^\\^$.*+?()[\]{}|:]*$/;
const NOTHING_CAPTURED: MatchedParams = Object.freeze({});

/**
 * Matches requests whose whole path fits a pattern.
 *
 *     new PathMatches("/user/([0-9]+)");         // args ["5"]
 *     new PathMatches("/user/(?P<id>[0-9]+)");   // kwargs { id: "5" }
 *     new PathMatches("/user/:id");              // short for /user/(?<id>[^/]+)
 *     new PathMatches(/\/user\/(?<id>\d+)/);
 */
export class PathMatches extends Matcher {
  /** Count of groups; all are named or all are positional. */
  readonly groupCount: number;
  /** Names of the groups in order; null if they are positional or there are none. */
  readonly groupNames: readonly string[] | null;
  /** The paths that alone can match, if the pattern has no variable part; usually one or none. */
  readonly literals: readonly string[];
  /** What every matching path has before its second slash ("/user"), null if that varies. */
  readonly firstSegment: string | null;
  readonly #pattern: string;
  readonly #translated: TranslatedPattern;
  readonly #scanner: PathScanner | null;
  /** Null until first asked for where the pattern is a literal: a large table has thousands, and needs none. */
  #regex: RegExp | null = null;

  /**
   * @param pattern Tornado's regular expression of the whole undecoded path, in which a segment `/:name` is short for a
   *   named group; in a RegExp it is not
   * @throws CodedError ERR_ROUTE_PATTERN if it does not compile or mixes named and positional groups
   */
  constructor(pattern: string | RegExp) {
    super();
    this.#pattern = String(pattern);
    this.#translated = translated(pattern);
    if (typeof pattern === "string" && LITERAL.test(pattern)) {
      this.groupCount = 0;
      this.groupNames = null;
      this.literals = [pattern];
      this.firstSegment = null;
      this.#scanner = null;
      return;
    }
    const { source } = this.#translated;
    const groups = groupsOf(this.regex, pattern);
    this.groupCount = groups.count;
    this.groupNames = groups.names;
    const tokens = tokensOf(source);
    // Flags change what characters mean, so such a pattern is left to its regular expression.
    const plain = this.regex.flags === "";
    this.literals = plain ? literalPaths(tokens) : [];
    this.firstSegment = plain ? firstSegmentOf(tokens) : null;
    this.#scanner = plain ? PathScanner.from(tokens) : null;
  }

  /** As it was given. */
  get pattern(): string {
    return this.#pattern;
  }

  /** Anchored at both ends, in JavaScript's dialect. */
  get regex(): RegExp {
    const { source, flags } = this.#translated;
    this.#regex ??= anchored(source, flags, this.#pattern);
    return this.#regex;
  }

  override match(request: RoutedRequest): MatchedParams | null {
    const found = this.regex.exec(request.path);
    if (found === null) return null;
    if (this.groupCount === 0) return NOTHING_CAPTURED;
    return this.groupNames === null ? { args: found.slice(1) } : { kwargs: namedGroups(found) };
  }

  /**
   * The road of RouteTable: the same answer as `match`, as a RouteMatch for `target`.
   *
   * @hot bench/micro/routing.bench.mjs: once per dynamic route tried; allocates the match and its groups.
   */
  matchTo(target: RouteDestination, path: string): RouteMatch | null {
    const scanner = this.#scanner;
    if (scanner === null) return this.#matchRegex(target, path);
    if (!scanner.scan(path)) return null;
    const names = this.groupNames;
    return names === null
      ? new RouteMatch(target, scanner.args(path), null)
      : new RouteMatch(target, null, scanner.kwargs(path, names));
  }

  /** Says whether `path` matches, and nothing else. */
  accepts(path: string): boolean {
    return this.#scanner === null ? this.regex.test(path) : this.#scanner.scan(path);
  }

  /**
   * Builds a path that this pattern matches.
   *
   * @param args one value for each group in order, or one object of values for named groups; each is percent-encoded as
   *   UTF-8, with "/" kept
   * @throws CodedError ERR_ROUTE_ARGUMENTS for a wrong number of values; ERR_ROUTE_PATTERN "Cannot reverse" if the
   *   pattern varies outside its groups, or its groups are nested
   */
  override reverse(...args: readonly ReverseArg[]): string {
    const groups = { count: this.groupCount, names: this.groupNames };
    const template = ReverseTemplate.from(tokensOf(this.#translated.source), groups);
    if (template !== null) return template.fill(args, this.#pattern);
    throw new CodedError(
      "ERR_ROUTE_PATTERN",
      `Cannot reverse the pattern ${this.#pattern}: outside of plain groups it may only have literal characters`,
    );
  }

  #matchRegex(target: RouteDestination, path: string): RouteMatch | null {
    const found = this.regex.exec(path);
    if (found === null) return null;
    if (this.groupCount === 0) return new RouteMatch(target);
    return this.groupNames === null
      ? new RouteMatch(target, found.slice(1), null)
      : new RouteMatch(target, null, namedGroups(found));
  }
}

function translated(pattern: string | RegExp): TranslatedPattern {
  if (typeof pattern === "string") return translatePattern(pattern, { segments: "named" });
  if (pattern instanceof RegExp) return { source: pattern.source, flags: pattern.flags };
  throw new CodedError(
    "ERR_ROUTE_PATTERN",
    `a pattern is ${pattern === null ? "null" : `a ${typeof pattern}`}; it must be a string or a RegExp`,
  );
}

function namedGroups(found: RegExpExecArray): PathKwargs {
  // The result's own object has a null prototype; handlers get a plain one, as from the scanner.
  return { ...found.groups };
}

function firstSegmentOf(tokens: readonly PatternToken[]): string | null {
  const prefix = literalPrefix(tokens);
  const slash = prefix.indexOf("/", 1);
  return prefix.startsWith("/") && slash !== -1 ? prefix.slice(0, slash) : null;
}
