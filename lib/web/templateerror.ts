/**
 * The errors of templates: which template, which line, and the lines around it.
 *
 * Everything from the scanner to a running template throws these, so that a page that fails is found without a debugger:
 *
 *     page.html:3: total is not defined
 *         2| <ul>
 *      >> 3| <li>{{ total }}</li>
 */
import { CodedError, HTTPInputError } from "../base/errors.ts";
import { nearestName } from "../base/levenshtein.ts";
import { Finish, HTTPError } from "./httperror.ts";

/** A template's text, for errors. */
export interface TemplateSource {
  /** As it was asked for: a path below the folder of the templates. */
  readonly name: string;
  readonly text: string;
}

/** Lines shown before and after the one that failed. */
const LINES_AROUND = 2;

/** Longest part of a line that is shown. */
const SHOWN_CHARACTERS = 160;

/**
 * @param line counted from 1
 * @returns a CodedError ERR_TEMPLATE that names file and line, with the text around it
 */
export function templateError(
  source: TemplateSource,
  line: number,
  message: string,
  cause?: unknown,
): CodedError {
  const text = `${source.name}:${line}: ${message}\n${excerpt(source.text, line)}`;
  return new CodedError("ERR_TEMPLATE", text, cause === undefined ? {} : { cause });
}

/**
 * What a template threw, with the place where it did. Those that end a request (HTTPError, Finish, bad input) and those
 * that already name a template are left as they are.
 */
export function placedError(error: unknown, source: TemplateSource, line: number): unknown {
  if (error instanceof HTTPError || error instanceof Finish || error instanceof HTTPInputError) {
    return error;
  }
  if (error instanceof CodedError && error.code.startsWith("ERR_TEMPLATE")) return error;
  const message = error instanceof Error ? error.message : `threw ${typeof error}`;
  return templateError(source, line, message, error);
}

/** Python's words, which a template that was ported may still have. */
const PYTHON_NAMES: Readonly<Record<string, string>> = {
  None: "null",
  True: "true",
  False: "false",
  len: "xs.length",
  str: "String",
  int: "Number",
  float: "Number",
  range: "Array(n).keys()",
  enumerate: "xs.entries()",
  sorted: "xs.toSorted()",
  reversed: "xs.toReversed()",
};
/** The second form is `x if y else z`. */
const PYTHON_OPERATORS =
  /\{[{%][^}]*\b(?:not|and|or|is|lambda)\b|\{[{%][^}]*\S\s+if\s[^}]*\selse\s/;

/** An error about a name that is not there, with the nearest that is; any other as it is. */
export function withHint(error: unknown, namespace: object): unknown {
  if (!(error instanceof ReferenceError)) return error;
  const [, missing] = /^(\S+) is not defined$/.exec(error.message) ?? [];
  if (missing === undefined) return error;
  const names: string[] = [];
  for (const name in namespace) names.push(name);
  const nearest = PYTHON_NAMES[missing] ?? nearestName(missing, names);
  if (nearest === null) return error;
  return new ReferenceError(`${error.message}; did you mean "${nearest}"?`, { cause: error });
}

/** What is added to a syntax error on a line that looks like Python; "" on any other. */
export function pythonHint(source: TemplateSource, line: number): string {
  const text = source.text.split("\n")[line - 1] ?? "";
  return PYTHON_OPERATORS.test(text) ? "; expressions are JavaScript: !, &&, ||, ===, ?:" : "";
}

function excerpt(text: string, line: number): string {
  const lines = text.split("\n");
  const first = Math.max(1, line - LINES_AROUND);
  const last = Math.min(lines.length, line + LINES_AROUND);
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const mark = number === line ? " >> " : "    ";
    const content = (lines[number - 1] ?? "").trimEnd().slice(0, SHOWN_CHARACTERS);
    shown.push(`${mark}${number}| ${content}`);
  }
  return shown.join("\n");
}
