/**
 * All routes of an application, compiled: what Application asks per request.
 *
 *     const table = new RouteTable([["/", Home], ["/user/:id", User]]);
 *     table.addHandlers("api\\.example\\.com", [["/", Api]]);
 *     table.lookup(request);      // RouteMatch | null
 *
 * Rules are tried as Tornado does: those of each virtual host that fits, in the order added, then the wildcard rules;
 * first match wins. Compiling changes only what that costs. Each literal path is looked for at compile time in the
 * whole table: if the same rule wins for every request, the path goes into a StaticTable, which the server asks by the hash
 * and the bytes of a path, before any string is made (`lookupStatic`). Paths that a virtual host, a user's matcher or a
 * user's router might claim first are left to `lookupRest`, and so is everything with groups.
 *
 * The table compiles on first use and again on first use after a change, here or in a nested RuleRouter.
 */

import { CodedError } from "../base/errors.ts";
import { AnyMatches } from "./anymatches.ts";
import { DefaultHostMatches, type DefaultHostOwner } from "./defaulthostmatches.ts";
import { HostMatches } from "./hostmatches.ts";
import { ReversibleRuleRouter } from "./reversiblerulerouter.ts";
import { RouteLevel } from "./routelevel.ts";
import type {
  MatchedRoute,
  ReverseArg,
  ReversibleRouter,
  RoutedRequest,
  RouteEntry,
} from "./routing.ts";
import { Rule } from "./rule.ts";
import type { RuleRouter } from "./rulerouter.ts";
import { fnv1a, type HashPath, StaticTable } from "./statictable.ts";

/** How a RouteTable is made; all have defaults. */
export interface RouteTableOptions {
  /** Host whose virtual hosts also answer requests with any other Host; null for none. */
  readonly defaultHost?: string | null;
  /** The function behind the hashes given to lookupStatic; FNV-1a by default. */
  readonly hashPath?: HashPath;
}

const NO_PATHS: ReadonlyMap<string, MatchedRoute> = new Map();
const LATIN1_ONLY = /^[\0-\xff]*$/;

/** The routes of an application. */
export class RouteTable implements ReversibleRouter, DefaultHostOwner {
  readonly defaultHost: string | null;
  readonly #hashPath: HashPath;
  readonly #wildcard: ReversibleRuleRouter;
  readonly #wildcardRule: Rule;
  readonly #root: ReversibleRuleRouter;
  readonly #watched = new WeakSet<RuleRouter>();
  #stale = true;
  #level: RouteLevel;
  /** What #static holds, by string. */
  #resolved = NO_PATHS;
  #static: StaticTable;

  /**
   * @param entries the wildcard rules: those for any host
   * @throws CodedError ERR_ROUTE_HANDLER or ERR_ROUTE_PATTERN for an entry that is not a route
   */
  constructor(entries: readonly RouteEntry[] = [], options: RouteTableOptions = {}) {
    this.defaultHost = options.defaultHost?.toLowerCase() ?? null;
    this.#hashPath = options.hashPath ?? fnv1a;
    this.#wildcard = new ReversibleRuleRouter(entries);
    this.#wildcardRule = new Rule(new AnyMatches(), this.#wildcard);
    this.#root = new ReversibleRuleRouter([this.#wildcardRule]);
    this.#level = new RouteLevel([], ignore);
    this.#static = new StaticTable(new Map(), this.#hashPath);
  }

  /** The rules, one for each addHandlers and the wildcard last. */
  get rules(): readonly Rule[] {
    return this.#root.rules;
  }

  /**
   * Adds rules for a virtual host; they are tried before the wildcard rules and after hosts added earlier.
   *
   * If there is a `defaultHost` that the pattern fits, the rules are also wildcard rules for requests that came without
   * a proxy.
   *
   * @param hostPattern as HostMatches takes it; ".*" adds rules for any host
   * @throws CodedError as the constructor; nothing has been added then
   */
  addHandlers(hostPattern: string | RegExp, entries: readonly RouteEntry[]): void {
    const matcher = new HostMatches(hostPattern);
    const router = new ReversibleRuleRouter(entries);
    this.#root.addRules([new Rule(matcher, router)], { before: this.#wildcardRule });
    if (this.defaultHost !== null) {
      const byDefault = new DefaultHostMatches(this, matcher.hostPattern);
      this.#wildcard.addRules([new Rule(byDefault, router)]);
    }
  }

  /** Adds wildcard rules at the end. @throws CodedError as the constructor */
  addRules(entries: readonly RouteEntry[]): void {
    this.#wildcard.addRules(entries);
  }

  /**
   * Builds the path of a named route.
   *
   * @param args one value for each group of the pattern, or one object of values for named groups
   * @throws CodedError ERR_ROUTE_NAME if there is no such name; ERR_ROUTE_ARGUMENTS if values are wrong;
   *   ERR_ROUTE_PATTERN if the pattern cannot be turned around
   */
  reverseUrl(name: string, ...args: readonly ReverseArg[]): string {
    const path = this.#root.reverseUrl(name, ...args);
    if (path !== null) return path;
    throw new CodedError(
      "ERR_ROUTE_NAME",
      `no route that has a path is named "${name}"; a name is the fourth item of a route`,
    );
  }

  /**
   * Finds where the path `bytes[start, start + length)` goes, if one look-up settles it.
   *
   * @param hash   int32, by the `hashPath` of the options
   * @param length count of bytes, without the query
   * @returns null if `lookupRest` must be asked
   * @hot bench/micro/routing.bench.mjs: once per request; allocates nothing.
   */
  lookupStatic(
    hash: number,
    length: number,
    bytes: Uint8Array,
    start: number,
  ): MatchedRoute | null {
    if (this.#stale) this.#compile();
    return this.#static.find(hash, length, bytes, start);
  }

  /**
   * Finds where a request goes.
   *
   * @returns null if no rule leads anywhere
   */
  lookup(request: RoutedRequest): MatchedRoute | null {
    if (this.#stale) this.#compile();
    const path = request.path;
    const match = this.#resolved.get(path);
    return match === undefined ? this.#level.lookup(request, path) : match;
  }

  /**
   * As `lookup`, for a path for which `lookupStatic` has just returned null: it is not looked for again.
   *
   * @hot bench/micro/routing.bench.mjs: once per request that lookupStatic did not settle; allocates the match.
   */
  lookupRest(request: RoutedRequest): MatchedRoute | null {
    if (this.#stale) this.#compile();
    return this.#level.lookup(request, request.path);
  }

  /** The same as `lookup`, so that a table can be the target of a rule. */
  findHandler(request: RoutedRequest): MatchedRoute | null {
    return this.lookup(request);
  }

  #compile(): void {
    const level = new RouteLevel(this.#root.rules, (router) => this.#watch(router));
    this.#watch(this.#root);
    const resolved = new Map<string, MatchedRoute>();
    for (const path of level.literalPaths()) {
      const resolution = level.resolve(path);
      if (resolution === null || resolution === "guarded") continue;
      // An earlier pattern with groups has taken the path; its match is made per request.
      if (resolution.args !== null || resolution.kwargs !== null) continue;
      // The bytes of a path are latin1, so other characters never arrive.
      if (!LATIN1_ONLY.test(path)) continue;
      resolved.set(path, resolution);
    }
    for (const path of resolved.keys()) level.forget(path);
    this.#level = level;
    this.#resolved = resolved;
    this.#static = new StaticTable(resolved, this.#hashPath);
    this.#stale = false;
  }

  #watch(router: RuleRouter): void {
    if (this.#watched.has(router)) return;
    this.#watched.add(router);
    router.onChange(() => {
      this.#stale = true;
    });
  }
}

function ignore(): void {}
