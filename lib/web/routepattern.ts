/**
 * The language of patterns: Python's regular expressions as far as routes use them, and segments `/:name`.
 *
 * PathMatches and HostMatches come here to have a pattern translated to JavaScript's dialect and anchored. What is
 * understood of Python: `(?P<name>…)`, `(?P=name)`, `\A`, `\Z`, a leading `(?i)` or `(?s)`, and `]` first in a class.
 * The rest is the same in both languages, or JavaScript refuses it and the message says so.
 */

import { CodedError } from "../base/errors.ts";

/** A pattern in JavaScript's dialect, not yet anchored. */
export interface TranslatedPattern {
  readonly source: string;
  readonly flags: string;
}

/** Whether a segment `/:name` is short for a named group; hosts have no segments. */
export interface TranslateOptions {
  readonly segments: "named" | "literal";
}

/** The groups of a pattern. */
export interface PatternGroups {
  readonly count: number;
  /** In order; null if the groups are positional or there are none. */
  readonly names: readonly string[] | null;
}

const INLINE_FLAGS = /^\(\?([aiLmsux]+)\)/;
const SEGMENT_NAME = /[A-Za-z_]\w*/y;
/** What may follow `/:name`: the next segment, the end of the pattern, of a group or of an alternative. */
const SEGMENT_END = /$|\/|\\\/|[)|$]/y;

/**
 * Translates a pattern as Tornado takes it to a JavaScript regular expression.
 *
 * @throws CodedError ERR_ROUTE_PATTERN for a segment that only begins like `/:name`, and for inline flags without
 *   a counterpart
 */
export function translatePattern(pattern: string, options: TranslateOptions): TranslatedPattern {
  let source = "";
  let at = 0;
  let flags = "";
  const inline = INLINE_FLAGS.exec(pattern);
  if (inline !== null) {
    flags = javascriptFlags(inline[1] ?? "", pattern);
    at = inline[0].length;
  }
  while (at < pattern.length) {
    const piece = pieceAt(pattern, at, options);
    source += piece.source;
    at = piece.end;
  }
  return { source, flags };
}

/**
 * Compiles a translated pattern, anchored at both ends.
 *
 * @param source   JavaScript's dialect
 * @param flags    those that say when to match (g, m, y) are dropped: a pattern always matches the whole
 * @param original what the user wrote, for the message
 * @throws CodedError ERR_ROUTE_PATTERN if it does not compile
 */
export function anchored(source: string, flags: string, original: string | RegExp): RegExp {
  try {
    // The group keeps an alternative inside the anchors: /a|/b is ^(?:/a|/b)$ and not ^/a or /b$.
    return new RegExp(`^(?:${source})$`, matchingFlags(flags));
  } catch (cause) {
    throw new CodedError(
      "ERR_ROUTE_PATTERN",
      `the pattern ${JSON.stringify(String(original))} does not compile: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Counts and names the groups of a compiled pattern.
 *
 * @throws CodedError ERR_ROUTE_PATTERN if some groups have names and some have none
 */
export function groupsOf(regex: RegExp, original: string | RegExp): PatternGroups {
  // An empty alternative matches anything, so the result lists every group.
  const probe = new RegExp(`${regex.source}|`, regex.flags).exec("");
  const count = (probe?.length ?? 1) - 1;
  const names = Object.keys(probe?.groups ?? {});
  if (names.length === 0) return { count, names: null };
  if (names.length !== count) {
    throw new CodedError(
      "ERR_ROUTE_PATTERN",
      `the pattern ${JSON.stringify(String(original))} has ${names.length} named and ${count - names.length} positional ` +
        "groups; name all or none, and write (?:…) for a group that captures nothing",
    );
  }
  if (names.includes("__proto__")) {
    throw new CodedError("ERR_ROUTE_PATTERN", "a group cannot be called __proto__; rename it");
  }
  return { count, names };
}

/** Where a character class that opens at `start` ends, one past its "]"; the end of `source` if it never does. */
export function classEnd(source: string, start: number): number {
  let at = start + 1;
  if (source[at] === "^") at++;
  while (at < source.length && source[at] !== "]") at += source[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, source.length);
}

interface Piece {
  readonly source: string;
  readonly end: number;
}

function pieceAt(pattern: string, at: number, options: TranslateOptions): Piece {
  switch (pattern[at]) {
    case "\\":
      return escapeAt(pattern, at);
    case "[":
      return classAt(pattern, at);
    case "(":
      return groupAt(pattern, at);
    case ":":
      if (options.segments === "named" && pattern[at - 1] === "/") return segmentAt(pattern, at);
      break;
  }
  return { source: pattern.charAt(at), end: at + 1 };
}

function escapeAt(pattern: string, at: number): Piece {
  const escaped = pattern.charAt(at + 1);
  if (escaped === "A") return { source: "^", end: at + 2 };
  if (escaped === "Z") return { source: "$", end: at + 2 };
  return { source: `\\${escaped}`, end: at + 2 };
}

function classAt(pattern: string, at: number): Piece {
  const open = pattern[at + 1] === "^" ? "[^" : "[";
  const first = at + open.length;
  // Python takes "]" first in a class for itself; JavaScript would close an empty class there.
  if (pattern[first] !== "]") {
    const end = classEnd(pattern, at);
    return { source: pattern.slice(at, end), end };
  }
  const end = classEnd(pattern, first);
  return { source: `${open}\\${pattern.slice(first, end)}`, end };
}

function groupAt(pattern: string, at: number): Piece {
  if (pattern.startsWith("(?P<", at)) return { source: "(?<", end: at + 4 };
  if (pattern.startsWith("(?P=", at)) {
    const close = pattern.indexOf(")", at);
    if (close !== -1) return { source: `\\k<${pattern.slice(at + 4, close)}>`, end: close + 1 };
  }
  // Three characters at once, so that the colon of (?: is not looked at again.
  if (pattern.startsWith("(?", at)) return { source: pattern.slice(at, at + 3), end: at + 3 };
  return { source: "(", end: at + 1 };
}

function segmentAt(pattern: string, at: number): Piece {
  SEGMENT_NAME.lastIndex = at + 1;
  const name = SEGMENT_NAME.exec(pattern)?.[0];
  if (name === undefined) return { source: ":", end: at + 1 };
  const end = at + 1 + name.length;
  SEGMENT_END.lastIndex = end;
  if (!SEGMENT_END.test(pattern)) {
    throw new CodedError(
      "ERR_ROUTE_PATTERN",
      `the pattern ${JSON.stringify(pattern)} has more than a name in the segment that begins with ":${name}"; write ` +
        `(?<${name}>…) for a group of your own, or \\: for a colon`,
    );
  }
  return { source: `(?<${name}>[^/]+)`, end };
}

function javascriptFlags(inline: string, pattern: string): string {
  if (!inline.includes("x")) return matchingFlags(inline);
  throw new CodedError(
    "ERR_ROUTE_PATTERN",
    `the pattern ${JSON.stringify(pattern)} has the inline flag x; JavaScript knows no verbose expressions, write it plainly`,
  );
}

/** Those flags that change what a pattern means: i and s, and of RegExp objects u and v. */
function matchingFlags(flags: string): string {
  let kept = "";
  for (const flag of "isuv") if (flags.includes(flag)) kept += flag;
  return kept;
}
