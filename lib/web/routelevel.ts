/**
 * The rules of one router, compiled: literal paths in a map, everything else in order.
 *
 * RouteTable has one for its rules and each nested RuleRouter behind a matcher has one of its own. The answer is always
 * that of the ordered walk: a literal path wins only over steps that stand after it.
 */
import { AnyMatches } from "./anymatches.ts";
import { PathMatches } from "./pathmatches.ts";
import { RouteMatch } from "./routematch.ts";
import { type Resolution, RouteStep } from "./routestep.ts";
import type { MatchedRoute, RoutedRequest } from "./routing.ts";
import type { Rule } from "./rule.ts";
import { RuleRouter } from "./rulerouter.ts";

/** With more steps than this, they are also sorted by first segment; fewer are tried faster than looked up. */
const MOST_UNSORTED_STEPS = 8;

interface Literal {
  readonly order: number;
  readonly match: MatchedRoute;
}

/** A compiled router; made anew when the rules change. */
export class RouteLevel {
  readonly #literals = new Map<string, Literal>();
  readonly #steps: RouteStep[] = [];
  readonly #nested: RouteLevel[] = [];
  /** Steps by first segment, each list with those of `#anywhere` in their places; null if there are few. */
  readonly #bySegment: Map<string, RouteStep[]> | null;
  /** Steps whose first segment varies. */
  readonly #anywhere: RouteStep[];
  #order = 0;

  /** @param onRouter is told of each nested router whose rules were compiled in */
  constructor(rules: readonly Rule[], onRouter: (router: RuleRouter) => void) {
    this.#compile(rules, onRouter);
    this.#anywhere = this.#steps.filter((step) => step.firstSegment === null);
    this.#bySegment = this.#steps.length > MOST_UNSORTED_STEPS ? this.#sortBySegment() : null;
  }

  /**
   * Finds where a request with this path goes.
   *
   * @hot bench/micro/routing.bench.mjs: once per request that is not settled by look-up; allocates the match.
   */
  lookup(request: RoutedRequest, path: string): MatchedRoute | null {
    const literal = this.#literals.get(path);
    const steps = this.#stepsFor(path);
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as RouteStep;
      if (literal !== undefined && step.order > literal.order) break;
      const found = step.match(request, path);
      if (found !== null) return found;
    }
    return literal === undefined ? null : literal.match;
  }

  /** What becomes of `path` for any request. */
  resolve(path: string): Resolution {
    const literal = this.#literals.get(path);
    for (const step of this.#stepsFor(path)) {
      if (literal !== undefined && step.order > literal.order) break;
      const resolution = step.resolve(path);
      if (resolution !== null) return resolution;
    }
    return literal === undefined ? null : literal.match;
  }

  /** All literal paths of this level and those nested in it. */
  literalPaths(into: Set<string> = new Set()): Set<string> {
    for (const path of this.#literals.keys()) into.add(path);
    for (const level of this.#nested) level.literalPaths(into);
    return into;
  }

  /** Drops a literal path that the owner answers before asking here. */
  forget(path: string): void {
    this.#literals.delete(path);
  }

  /** The steps that may match `path`, in order. */
  #stepsFor(path: string): readonly RouteStep[] {
    if (this.#bySegment === null) return this.#steps;
    const slash = path.indexOf("/", 1);
    if (slash === -1) return this.#anywhere;
    return this.#bySegment.get(path.slice(0, slash)) ?? this.#anywhere;
  }

  #compile(rules: readonly Rule[], onRouter: (router: RuleRouter) => void): void {
    for (const rule of rules) {
      const router = plainRouter(rule.target);
      if (router !== null) onRouter(router);
      if (router !== null && rule.matcher.constructor === AnyMatches) {
        // Rules behind no condition are rules of this level.
        this.#compile(router.rules, onRouter);
      } else if (!this.#addLiterals(rule)) {
        const level = router === null ? null : new RouteLevel(router.rules, onRouter);
        if (level !== null) this.#nested.push(level);
        this.#steps.push(new RouteStep(this.#order++, rule, level));
      }
    }
  }

  #addLiterals(rule: Rule): boolean {
    if (rule.matcher.constructor !== PathMatches || rule.destination === null) return false;
    const paths = (rule.matcher as PathMatches).literals;
    const literal = { order: this.#order++, match: new RouteMatch(rule.destination) };
    for (const path of paths) if (!this.#literals.has(path)) this.#literals.set(path, literal);
    return paths.length > 0;
  }

  #sortBySegment(): Map<string, RouteStep[]> {
    const bySegment = new Map<string, RouteStep[]>();
    for (const { firstSegment } of this.#steps) {
      if (firstSegment !== null) bySegment.set(firstSegment, []);
    }
    for (const step of this.#steps) {
      if (step.firstSegment !== null) bySegment.get(step.firstSegment)?.push(step);
      else for (const steps of bySegment.values()) steps.push(step);
    }
    return bySegment;
  }
}

/** The target if it is a RuleRouter whose way of finding is the ordered walk, and not a subclass's own. */
function plainRouter(target: unknown): RuleRouter | null {
  const plain =
    target instanceof RuleRouter && target.findHandler === RuleRouter.prototype.findHandler;
  return plain ? target : null;
}
