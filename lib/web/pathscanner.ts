/**
 * Matches the common shapes of patterns without a regular expression.
 *
 * PathMatches makes one where a pattern is characters and simple groups in turn, such as `/user/([0-9]+)`, `/:a/x/:b` or
 * `/static/(.*)`. A group is simple if it is one set of characters, repeated greedily, and what follows it cannot be in
 * that set (or it is last): then the longest run of the set is the only way to match, and nothing is ever tried twice.
 * `(.*)` before a literal does not qualify; such patterns stay with the regular expression.
 *
 * A scan leaves the bounds of the groups in one buffer of this module: read them (args, kwargs) before the next scan.
 */
import { type KwargsMaker, kwargsMaker } from "./kwargsmaker.ts";
import type { PatternToken } from "./patterntokens.ts";
import { tokensOf } from "./patterntokens.ts";
import type { PathArgs, PathKwargs } from "./routing.ts";

const UNBOUNDED = 0x7fffffff;
/** More groups than this are left to the regular expression. */
const MOST_GROUPS = 32;

/**
 * Start and end of each group of the last scan that matched. One for all scanners, as the sets are: of a thousand
 * patterns each is tried seldom, and what it alone touches is not in the cache.
 */
const bounds = new Int32Array(MOST_GROUPS * 2);
const sets = new Map<string, Uint8Array>();

/** One group with the characters after it. */
interface ScannerStep {
  /** 1 for each latin1 character of the set. */
  readonly set: Uint8Array;
  /** Whether the set is the dot: it runs to the end of the path, for no target of a request has a line break. */
  readonly isRest: boolean;
  readonly least: number;
  readonly most: number;
  /** What must follow; "" only in the last step. */
  readonly literal: string;
}

/** Matches one pattern; see the top of the file for which. */
export class PathScanner {
  readonly #prefix: string;
  readonly #steps: readonly ScannerStep[];
  #makeKwargs: KwargsMaker | null = null;

  private constructor(prefix: string, steps: readonly ScannerStep[]) {
    this.#prefix = prefix;
    this.#steps = steps;
  }

  /** @returns a scanner equal to the pattern, or null if its shape is not a scanner's */
  static from(tokens: readonly PatternToken[]): PathScanner | null {
    let prefix = "";
    const steps: (ScannerStep & { literal: string })[] = [];
    for (const token of tokens) {
      const last = steps.at(-1);
      if (token.kind === "char") {
        if (last === undefined) prefix += token.char;
        else last.literal += token.char;
      } else if (token.kind === "group") {
        const group = simpleGroup(token.body);
        // Two groups that touch would have to share a run.
        if (group === null || last?.literal === "") return null;
        steps.push({ ...group, literal: "" });
      } else return null;
    }
    if (steps.length === 0 || steps.length > MOST_GROUPS) return null;
    return steps.every(isUnambiguous) ? new PathScanner(prefix, steps) : null;
  }

  /**
   * Says whether the whole of `path` matches.
   *
   * @hot bench/micro/routing.bench.mjs: once per dynamic route that is tried; allocates nothing.
   */
  scan(path: string): boolean {
    const prefix = this.#prefix;
    const steps = this.#steps;
    const end = path.length;
    if (!hasAt(path, prefix, 0)) return false;
    let at = prefix.length;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as ScannerStep;
      const set = step.set;
      const start = at;
      if (step.isRest) at = end;
      else while (at < end && set[path.charCodeAt(at)] === 1) at++;
      if (at - start < step.least || at - start > step.most) return false;
      bounds[i * 2] = start;
      bounds[i * 2 + 1] = at;
      if (!hasAt(path, step.literal, at)) return false;
      at += step.literal.length;
    }
    return at === end;
  }

  /** The groups of the last scan, in order. */
  args(path: string): PathArgs {
    const count = this.#steps.length;
    // One group is by far the most common, and a literal is cheaper than a push.
    if (count === 1) return [path.slice(bounds[0], bounds[1])];
    const args: string[] = [];
    for (let i = 0; i < count; i++) args.push(path.slice(bounds[i * 2], bounds[i * 2 + 1]));
    return args;
  }

  /** The groups of the last scan by name. @param names in the order of the groups, the same in every call */
  kwargs(path: string, names: readonly string[]): PathKwargs {
    this.#makeKwargs ??= kwargsMaker(names);
    return this.#makeKwargs(path, bounds);
  }
}

/** @hot bench/micro/routing.bench.mjs: shorter than the call to startsWith for the few characters of a segment. */
function hasAt(path: string, literal: string, at: number): boolean {
  if (at + literal.length > path.length) return false;
  for (let i = 0; i < literal.length; i++) {
    if (path.charCodeAt(at + i) !== literal.charCodeAt(i)) return false;
  }
  return true;
}

function simpleGroup(body: string): Omit<ScannerStep, "literal"> | null {
  const [set, repeat, ...rest] = tokensOf(body);
  // tokensOf leaves outer anchors out, and inside a group they mean something.
  if (set?.kind !== "set" || rest.length > 0 || /^\^|\$$/.test(body)) return null;
  if (repeat !== undefined && repeat.kind !== "repeat") return null;
  const counts = repeat === undefined ? { least: 1, most: 1 } : repeatBounds(repeat.source);
  if (counts === null) return null;
  const isRest = set.source === "." && counts.most === UNBOUNDED;
  return { set: charactersOf(set.source), isRest, ...counts };
}

/** Null for a lazy repeat. */
function repeatBounds(source: string): { least: number; most: number } | null {
  switch (source) {
    case "*":
      return { least: 0, most: UNBOUNDED };
    case "+":
      return { least: 1, most: UNBOUNDED };
    case "?":
      return { least: 0, most: 1 };
  }
  const counts = /^\{(\d+)(,?)(\d*)\}$/.exec(source);
  if (counts === null) return null;
  const least = Number(counts[1]);
  if (counts[2] === "") return { least, most: least };
  return { least, most: counts[3] === "" ? UNBOUNDED : Number(counts[3]) };
}

/** Asks the regular expression itself which characters are in a set, so that the two can never differ. */
function charactersOf(set: string): Uint8Array {
  const known = sets.get(set);
  if (known !== undefined) return known;
  const regex = new RegExp(`^${set}$`);
  const members = new Uint8Array(256);
  for (let code = 0; code < members.length; code++) {
    if (regex.test(String.fromCharCode(code))) members[code] = 1;
  }
  sets.set(set, members);
  return members;
}

function isUnambiguous(step: ScannerStep, index: number, steps: readonly ScannerStep[]): boolean {
  if (step.literal === "") return index === steps.length - 1;
  return step.set[step.literal.charCodeAt(0)] !== 1;
}
