/**
 * Loaders: where templates come from, and what keeps them compiled; after tornado.template's.
 *
 * They are the framework's TemplateEngines. Loader reads a folder, DictLoader an object of texts. A template's name is a
 * path below the root, with "/" between its parts; a name in a template is relative to that template, or to the root if
 * it begins with "/". No name leads out of the root: not by "..", and not by a symbolic link.
 */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { nearestName } from "../base/levenshtein.ts";
import { Template, type TemplateLoader, type TemplateOptions } from "./template.ts";
import type { TemplateEngine } from "./templateengine.ts";
import { parseTemplate, type TemplateFile } from "./templatetree.ts";

/** How a loader reads templates, and whether it keeps them. */
export interface LoaderOptions
  extends Pick<TemplateOptions, "autoescape" | "whitespace" | "syntax"> {
  /** Keep compiled templates; without, a changed file is seen at once. Default true. */
  readonly cache?: boolean;
}

/** The text of a template, and the name it was found by. */
export interface FoundTemplate {
  readonly name: string;
  readonly text: string;
}

/** Tried in turn behind a name without an extension. */
const EXTENSIONS = ["", ".eta", ".html"] as const;

/** In a file with this extension Tornado's tags are text. */
const ETA_ONLY = ".eta";

/** Most names that are looked through for a suggestion. */
const MOST_NAMES = 1_000;

export abstract class BaseLoader implements TemplateEngine, TemplateLoader {
  readonly readsInherited = true;
  readonly #options: LoaderOptions;
  readonly #templates = new Map<string, Template>();
  readonly #files = new Map<string, TemplateFile>();

  constructor(options: LoaderOptions = {}) {
    this.#options = options;
  }

  /** @throws CodedError as load() and Template.generate() */
  render(name: string, namespace: object = {}): string {
    return this.load(name).generate(namespace);
  }

  /**
   * A template, compiled.
   *
   * @param from the template that names it; none = the name is relative to the root
   * @throws CodedError ERR_TEMPLATE_NAME, ERR_TEMPLATE_MISSING, ERR_TEMPLATE
   */
  load(name: string, from?: string): Template {
    const resolved = this.resolvePath(name, from);
    const known = this.#templates.get(resolved);
    if (known !== undefined) return known;
    const template = new Template(this.#parse(resolved, name, from), {
      ...this.#options,
      loader: this,
    });
    if (this.#options.cache !== false) this.#templates.set(resolved, template);
    return template;
  }

  /** @internal */
  parse(name: string, from: string): TemplateFile {
    return this.#parse(this.resolvePath(name, from), name, from);
  }

  /**
   * A name relative to the root, without "." and "..".
   *
   * @throws CodedError ERR_TEMPLATE_NAME if it leads out of the root, or is no name
   */
  resolvePath(name: string, from?: string): string {
    if (typeof name !== "string" || name === "" || name.includes("\0")) {
      throw badName(name, "a path below the folder of the templates");
    }
    const isRooted = name.startsWith("/");
    if (isRooted && from === undefined) throw badName(name, "a relative path");
    const base = from === undefined || isRooted ? "" : path.posix.dirname(from);
    const resolved = path.posix.join(base, isRooted ? name.replace(/^\/+/, "") : name);
    if (resolved === "." || resolved === ".." || /^\.\.?\/|^\//.test(resolved)) {
      throw badName(name, "a path that stays below the folder of the templates");
    }
    return resolved;
  }

  reset(): void {
    this.#templates.clear();
    this.#files.clear();
  }

  /** The text of a template by its path below the root; null if there is none. */
  protected abstract read(name: string): string | null;

  /** Names of all templates, for suggestions; and where they were looked for. */
  protected abstract contents(): { readonly names: Iterable<string>; readonly place: string };

  // Steps.

  #parse(resolved: string, name: string, from: string | undefined): TemplateFile {
    const known = this.#files.get(resolved);
    if (known !== undefined) return known;
    const found = this.#find(resolved);
    if (found === null) throw this.#missing(resolved, name, from);
    const { whitespace = "all", syntax = "both", cache } = this.#options;
    const isEta = path.posix.extname(found.name) === ETA_ONLY;
    const file = parseTemplate(found, { whitespace, syntax: isEta ? "eta" : syntax });
    if (cache !== false) this.#files.set(resolved, file);
    return file;
  }

  #find(resolved: string): FoundTemplate | null {
    for (const extension of EXTENSIONS) {
      const name = resolved + extension;
      const text = this.read(name);
      if (text !== null) return { name, text };
      if (path.posix.extname(resolved) !== "") return null;
    }
    return null;
  }

  #missing(resolved: string, name: string, from: string | undefined): CodedError {
    const { names, place } = this.contents();
    const nearest = nearestName(resolved, names);
    const hint = nearest === null ? "" : `; did you mean ${quote(nearest)}?`;
    const by = from === undefined ? "" : `, which ${from} names,`;
    return new CodedError(
      "ERR_TEMPLATE_MISSING",
      `the template ${quote(name)}${by} is not there: looked for ${quote(resolved)} in ${place}${hint}`,
    );
  }
}

/** Templates in a folder. */
export class Loader extends BaseLoader {
  /** The folder, absolute. */
  readonly root: string;

  /** @param root absolute, or relative to the working directory; it may be made later */
  constructor(root: string, options: LoaderOptions = {}) {
    super(options);
    this.root = path.resolve(root);
  }

  protected read(name: string): string | null {
    const wanted = path.join(this.root, name);
    let file: string;
    let root: string;
    try {
      root = realpathSync(this.root);
      file = realpathSync(wanted);
    } catch (error) {
      if (isAbsence(error)) return null;
      throw unreadable(wanted, error);
    }
    if (!file.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) {
      throw badName(name, `a file in ${this.root}; this is a symbolic link to one outside`);
    }
    try {
      return withoutMark(readFileSync(file, "utf8"));
    } catch (error) {
      if (isAbsence(error)) return null;
      throw unreadable(wanted, error);
    }
  }

  protected contents(): { readonly names: string[]; readonly place: string } {
    const names: string[] = [];
    const folders = [""];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      try {
        for (const entry of readdirSync(path.join(this.root, folder), { withFileTypes: true })) {
          const name = path.posix.join(folder, entry.name);
          if (entry.isDirectory()) folders.push(name);
          else names.push(name);
        }
      } catch {
        // Only for a suggestion.
      }
      if (names.length > MOST_NAMES) break;
    }
    return { names, place: this.root };
  }
}

/** Templates in an object: texts by name. For tests, and templates that are part of a program. */
export class DictLoader extends BaseLoader {
  readonly #texts: Readonly<Record<string, string>>;

  constructor(texts: Readonly<Record<string, string>>, options: LoaderOptions = {}) {
    super(options);
    this.#texts = texts;
  }

  protected read(name: string): string | null {
    return Object.hasOwn(this.#texts, name) ? (this.#texts[name] ?? null) : null;
  }

  protected contents(): { readonly names: string[]; readonly place: string } {
    return { names: Object.keys(this.#texts), place: "the DictLoader" };
  }
}

function badName(name: unknown, allowed: string): CodedError {
  return new CodedError(
    "ERR_TEMPLATE_NAME",
    `the name of a template is ${describe(name)}; allowed is ${allowed}`,
  );
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
}

function unreadable(file: string, error: unknown): CodedError {
  const { code } = error as NodeJS.ErrnoException;
  return new CodedError("ERR_TEMPLATE_MISSING", `${file} cannot be read: ${code}`, {
    cause: error,
  });
}

/** A byte order mark is no part of the text. */
function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}
