/**
 * An ordered list of rules: the plain form of routing, one rule after the other.
 *
 * Application compiles its rules into a RouteTable, which answers the same and faster; this class is what says what "the
 * same" is, and what a user extends or nests:
 *
 *     const api = new RuleRouter([["/x", X], [new HostMatches("a\\.com"), [["/y", Y]]]]);
 *     new Application([["/.*", api]]);
 */

import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { entriesOf, ruleOf } from "./routeentry.ts";
import { RouteMatch } from "./routematch.ts";
import { isRouter, RouteTarget } from "./routetarget.ts";
import type { MatchedParams, MatchedRoute, RoutedRequest, RouteEntry, Router } from "./routing.ts";
import { Rule } from "./rule.ts";

/** Where addRules puts rules: before one that is there, or else at the end. */
export interface AddRulesOptions {
  readonly before?: Rule;
}

/** Tries rules in order; a rule whose target passes (a router that finds nothing) hands on to the next. */
export class RuleRouter implements Router {
  readonly #rules: Rule[] = [];
  readonly #namedRules = new Map<string, Rule>();
  readonly #listeners = new Set<() => void>();

  /** @throws CodedError as addRules does */
  constructor(entries: readonly RouteEntry[] = []) {
    this.addRules(entries);
  }

  /** The rules in the order they are tried. */
  get rules(): readonly Rule[] {
    return this.#rules;
  }

  /** The rules that have a name; of two with one name the later. */
  get namedRules(): ReadonlyMap<string, Rule> {
    return this.#namedRules;
  }

  /**
   * Adds rules, all or, if one is wrong, none.
   *
   * @throws CodedError ERR_ROUTE_HANDLER for an entry or a target of the wrong kind; ERR_ROUTE_PATTERN for a pattern
   *   that does not compile; ERR_ARGUMENT_RANGE if `before` is not a rule of this router
   */
  addRules(entries: readonly RouteEntry[], options: AddRulesOptions = {}): void {
    const rules = entriesOf(entries).map((entry) => this.processRule(ruleOf(entry)));
    const at = options.before === undefined ? this.#rules.length : this.#positionOf(options.before);
    this.#rules.splice(at, 0, ...rules);
    for (const rule of rules) this.#addName(rule);
    for (const listener of this.#listeners) listener();
  }

  /**
   * Finds where a request goes.
   *
   * @returns null if no rule leads anywhere
   */
  findHandler(request: RoutedRequest): MatchedRoute | null {
    for (const rule of this.#rules) {
      const params = rule.matcher.match(request);
      const found = params === null ? null : followRule(rule, params, request);
      if (found !== null) return found;
    }
    return null;
  }

  /** Calls `listener` after each change of the rules; RouteTable compiles anew then. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /**
   * A hook for subclasses: takes each rule before it is added and returns what to add. Called from the constructor, so
   * fields of the subclass do not exist yet. This one makes a router of a target that is a list of entries.
   */
  protected processRule(rule: Rule): Rule {
    if (!Array.isArray(rule.target)) return rule;
    const nested = this.nestedRouter(rule.target as readonly RouteEntry[]);
    return new Rule(rule.matcher, nested, rule.targetKwargs, rule.name);
  }

  /** A hook for subclasses: the router that a list of entries becomes. */
  protected nestedRouter(entries: readonly RouteEntry[]): Router {
    return new RuleRouter(entries);
  }

  #positionOf(rule: Rule): number {
    const at = this.#rules.indexOf(rule);
    if (at !== -1) return at;
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      "addRules was given a rule to insert before that is not in this router",
    );
  }

  #addName(rule: Rule): void {
    if (rule.name === null) return;
    if (this.#namedRules.has(rule.name)) {
      log.warn(`two routes are named "${rule.name}"; the later one replaces the earlier`);
    }
    this.#namedRules.set(rule.name, rule);
  }
}

/**
 * What a rule whose matcher has matched leads to.
 *
 * @param params what the matcher captured; nested routers do not hear of it, as in Tornado
 * @returns null if the target is null or a router that passes
 */
export function followRule(
  rule: Rule,
  params: MatchedParams,
  request: RoutedRequest,
): MatchedRoute | null {
  if (rule.destination !== null) return matchOf(rule.destination, params);
  if (!isRouter(rule.target)) return null;
  const found = rule.target.findHandler(request);
  if (found === null || found === undefined) return null;
  // A user's router may return a bare target.
  return typeof found === "function" ? matchOf(new RouteTarget(found), params) : found;
}

function matchOf(target: RouteTarget, params: MatchedParams): RouteMatch {
  return new RouteMatch(target, params.args ?? null, params.kwargs ?? null);
}
