// Finds what a TypeScript file imports, type-only imports included. Called by
// test/architecture.test.ts. The compiler's own API is not used: TypeScript 7 has none in
// JavaScript. A small scanner steps over comments, strings, templates and regular expressions, so
// that an `import` in one of those is not mistaken for a statement.

/** One import, export-from, `import()` or `import("…")` type. `specifier` is null if it is computed. */
export interface ImportSite {
  readonly specifier: string | null;
  /** The words between `import` and `from`, `type` and `as` left out: what is taken from the module. */
  readonly names: readonly string[];
  readonly line: number;
}

interface Token {
  readonly kind: "word" | "string" | "punctuator";
  readonly text: string;
  readonly line: number;
}

/** Lists the imports of one source text, in order. */
export function importsOf(source: string): ImportSite[] {
  const tokens = tokenize(source);
  const found: ImportSite[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined || token.kind !== "word") continue;
    // A property called import or export: `module.import`, `{ import: 1 }`.
    if (tokens[i - 1]?.text === "." || tokens[i + 1]?.text === ":") continue;
    if (token.text === "import") {
      const site = importAt(tokens, i, token.line);
      if (site !== null) found.push(site);
    } else if (token.text === "export") {
      const site = exportAt(tokens, i, token.line);
      if (site !== null) found.push(site);
    }
  }
  return found;
}

function importAt(tokens: readonly Token[], at: number, line: number): ImportSite | null {
  const next = tokens[at + 1];
  if (next === undefined || next.text === ".") return null; // import.meta
  if (next.kind === "string") return { specifier: next.text, names: [], line };
  if (next.text !== "(") return fromClause(tokens, at + 1, line);
  const argument = tokens[at + 2];
  const after = tokens[at + 3]?.text;
  const whole = argument?.kind === "string" && (after === ")" || after === ",");
  return { specifier: whole ? argument.text : null, names: [], line };
}

/** `export * from`, `export { … } from` and their `export type` forms; any other export has no module. */
function exportAt(tokens: readonly Token[], at: number, line: number): ImportSite | null {
  let next = at + 1;
  if (tokens[next]?.text === "type" && /^[*{]$/.test(tokens[next + 1]?.text ?? "")) next++;
  if (tokens[next]?.text === "*") return fromClause(tokens, next, line);
  if (tokens[next]?.text !== "{") return null;
  while (next < tokens.length && tokens[next]?.text !== "}") next++;
  return tokens[next + 1]?.text === "from" ? fromClause(tokens, next + 1, line) : null;
}

/** The string after the first `from` that one follows; `from` may also be a name that is imported. */
function fromClause(tokens: readonly Token[], start: number, line: number): ImportSite | null {
  const names: string[] = [];
  for (let i = start; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined || token.kind === "string" || token.text === ";") return null;
    const next = tokens[i + 1];
    if (token.text === "from" && next?.kind === "string") {
      return { specifier: next.text, names, line };
    }
    if (token.kind === "word" && !/^(type|as)$/.test(token.text)) names.push(token.text);
  }
  return null;
}

// After one of these a slash begins a regular expression; after a name, a number or a closing
// bracket it divides. `)` is taken for the end of an operand: `if (x) /re/.test(y)` is not our style.
const operandFollows = /[(,=:[!&|?{};+\-*%<>~^/]$/;
const wordsBeforeRegExp =
  /^(return|typeof|case|in|of|delete|void|throw|new|await|yield|else|instanceof)$/;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  // Depth of braces for each template that is open: at the matching `}` its text goes on.
  const templates: number[] = [];
  let depth = 0;
  let line = 1;
  let at = 0;
  const add = (kind: Token["kind"], text: string): void => {
    tokens.push({ kind, text, line });
  };
  const advance = (end: number): void => {
    for (; at < end; at++) if (source[at] === "\n") line++;
  };
  while (at < source.length) {
    const char = source.charAt(at);
    if (/\s/.test(char)) {
      advance(at + 1);
    } else if (source.startsWith("//", at)) {
      advance(endOr(source.indexOf("\n", at), source.length));
    } else if (source.startsWith("/*", at)) {
      advance(endOr(source.indexOf("*/", at + 2), source.length - 2) + 2);
    } else if (char === '"' || char === "'") {
      const end = endOfString(source, at);
      add("string", source.slice(at + 1, end - 1));
      advance(end);
    } else if (char === "`" || (char === "}" && templates.at(-1) === depth)) {
      if (char === "}") templates.pop();
      const end = endOfTemplatePart(source, at + 1);
      const opens = source.startsWith("${", end - 2);
      // A template without a hole is a literal, and `import(`./x.ts`)` names a module with it.
      if (char === "`" && !opens) add("string", source.slice(at + 1, end - 1));
      else add("punctuator", "template");
      if (opens) templates.push(depth);
      advance(end);
    } else if (/[\w$#@]/.test(char)) {
      const word = /^[\w$#@]+/.exec(source.slice(at, at + 200))?.[0] ?? char;
      add("word", word);
      advance(at + word.length);
    } else if (char === "/" && startsRegExp(tokens.at(-1))) {
      add("punctuator", "regexp");
      advance(endOfRegExp(source, at));
    } else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      add("punctuator", char);
      advance(at + 1);
    }
  }
  return tokens;
}

function endOr(found: number, otherwise: number): number {
  return found < 0 ? otherwise : found;
}

function endOfString(source: string, start: number): number {
  const quote = source[start];
  let at = start + 1;
  while (at < source.length && source[at] !== quote && source[at] !== "\n") {
    at += source[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}

/** Past the closing backquote, or past the `${` of the next hole. */
function endOfTemplatePart(source: string, start: number): number {
  let at = start;
  while (at < source.length && source[at] !== "`") {
    if (source.startsWith("${", at)) return at + 2;
    at += source[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}

function startsRegExp(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === "word") return wordsBeforeRegExp.test(before.text);
  return before.kind === "punctuator" && operandFollows.test(before.text);
}

function endOfRegExp(source: string, start: number): number {
  let inClass = false;
  let at = start + 1;
  for (; at < source.length && source[at] !== "\n"; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "[") inClass = true;
    else if (source[at] === "]") inClass = false;
    else if (source[at] === "/" && !inClass) return at + 1;
  }
  return at;
}
