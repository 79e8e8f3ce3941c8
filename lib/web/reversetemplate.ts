/**
 * The way back from a pattern to a path: literal pieces with gaps for the groups.
 *
 * PathMatches makes one at construction where Tornado's rules allow it. Going further than Tornado: a character or group
 * that may be absent (`?`, `*`) or repeated (`+`) is put once, so that the path always matches its own pattern, and the
 * value of a group that may be absent may be left undefined.
 */
import { CodedError } from "../base/errors.ts";
import type { PatternToken } from "./patterntokens.ts";
import type { PatternGroups } from "./routepattern.ts";
import type { ReverseArg } from "./routing.ts";

/** A pattern turned inside out. */
export class ReverseTemplate {
  /** One more than there are groups. */
  readonly #pieces: readonly string[];
  /** Whether each group may be left undefined. */
  readonly #optional: readonly boolean[];
  readonly #names: readonly string[] | null;

  private constructor(
    pieces: readonly string[],
    optional: readonly boolean[],
    names: readonly string[] | null,
  ) {
    this.#pieces = pieces;
    this.#optional = optional;
    this.#names = names;
  }

  /** @returns null if the pattern varies outside its groups or nests them */
  static from(tokens: readonly PatternToken[], groups: PatternGroups): ReverseTemplate | null {
    const pieces: string[] = [];
    const optional: boolean[] = [];
    let text = "";
    for (const [index, token] of tokens.entries()) {
      const next = tokens[index + 1];
      if (token.kind === "char") text += token.char;
      // An unescaped dot is nearly always meant as one, as in /favicon.ico.
      else if (token.kind === "set" && token.source === "." && next?.kind !== "repeat") text += ".";
      else if (token.kind === "repeat" && !token.source.startsWith("{")) continue;
      else if (token.kind === "group") {
        pieces.push(text);
        optional.push(next?.kind === "repeat" && /^[?*]/.test(next.source));
        text = "";
      } else return null;
    }
    pieces.push(text);
    return optional.length === groups.count
      ? new ReverseTemplate(pieces, optional, groups.names)
      : null;
  }

  /**
   * Puts values in the place of the groups.
   *
   * @param pattern for the message
   * @throws CodedError ERR_ROUTE_ARGUMENTS if values lack, are left over or cannot be encoded
   */
  fill(args: readonly ReverseArg[], pattern: string): string {
    const values = this.#positional(args);
    if (values.length !== this.#optional.length) {
      throw new CodedError(
        "ERR_ROUTE_ARGUMENTS",
        `the pattern ${pattern} takes ${this.#optional.length} values to build a path from and got ${values.length}`,
      );
    }
    let path = this.#pieces[0] ?? "";
    for (const [index, value] of values.entries()) {
      if (value === undefined && this.#optional[index] !== true) {
        throw new CodedError(
          "ERR_ROUTE_ARGUMENTS",
          `the pattern ${pattern} needs a value for group ${this.#names?.[index] ?? index + 1}`,
        );
      }
      path += (value === undefined ? "" : quote(value)) + (this.#pieces[index + 1] ?? "");
    }
    return path;
  }

  #positional(args: readonly ReverseArg[]): readonly ReverseArg[] {
    const [named] = args;
    // Only a plain object is a set of named values; a Buffer or a Date is a value and becomes text.
    if (this.#names === null || args.length !== 1 || !isPlainObject(named)) return args;
    const names = this.#names;
    const unknown = Object.keys(named).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new CodedError(
        "ERR_ROUTE_ARGUMENTS",
        `no group of the pattern is called "${unknown}"; there are ${names.join(", ")}`,
      );
    }
    return names.map((name) => named[name]);
  }
}

/** Percent-encodes as Python's quote does: all but letters, digits, `_.-~` and the slash. */
function quote(value: ReverseArg): string {
  try {
    return encodeURIComponent(String(value))
      .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll("%2F", "/");
  } catch (cause) {
    throw new CodedError(
      "ERR_ROUTE_ARGUMENTS",
      "a value to build a path from has half of a surrogate pair and cannot be written as UTF-8",
      { cause },
    );
  }
}

function isPlainObject(value: ReverseArg): value is Exclude<ReverseArg & object, undefined> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
