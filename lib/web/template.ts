/**
 * Template: one compiled template; after tornado.template.Template, on eta.
 *
 *     new Template("<b>{{ name }}</b>").generate({ name: "<you>" });   // <b>&lt;you&gt;</b>
 *
 * A loader (templateloader.ts) makes them of files and keeps them. The names of a namespace stand in a template as plain
 * variables, and as properties of `it`. The code runs in strict mode: a slip cannot make a global.
 *
 * For each set of names that a namespace has of those the code mentions, a function is compiled: a name that is not
 * given stays what it is in JavaScript, `Math` a global and a misspelt one an error. No name of a namespace becomes
 * code: only words of the template itself do, so a namespace may be made of what a client sent.
 */
import { compileFunction } from "node:vm";
import { CodedError } from "../base/errors.ts";
import { templateBuiltins } from "./templatebuiltins.ts";
import { generateTemplate, type TemplateCode, type TemplatePosition } from "./templatecode.ts";
import { placedError, pythonHint, templateError, withHint } from "./templateerror.ts";
import { escapeValue, type LayoutBlocks, TemplateState, textOf } from "./templatestate.ts";
import { parseTemplate, type TemplateFile, type WhitespaceMode } from "./templatetree.ts";

/** How a template is read and escaped. */
export interface TemplateOptions {
  /** Name for messages, and what names in it are relative to. Default "<string>". */
  readonly name?: string;
  /** Where it finds templates that it names. Default: it may name none. */
  readonly loader?: TemplateLoader | null;
  /** Name of the function that escapes, "xhtmlEscape" or one in the namespace; null = none. Default "xhtmlEscape". */
  readonly autoescape?: string | null;
  /** What is done to literal text. Default "all": nothing. */
  readonly whitespace?: WhitespaceMode;
  /** "both" Tornado's tags and eta's, or "eta" alone. Default "both". */
  readonly syntax?: "both" | "eta";
}

/** What a template needs of its loader. */
export interface TemplateLoader {
  /** A template by a name relative to `from`. */
  load(name: string, from?: string): Template;
  /** @internal The tree of a template by a name relative to `from`. */
  parse(name: string, from: string): TemplateFile;
}

type TemplateFunction = (it: object, state: TemplateState) => void;

/** Most functions that are kept of one template; with more, it begins anew. */
const MOST_VARIANTS = 32;

/** Blocks for the layout travel in its namespace, where no name of a user's can meet them. */
const BLOCKS = Symbol("landspout.blocks");

/** What eta calls its functions. */
const HELPERS = ["include", "layout", "output", "capture", "block"] as const;

/** Words that are no variables, or that strict code cannot bind. */
const RESERVED = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function if implements import in instanceof interface let new null package private protected " +
    "public return static super switch this throw true try typeof undefined var void while with yield NaN Infinity " +
    "it __it __eta __builtins __s"
  ).split(" "),
);

export class Template {
  readonly name: string;
  readonly #loader: TemplateLoader | null;
  readonly #autoescape: string | null;
  readonly #code: TemplateCode;
  /** Words of the code that a namespace may give a meaning. */
  readonly #words: readonly string[];
  readonly #variants = new Map<string, TemplateFunction>();

  /**
   * @throws CodedError ERR_TEMPLATE with file and line if it cannot be read; ERR_TEMPLATE_NAME, ERR_TEMPLATE_MISSING for
   *   another template that it names
   */
  constructor(source: string | TemplateFile, options: TemplateOptions = {}) {
    const {
      loader = null,
      autoescape = "xhtmlEscape",
      whitespace = "all",
      syntax = "both",
    } = options;
    const file =
      typeof source === "string"
        ? parseTemplate({ name: options.name ?? "<string>", text: source }, { syntax, whitespace })
        : source;
    this.name = file.name;
    this.#loader = loader;
    this.#autoescape = autoescape;
    this.#code = generateTemplate(file, (name, from) =>
      this.#needLoader(name).parse(name, from.name),
    );
    this.#words = [...this.#code.words].filter(isBindable);
    // A slip in the code is found now, and not with the first request.
    this.#compile("0".repeat(this.#words.length));
  }

  /**
   * Runs the template.
   *
   * @param namespace names for the template; it is not changed, and getters in it are read if their names are mentioned
   * @throws CodedError ERR_TEMPLATE with file and line, the cause being what was thrown; HTTPError and Finish as they are
   */
  generate(namespace: object = {}): string {
    return this.#run(namespace);
  }

  // Steps.

  #run(it: object): string {
    const state = new TemplateState(this.#escaper(it), blocksOf(it), (name, data, line) =>
      this.#runOther(name, inherit(it, data), line),
    );
    let layout: string;
    try {
      this.#variant(it)(it, state);
      if (state.layoutName === null) return state.res;
      layout = state.layoutName;
    } catch (error) {
      const { file, line } = this.#position(state.line);
      throw placedError(withHint(error, it), file, line);
    }
    const data = { body: state.res, ...state.layoutData, [BLOCKS]: state.blocks };
    return this.#runOther(layout, inherit(it, data), state.line);
  }

  #runOther(name: string, it: object, position: number): string {
    const { file, line } = this.#position(position);
    try {
      return this.#needLoader(name).load(name, file.name).#run(it);
    } catch (error) {
      throw placedError(error, file, line);
    }
  }

  #escaper(it: object): (value: unknown) => string {
    const name = this.#autoescape;
    if (name === null) return textOf;
    if (name === "xhtmlEscape") return escapeValue;
    const given: unknown = Reflect.get(it, name) ?? Reflect.get(templateBuiltins, name);
    if (typeof given !== "function") {
      throw new CodedError(
        "ERR_TEMPLATE",
        `${this.name}: the function "${name}" that autoescape names is not in the namespace`,
      );
    }
    return (value) => textOf(given(textOf(value)));
  }

  /** The function for the names that a namespace has. */
  #variant(it: object): TemplateFunction {
    let names = "";
    for (const word of this.#words) names += word in it ? "1" : "0";
    return this.#variants.get(names) ?? this.#compile(names);
  }

  #compile(names: string): TemplateFunction {
    const given: string[] = [];
    const builtins: string[] = [];
    const helpers: string[] = [];
    this.#words.forEach((word, index) => {
      const isSet = this.#code.setNames.has(word);
      if (names.charAt(index) === "1") given.push(`${word}=__it.${word}`);
      else if (word in templateBuiltins) builtins.push(`${word}=__builtins.${word}`);
      else if ((HELPERS as readonly string[]).includes(word)) {
        helpers.push(`${word}=__eta.${word}.bind(__eta)`);
      } else if (isSet) given.push(word);
    });
    const bound = ["it=__it", ...helpers, ...builtins, ...given];
    const code = `"use strict";let ${bound.join(",")};(()=>{\n${this.#code.body}})()`;
    let compiled: (it: object, state: TemplateState, builtins: object) => void;
    try {
      compiled = compileFunction(code, ["__it", "__eta", "__builtins"], {
        filename: `${this.name} (compiled)`,
      }) as typeof compiled;
    } catch (error) {
      throw this.#syntaxError(error, code);
    }
    const variant: TemplateFunction = (it, state) => compiled(it, state, templateBuiltins);
    if (this.#variants.size >= MOST_VARIANTS) this.#variants.clear();
    this.#variants.set(names, variant);
    return variant;
  }

  /** V8 tells the line of the generated code; the mark before it tells the template's. */
  #syntaxError(error: unknown, code: string): unknown {
    if (!(error instanceof SyntaxError)) return error;
    const [head = ""] = (error.stack ?? "").split("\n");
    const line = Number(/:(\d+)$/.exec(head)?.[1] ?? 0);
    const before = code.split("\n").slice(0, line).join("\n");
    const mark = [...before.matchAll(/__eta\.line=(\d+);/g)].at(-1)?.[1];
    const position = this.#position(Number(mark ?? 0));
    const { file, line: at } = position;
    return templateError(file, at, error.message + pythonHint(file, at), error);
  }

  #position(number: number): TemplatePosition {
    const file = { name: this.name, text: "", nodes: [], parent: null, autoescape: undefined };
    return this.#code.positions[number] ?? { file, line: 1 };
  }

  #needLoader(name: string): TemplateLoader {
    if (this.#loader !== null) return this.#loader;
    throw new CodedError(
      "ERR_TEMPLATE_MISSING",
      `${this.name} names the template "${name}", but has no loader; use Loader or DictLoader`,
    );
  }
}

/** A namespace with more names, over one that is not read for it. */
function inherit(it: object, data: object): object {
  return { __proto__: it, ...data };
}

function blocksOf(it: object): LayoutBlocks | null {
  return (Reflect.get(it, BLOCKS) as LayoutBlocks | undefined) ?? null;
}

/** Not a word of the language, nor one that every object has. */
function isBindable(word: string): boolean {
  return !RESERVED.has(word) && !(word in Object.prototype);
}
