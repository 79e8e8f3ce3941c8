/**
 * What a running template works with: the text so far, and the functions that its code calls.
 *
 * Template makes one for each run, and the generated code knows it as `__eta`. Its short names are eta's (res, e), or
 * stand in the code for each tag (s, i, x), so they stay short.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { toUnicode, xhtmlEscape } from "../http/escape.ts";

/** How a value becomes HTML. */
export type Escaper = (value: unknown) => string;

/** Blocks that a template hands to its layout. */
export type LayoutBlocks = Readonly<Record<string, string>>;

/** Renders another template, named relative to the one that asks. */
export type TemplateIncluder = (name: string, data: object, line: number) => string;

export class TemplateState {
  res = "";
  /** Number of the position that is running. */
  line = 0;
  readonly e: Escaper;
  readonly s: Escaper = textOf;
  /** The layout that was asked for, and what else it is given. */
  layoutName: string | null = null;
  layoutData: object | null = null;
  /** For the layout: what this template captured, and what came from a template that has this one as its layout. */
  readonly blocks: Record<string, string>;
  readonly #include: TemplateIncluder;

  constructor(e: Escaper, blocks: LayoutBlocks | null, include: TemplateIncluder) {
    this.e = e;
    this.blocks = { __proto__: null, ...blocks } as unknown as Record<string, string>;
    this.#include = include;
  }

  /** What a loop goes through: an iterable, or the keys of an object, as in Python. */
  i(values: unknown): Iterable<unknown> {
    if (typeof values === "string") return values;
    if (typeof values === "object" && values !== null) {
      return Symbol.iterator in values ? (values as Iterable<unknown>) : Object.keys(values);
    }
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `cannot loop over ${describe(values)}; allowed are iterables and objects`,
    );
  }

  /** Tells whether an exception is of one of the classes. */
  is(error: unknown, classes: readonly (abstract new (...args: never[]) => unknown)[]): boolean {
    return classes.some((each) => error instanceof each);
  }

  // Functions of eta's that templates call by their names.

  include(name: string, data?: object): string {
    return this.#include(name, data ?? {}, this.line);
  }

  layout(name: string, data?: object): void {
    this.layoutName = name;
    this.layoutData = data ?? null;
  }

  output(value: unknown): void {
    this.res += textOf(value);
  }

  /** What a piece of template makes, kept out of the page. */
  capture(piece: () => unknown): string {
    const before = this.res;
    this.res = "";
    try {
      piece();
      return this.res;
    } finally {
      this.res = before;
    }
  }

  /** In a template with a layout: keeps a piece for it. In a layout: that piece, or its own. */
  block(name: string, piece?: () => unknown): string {
    const given = this.blocks[name];
    if (this.layoutName === null) return given ?? (piece === undefined ? "" : this.capture(piece));
    if (given === undefined && piece !== undefined) this.blocks[name] = this.capture(piece);
    return "";
  }
}

/** A value as it stands in a page, unescaped: strings as they are, bytes as UTF-8, others by String(). */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return toUnicode(value);
  if (
    typeof value === "object" &&
    value !== null &&
    typeof Reflect.get(value, "then") === "function"
  ) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      "the value is a promise; await it in the handler, before render()",
    );
  }
  return String(value);
}

/** Escapes a value for HTML: `& < > " '` become entities. */
export function escapeValue(value: unknown): string {
  const text = textOf(value);
  return NEEDS_ESCAPE.test(text) ? xhtmlEscape(text) : text;
}

const NEEDS_ESCAPE = /[&<>"']/;
