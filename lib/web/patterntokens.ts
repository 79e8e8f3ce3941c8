/**
 * Takes a translated pattern apart, as far as routing can make use of its parts.
 *
 * Three uses, all by PathMatches at construction: a pattern that is only characters is a literal path and goes into the
 * table's hash; a pattern of characters and simple groups is matched by a PathScanner without a regular expression; and
 * reverseUrl puts arguments in the place of groups. What none of the three understands is a token too ("other"), and
 * the pattern is then left to its regular expression.
 */
import { classEnd } from "./routepattern.ts";

/** One part of a pattern, at its top level. */
export type PatternToken =
  /** A character that stands for itself; `char` has the backslash taken off. */
  | { readonly kind: "char"; readonly char: string }
  /** `[…]`, `.`, `\d` and the like: one character out of many. `source` is the regular expression. */
  | { readonly kind: "set"; readonly source: string }
  /** A capturing group; `body` is what stands between its parentheses, without the name. */
  | { readonly kind: "group"; readonly body: string }
  /** `*`, `+`, `?`, `{n,m}`, with a lazy `?` behind; belongs to the token before it. */
  | { readonly kind: "repeat"; readonly source: string }
  /** Anything else: alternatives, lookarounds, groups that do not capture, anchors inside. */
  | { readonly kind: "other" };

const REPEAT = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y;
const GROUP_OPEN = /\((?:\?<(?![=!])[^>]*>)?(?!\?)/y;
const OTHER: PatternToken = { kind: "other" };

/** Tokens of a pattern in JavaScript's dialect, in order; an outer `^` and `$` are left out. */
export function tokensOf(source: string): PatternToken[] {
  const tokens: PatternToken[] = [];
  let at = source.startsWith("^") ? 1 : 0;
  while (at < source.length) {
    if (source[at] === "$" && at === source.length - 1) break;
    at = tokenAt(source, at, tokens);
  }
  return tokens;
}

/** The paths that a pattern stands for if it has no variable part: one, two if it ends in `/?`; else none. */
export function literalPaths(tokens: readonly PatternToken[]): string[] {
  let text = "";
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "char") text += token.char;
    else if (token.kind === "repeat" && token.source === "?" && text.endsWith("/")) {
      return index === tokens.length - 1 ? [text.slice(0, -1), text] : [];
    } else return [];
  }
  return [text];
}

/** The characters that every path of a pattern begins with; may be empty. */
export function literalPrefix(tokens: readonly PatternToken[]): string {
  // An alternative may begin anyhow.
  if (tokens.some((token) => token.kind === "other")) return "";
  let prefix = "";
  for (const token of tokens) {
    // A repeat makes the character before it uncertain.
    if (token.kind === "repeat") return prefix.slice(0, -1);
    if (token.kind !== "char") return prefix;
    prefix += token.char;
  }
  return prefix;
}

function tokenAt(source: string, at: number, tokens: PatternToken[]): number {
  const char = source.charAt(at);
  switch (char) {
    case "*":
    case "+":
    case "?":
    case "{": {
      REPEAT.lastIndex = at;
      // A brace that counts nothing is a brace.
      const repeat = REPEAT.exec(source)?.[0];
      tokens.push(
        repeat === undefined ? { kind: "char", char } : { kind: "repeat", source: repeat },
      );
      return at + (repeat?.length ?? 1);
    }
    case "\\":
      tokens.push(escapeToken(source.charAt(at + 1)));
      return at + 2;
    case "[": {
      const end = classEnd(source, at);
      tokens.push({ kind: "set", source: source.slice(at, end) });
      return end;
    }
    case ".":
      tokens.push({ kind: "set", source: char });
      return at + 1;
    case "(": {
      const end = groupEnd(source, at);
      GROUP_OPEN.lastIndex = at;
      const open = GROUP_OPEN.exec(source)?.[0];
      tokens.push(
        open === undefined
          ? OTHER
          : { kind: "group", body: source.slice(at + open.length, end - 1) },
      );
      return end;
    }
    case "|":
    case "^":
    case "$":
      tokens.push(OTHER);
      return at + 1;
    default:
      tokens.push({ kind: "char", char });
      return at + 1;
  }
}

function escapeToken(escaped: string): PatternToken {
  if (/[dDwWsS]/.test(escaped)) return { kind: "set", source: `\\${escaped}` };
  // Other letters and digits are control characters, boundaries and back-references.
  if (/[A-Za-z0-9]/.test(escaped)) return OTHER;
  return { kind: "char", char: escaped };
}

/** One past the ")" of the group that opens at `start`. */
function groupEnd(source: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < source.length) {
    const char = source[at];
    if (char === "[") {
      at = classEnd(source, at);
      continue;
    }
    if (char === "(") depth++;
    if (char === ")" && --depth === 0) return at + 1;
    at += char === "\\" ? 2 : 1;
  }
  return source.length;
}
