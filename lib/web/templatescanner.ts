/**
 * Cuts the text of a template into pieces: literal text, tags of eta, expressions and statements of Tornado's syntax.
 *
 *     <b>{{ name }}</b>   {% if x %}   {# not shown #}   {{! is a literal {{   <%= eta %>
 *
 * The parser (templatetree.ts) calls it once per file. Tags of eta are passed on whole, for eta to read. The code in a
 * tag is JavaScript, so the end of a tag is looked for outside its strings, comments and regular expressions; Tornado
 * takes the first "}}" wherever it stands.
 */
import { type TemplateSource, templateError } from "./templateerror.ts";

/** A piece of a template; `line` is where it begins, counted from 1. */
export interface TemplateToken {
  /** eta: a whole tag `<% … %>`. expression: the inside of `{{ }}`. statement: the inside of `{% %}`. */
  readonly kind: "text" | "eta" | "expression" | "statement";
  readonly text: string;
  readonly line: number;
}

/** Of more than two braces in a row, the innermost two count. */
const OPENERS = /\{\{(?!\{)|\{[%#]|<%/g;

const CLOSERS: Readonly<Record<string, string>> = {
  "{{": "}}",
  "{%": "%}",
  "{#": "#}",
  "<%": "%>",
};

/** A statement whose content is no code. */
const COMMENT = /\s*comment\b/y;

/** After one of these, or at the start, a slash begins a regular expression and does not divide. */
const BEFORE_REGEX = /[=([{},;:!&|?+\-*%<>~^]/;

/**
 * Cuts a template.
 *
 * @throws CodedError ERR_TEMPLATE if a tag of Tornado's has no end, or an expression is empty
 */
export function scanTemplate(source: TemplateSource): TemplateToken[] {
  const { text } = source;
  const tokens: TemplateToken[] = [];
  let at = 0;
  let line = 1;
  const add = (kind: TemplateToken["kind"], piece: string): void => {
    if (piece !== "" || kind !== "text") tokens.push({ kind, text: piece, line });
  };
  const advance = (to: number): void => {
    line += newlines(text, at, to);
    at = to;
  };
  for (;;) {
    OPENERS.lastIndex = at;
    const opener = OPENERS.exec(text);
    if (opener === null) break;
    add("text", text.slice(at, opener.index));
    advance(opener.index);
    const [open] = opener;
    const inside = at + open.length;
    const close = CLOSERS[open] ?? "";
    if (open !== "<%" && text.charAt(inside) === "!") {
      add("text", open);
      advance(inside + 1);
      continue;
    }
    COMMENT.lastIndex = inside;
    const isComment = open === "{#" || (open === "{%" && COMMENT.test(text));
    const end = isComment ? text.indexOf(close, inside) : endOfCode(text, inside, close);
    if (end === -1) {
      // eta says itself what is wrong with its tag.
      if (open === "<%") break;
      throw templateError(source, line, `"${open}" is never closed by "${close}"`);
    }
    const content = text.slice(inside, end);
    if (open === "<%") add("eta", text.slice(at, end + close.length));
    else if (!isComment) {
      if (content.trim() === "") throw templateError(source, line, `"${open} ${close}" is empty`);
      add(open === "{{" ? "expression" : "statement", content.trim());
    }
    advance(end + close.length);
  }
  add("text", text.slice(at));
  return tokens;
}

/** Tells whether a piece of JavaScript is a list: it has a comma outside every bracket and string. */
export function hasBareComma(code: string): boolean {
  let depth = 0;
  for (let at = 0; at < code.length; at++) {
    const character = code.charAt(at);
    if (character === "," && depth === 0) return true;
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else {
      at = endOfLiteral(code, at, 0);
      if (at === -1) return false;
    }
  }
  return false;
}

/** Where the closer of a tag stands; -1 if there is none. */
function endOfCode(text: string, from: number, close: string): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (text.startsWith(close, at) && (close !== "}}" || depth === 0)) return at;
    if (character === "{") depth++;
    else if (character === "}") depth = Math.max(0, depth - 1);
    else {
      at = endOfLiteral(text, at, from);
      if (at === -1) break;
    }
  }
  // Not JavaScript as it is understood here: an apostrophe in a line comment, say.
  return text.indexOf(close, from);
}

/** The last character of the string, comment or regular expression that begins at `at`; `at` if none does; -1: no end. */
function endOfLiteral(text: string, at: number, from: number): number {
  const character = text.charAt(at);
  if (character === '"' || character === "'") return endOfQuoted(text, at, character);
  if (character === "`") return endOfTemplateLiteral(text, at);
  if (character !== "/") return at;
  if (text.charAt(at + 1) === "*") {
    const end = text.indexOf("*/", at + 2);
    return end === -1 ? -1 : end + 1;
  }
  const before = text.slice(from, at).trimEnd().at(-1);
  return before === undefined || BEFORE_REGEX.test(before) ? endOfRegex(text, at) : at;
}

function endOfQuoted(text: string, at: number, quote: string): number {
  for (let end = at + 1; end < text.length; end++) {
    const character = text.charAt(end);
    if (character === "\\") end++;
    else if (character === quote) return end;
    else if (character === "\n") return -1;
  }
  return -1;
}

function endOfTemplateLiteral(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    const character = text.charAt(end);
    if (character === "\\") end++;
    else if (character === "`") return end;
    else if (character === "$" && text.charAt(end + 1) === "{") {
      const close = endOfHole(text, end + 2);
      if (close === -1) return -1;
      end = close;
    }
  }
  return -1;
}

/** The brace that ends a `${`; -1 if there is none. */
function endOfHole(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "{") depth++;
    else if (character === "}") {
      if (depth === 0) return at;
      depth--;
    } else {
      at = endOfLiteral(text, at, from);
      if (at === -1) return -1;
    }
  }
  return -1;
}

function endOfRegex(text: string, at: number): number {
  let isInClass = false;
  for (let end = at + 1; end < text.length; end++) {
    const character = text.charAt(end);
    if (character === "\n") return at;
    if (character === "\\") end++;
    else if (character === "[") isInClass = true;
    else if (character === "]") isInClass = false;
    else if (character === "/" && !isInClass) return end;
  }
  return at;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) {
    count++;
  }
  return count;
}
