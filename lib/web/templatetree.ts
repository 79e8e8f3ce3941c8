/**
 * Reads the pieces of a template into a tree: what is nested in what, and what each tag of Tornado's syntax says.
 *
 * The code generator (templatecode.ts) walks it. Expressions are JavaScript and are not looked into. A file's
 * autoescape is the last one it states, for the whole file, and never another file's, whoever includes or extends it.
 */
import { nearestName } from "../base/levenshtein.ts";
import { type TemplateSource, templateError } from "./templateerror.ts";
import { scanTemplate, type TemplateToken } from "./templatescanner.ts";

/** What is done to literal text: nothing; runs of blanks made one; all of them made one space. */
export type WhitespaceMode = "all" | "single" | "oneline";

/** How a file is read. */
export interface TemplateSyntaxOptions {
  /** "both" Tornado's tags and eta's, or "eta" alone. */
  readonly syntax: "both" | "eta";
  readonly whitespace: WhitespaceMode;
}

/** One branch of a statement: `if x`, `elif y`, `else`. */
export interface TemplateClause {
  readonly word: string;
  readonly code: string;
  readonly line: number;
  readonly body: TemplateNode[];
}

export type TemplateNode =
  /** Literal text with eta's own tags in it. */
  | { readonly kind: "text"; text: string; readonly line: number }
  | { readonly kind: "output"; readonly code: string; readonly line: number; readonly raw: boolean }
  | { readonly kind: "module"; readonly code: string; readonly line: number }
  | { readonly kind: "set"; readonly code: string; readonly line: number }
  | { readonly kind: "jump"; readonly word: "break" | "continue"; readonly line: number }
  | { readonly kind: "include"; readonly name: string; readonly line: number }
  /** if, for, while, try. */
  | { readonly kind: "control"; readonly clauses: TemplateClause[]; readonly line: number }
  | {
      readonly kind: "block" | "apply";
      /** Of the block; of the function to apply, as JavaScript. */
      readonly name: string;
      readonly body: TemplateNode[];
      readonly line: number;
    };

/** One file as a tree. */
export interface TemplateFile extends TemplateSource {
  readonly nodes: TemplateNode[];
  /** The template it extends. */
  readonly parent: { readonly name: string; readonly line: number } | null;
  /** Name of the function that escapes; null = none; undefined = as the loader's. */
  readonly autoescape: string | null | undefined;
}

const MODES: readonly string[] = ["all", "single", "oneline"];

/** Words that continue a statement, and which. */
const CONTINUATIONS: Readonly<Record<string, readonly string[]>> = {
  elif: ["if"],
  else: ["if", "for", "while", "try"],
  except: ["try"],
  finally: ["try"],
};

const SIMPLE = ["raw", "module", "set", "include", "extends", "break", "continue"];
const SETTINGS = ["autoescape", "whitespace"];
const NESTED = ["if", "for", "while", "try", "block", "apply"];
const WORDS = [...NESTED, ...Object.keys(CONTINUATIONS), ...SIMPLE, ...SETTINGS, "end", "comment"];

/** A function's name, or a path to one. */
const FUNCTION_NAME = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/;

/**
 * Reads a template.
 *
 * @throws CodedError ERR_TEMPLATE with file and line for an unknown, misplaced or unclosed tag
 */
export function parseTemplate(
  source: TemplateSource,
  options: TemplateSyntaxOptions,
): TemplateFile {
  const reader = new TreeReader(source, options.whitespace);
  if (options.syntax === "both") {
    for (const token of scanTemplate(source)) reader.take(token);
  } else {
    reader.take({ kind: "eta", text: source.text, line: 1 });
  }
  return reader.finish();
}

/** Applies a whitespace mode to literal text; text with a `<pre>` is left as it is. */
export function filterWhitespace(mode: WhitespaceMode, text: string): string {
  if (mode === "all" || text.includes("<pre>")) return text;
  if (mode === "oneline") return text.replace(/\s+/g, " ");
  return text.replace(/[\t ]+/g, " ").replace(/\s+/g, (run) => (run.includes("\n") ? "\n" : run));
}

/** A statement that is not closed yet. */
interface OpenStatement {
  readonly word: string;
  readonly line: number;
  readonly clauses: TemplateClause[];
  /** break and continue have a loop to go to. */
  readonly isInLoop: boolean;
}

class TreeReader {
  readonly #source: TemplateSource;
  readonly #nodes: TemplateNode[] = [];
  readonly #open: OpenStatement[] = [];
  /** The bodies that the open statements stand in. */
  readonly #outer: TemplateNode[][] = [];
  #body: TemplateNode[] = this.#nodes;
  #parent: TemplateFile["parent"] = null;
  #autoescape: string | null | undefined = undefined;
  #whitespace: WhitespaceMode;

  constructor(source: TemplateSource, whitespace: WhitespaceMode) {
    this.#source = source;
    this.#whitespace = whitespace;
  }

  take({ kind, text, line }: TemplateToken): void {
    if (kind === "text") this.#addText(filterWhitespace(this.#whitespace, text), line);
    else if (kind === "eta") this.#addText(text, line);
    else if (kind === "expression")
      this.#body.push({ kind: "output", code: text, line, raw: false });
    else this.#takeStatement(text, line);
  }

  finish(): TemplateFile {
    const unclosed = this.#open.at(-1);
    if (unclosed !== undefined) {
      throw this.#error(unclosed.line, `{% ${unclosed.word} %} is never closed by {% end %}`);
    }
    const { name, text } = this.#source;
    const autoescape = this.#autoescape;
    return { name, text, nodes: this.#nodes, parent: this.#parent, autoescape };
  }

  // Steps.

  /** Neighbours become one piece: eta trims the line break after its tags. */
  #addText(text: string, line: number): void {
    const last = this.#body.at(-1);
    if (last?.kind === "text") last.text += text;
    else this.#body.push({ kind: "text", text, line });
  }

  #takeStatement(statement: string, line: number): void {
    let [word = statement] = /^[A-Za-z_]\w*/.exec(statement) ?? [];
    let rest = statement.slice(word.length).trim();
    if (word === "else" && /^if\b/.test(rest)) {
      word = "elif";
      rest = rest.slice("if".length).trim();
    }
    if (word in CONTINUATIONS) this.#continue(word, rest, line);
    else if (word === "end") this.#close(line);
    else if (NESTED.includes(word)) this.#begin(word, rest, line);
    else if (SETTINGS.includes(word)) this.#set(word, rest, line);
    else if (SIMPLE.includes(word)) this.#addSimple(word, rest, line);
    else throw this.#unknown(word, line);
  }

  #continue(word: string, code: string, line: number): void {
    const open = this.#open.at(-1);
    if (open === undefined || !CONTINUATIONS[word]?.includes(open.word)) {
      const where = open === undefined ? "outside any statement" : `in {% ${open.word} %}`;
      const allowed = CONTINUATIONS[word]?.join(", ");
      throw this.#error(line, `{% ${word} %} stands ${where}; it belongs to ${allowed}`);
    }
    if (word === "elif") this.#need(code, "{% elif condition %}", line);
    const before = open.clauses.at(-1)?.word;
    if (before === "finally" || (before === "else" && word !== "finally")) {
      throw this.#error(line, `{% ${word} %} cannot come after {% ${before} %}`);
    }
    this.#body = [];
    open.clauses.push({ word, code, line, body: this.#body });
  }

  #begin(word: string, code: string, line: number): void {
    if (word !== "try") this.#need(code, `{% ${word} … %}`, line);
    const name = unquoted(code);
    if (word === "apply" && !FUNCTION_NAME.test(name)) {
      throw this.#error(line, `"${code}" is not the name of a function to apply`);
    }
    const outer = this.#open.at(-1)?.isInLoop ?? false;
    const isInLoop = word === "for" || word === "while" || (outer && word !== "apply");
    const body: TemplateNode[] = [];
    const clauses: TemplateClause[] = [{ word, code, line, body }];
    if (word === "block" || word === "apply") this.#body.push({ kind: word, name, body, line });
    else this.#body.push({ kind: "control", clauses, line });
    this.#outer.push(this.#body);
    this.#body = body;
    this.#open.push({ word, line, clauses, isInLoop });
  }

  #close(line: number): void {
    const closed = this.#open.pop();
    if (closed === undefined) throw this.#error(line, "{% end %} has nothing to close");
    if (closed.word === "try" && closed.clauses.length === 1) {
      throw this.#error(closed.line, "{% try %} needs {% except %} or {% finally %}");
    }
    this.#body = this.#outer.pop() ?? this.#nodes;
  }

  #set(word: string, value: string, line: number): void {
    if (word === "whitespace") {
      if (!MODES.includes(value)) {
        throw this.#error(line, `whitespace is "${value}"; allowed are ${MODES.join(", ")}`);
      }
      this.#whitespace = value as WhitespaceMode;
      return;
    }
    this.#need(value, "{% autoescape function %}", line);
    const isNone = value === "None" || value === "null";
    if (!isNone && !FUNCTION_NAME.test(value)) {
      throw this.#error(line, `"${value}" is not the name of a function; None turns escaping off`);
    }
    this.#autoescape = isNone ? null : value;
  }

  #addSimple(word: string, code: string, line: number): void {
    if (word === "break" || word === "continue") {
      if (this.#open.at(-1)?.isInLoop !== true) {
        throw this.#error(line, `{% ${word} %} stands outside any {% for %} and {% while %}`);
      }
      this.#body.push({ kind: "jump", word, line });
      return;
    }
    this.#need(code, `{% ${word} … %}`, line);
    if (word === "extends") {
      if (this.#parent !== null) throw this.#error(line, "a template extends one other at most");
      this.#parent = { name: unquoted(code), line };
    } else if (word === "include") {
      this.#body.push({ kind: "include", name: unquoted(code), line });
    } else if (word === "raw") this.#body.push({ kind: "output", code, line, raw: true });
    else this.#body.push({ kind: word === "set" ? "set" : "module", code, line });
  }

  #need(code: string, form: string, line: number): void {
    if (code === "") throw this.#error(line, `a word is missing: ${form}`);
  }

  #unknown(word: string, line: number): Error {
    if (word === "import" || word === "from") {
      const remedy = "give the template what it needs in its namespace";
      return this.#error(line, `{% ${word} %} is Python's and not known here; ${remedy}`);
    }
    const nearest = nearestName(word, WORDS);
    const hint = nearest === null ? `known are ${WORDS.join(", ")}` : `did you mean "${nearest}"?`;
    return this.#error(line, `no statement is called "${word}"; ${hint}`);
  }

  #error(line: number, message: string): Error {
    return templateError(this.#source, line, message);
  }
}

function unquoted(name: string): string {
  const [, , inside] = /^(["'`])(.*)\1$/s.exec(name) ?? [];
  return inside ?? name;
}
