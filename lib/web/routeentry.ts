/** Reads one line of a table of routes: whatever a user may write there becomes a Rule. */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { PathMatches } from "./pathmatches.ts";
import type { InitArgs, RequestMatcher, RouteEntry, RuleTarget } from "./routing.ts";
import { Rule } from "./rule.ts";

/** The entries of a table. @throws CodedError ERR_ROUTE_HANDLER if it is no list */
export function entriesOf(table: readonly RouteEntry[]): readonly RouteEntry[] {
  if (Array.isArray(table)) return table;
  throw new CodedError(
    "ERR_ROUTE_HANDLER",
    `the routes are ${describe(table)}; allowed is a list: [["/", Home], ["/user/:id", User]]`,
  );
}

/**
 * Makes a Rule of an entry: `[pattern or matcher, target, kwargs?, name?]`, a Rule or a URLSpec.
 *
 * @throws CodedError ERR_ROUTE_HANDLER if it is none of these or its target is of the wrong kind; ERR_ROUTE_PATTERN if
 *   its pattern does not compile
 */
export function ruleOf(entry: RouteEntry): Rule {
  if (entry instanceof Rule) return entry;
  // From here on nothing is believed: tables are also written in plain JavaScript.
  const items: readonly unknown[] = Array.isArray(entry) ? entry : [];
  if (items.length < 2 || items.length > 4) throw wrongEntry(entry);
  const [matcher, target, kwargs = null, name = null] = items;
  if (typeof kwargs !== "object") throw wrongEntry(entry);
  if (name !== null && typeof name !== "string") throw wrongEntry(entry);
  return new Rule(matcherOf(matcher), target as RuleTarget, kwargs as InitArgs | null, name);
}

function matcherOf(matcher: unknown): RequestMatcher {
  if (typeof matcher === "string" || matcher instanceof RegExp) return new PathMatches(matcher);
  if (typeof matcher === "object" && matcher !== null && "match" in matcher) {
    return matcher as RequestMatcher;
  }
  throw new CodedError(
    "ERR_ROUTE_HANDLER",
    `a route begins with ${String(matcher)}; it must begin with a pattern (a string or a RegExp) or a matcher`,
  );
}

function wrongEntry(entry: unknown): CodedError {
  const got = Array.isArray(entry) ? `[${entry.map(nameOf).join(", ")}]` : nameOf(entry);
  return new CodedError(
    "ERR_ROUTE_HANDLER",
    `${got} is not a route; a route is [pattern or matcher, handler, kwargs object?, name string?], a Rule or a URLSpec`,
  );
}

function nameOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "function" ? value.name || "function" : String(value);
}
