/**
 * Escaping and unescaping for HTML, JSON and URLs, after tornado.escape.
 *
 * Applications call these when they put text into a page, a script or an address; urlConcat(),
 * linkify() and the handlers' own pages do, too. Each reads its input once. Bytes are taken where
 * text is, as UTF-8.
 *
 * Not here: Tornado's parse_qs_bytes is parseQuery() in forms.ts; recursive_unicode has no work to
 * do where what is decoded is decoded to strings.
 */
import { isUtf8 } from "node:buffer";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { percentDecode } from "./forms.ts";
import { namedCharacter } from "./htmlentities.ts";

/** Which convention of URLs. */
export interface URLEscapeOptions {
  /**
   * true, the default: that of queries and forms, where a space is "+" and "/" is escaped. false:
   * that of paths, where a space is "%20" and "/" stays.
   */
  readonly plus?: boolean | undefined;
}

/** How urlUnescape() turns bytes into text. */
export interface URLUnescapeOptions extends URLEscapeOptions {
  /** Default "utf-8", in which a malformed sequence becomes U+FFFD. null: bytes are returned. */
  readonly encoding?: "utf-8" | "utf8" | "latin1" | null | undefined;
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};

/** A number, or a name of at most 32 characters, with or without its ";". */
const CHARACTER_REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;

/** What the numbers 0x80 to 0x9f mean on the Web: the characters of windows-1252; 0 = itself. */
// biome-ignore format: a table of two rows of sixteen
const WINDOWS_1252: readonly number[] = [
  0x20ac, 0, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17d, 0,
  0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0, 0x17e, 0x178,
];
const FIRST_OF_1252 = 0x80;

const REPLACEMENT = "\ufffd";
const LAST_CODE_POINT = 0x10ffff;

/** Controls other than tab, LF, FF and CR, and noncharacters: a reference to one is nothing. */
const NOT_REFERABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\x01-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\p{Noncharacter_Code_Point}]/u;

/** Those that a script might see as the end of its element. */
const END_OF_ELEMENT = "</";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BLANKS = /[\x00-\x20]+/g;

/** A run of escapes: only a whole run can be decoded, because a character may be several bytes. */
const ESCAPES = /(?:%[0-9a-fA-F]{2})+/g;

/** Each byte as it stands in a query, and as it stands in a path. */
const QUERY_BYTES: readonly string[] = escapedBytes(/[A-Za-z0-9_.~-]/, "+");
const PATH_BYTES: readonly string[] = escapedBytes(/[A-Za-z0-9_.~/-]/, "%20");

/**
 * Makes a text safe inside HTML and XML, between tags and in quoted attributes: `& < > " '` become
 * `&amp; &lt; &gt; &quot; &#x27;`.
 *
 * @throws CodedError ERR_ARGUMENT_RANGE for bytes that are not UTF-8
 */
export function xhtmlEscape(value: string | Uint8Array): string {
  return textOf(value).replace(/[&<>"']/g, (character) => HTML_ENTITIES[character] ?? character);
}

/**
 * Replaces each character reference by its character, as a browser reads them in text: `&lt;`,
 * `&#60;`, `&#x3c;`, and those that HTML takes without a ";".
 *
 * @throws CodedError ERR_ARGUMENT_RANGE for bytes that are not UTF-8
 * @see https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state
 */
export function xhtmlUnescape(value: string | Uint8Array): string {
  return textOf(value).replace(CHARACTER_REFERENCE, (whole, reference: string) => {
    if (reference.startsWith("#")) return numberedCharacter(reference);
    const named = namedCharacter(reference);
    return named === null ? whole : named.character + named.rest;
  });
}

/**
 * Writes a value as JSON that is safe inside a `<script>` element: `</` is written `<\/`.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE for what JSON has no text for, undefined and functions;
 *   TypeError, from JSON.stringify, for circles and bigints
 */
export function jsonEncode(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) {
    throw new CodedError("ERR_ARGUMENT_TYPE", `${describe(value)} cannot be written as JSON`);
  }
  return text.replaceAll(END_OF_ELEMENT, "<\\/");
}

/**
 * Reads JSON.
 *
 * @throws SyntaxError if it is not JSON; CodedError ERR_ARGUMENT_RANGE for bytes that are not UTF-8
 */
export function jsonDecode(value: string | Uint8Array): unknown {
  return JSON.parse(toUnicode(value));
}

/**
 * Writes a text, as UTF-8, or bytes so that they can stand in a URL: everything but letters, digits
 * and `_.-~` becomes `%XX`.
 *
 * What is no text, half of a surrogate pair, becomes U+FFFD.
 *
 * @see RFC 3986 §2.3
 */
export function urlEscape(
  value: string | Uint8Array,
  { plus = true }: URLEscapeOptions = {},
): string {
  const table = plus ? QUERY_BYTES : PATH_BYTES;
  let text = "";
  for (const byte of utf8(value)) text += table[byte] ?? "";
  return text;
}

/**
 * Takes a value out of a URL: each `%XX` is a byte; a `%` without two hexadecimal digits stands for
 * itself.
 *
 * @throws CodedError ERR_ARGUMENT_RANGE for bytes given that are not UTF-8
 */
export function urlUnescape(
  value: string | Uint8Array,
  options: URLUnescapeOptions & { readonly encoding: null },
): Buffer;
export function urlUnescape(
  value: string | Uint8Array,
  options?: URLUnescapeOptions & { readonly encoding?: "utf-8" | "utf8" | "latin1" | undefined },
): string;
export function urlUnescape(
  value: string | Uint8Array,
  { encoding = "utf-8", plus = true }: URLUnescapeOptions = {},
): string | Buffer {
  const text = plus ? toUnicode(value).replaceAll("+", " ") : toUnicode(value);
  if (encoding === null) {
    return Buffer.from(percentDecode(Buffer.from(text).toString("latin1")), "latin1");
  }
  return text.replace(ESCAPES, (run) =>
    Buffer.from(percentDecode(run), "latin1").toString(encoding),
  );
}

/** Writes a text as UTF-8; bytes and null are returned as they are. */
export function utf8(value: string): Buffer;
export function utf8<Value extends Uint8Array | null>(value: Value): Value;
export function utf8(value: string | Uint8Array): Uint8Array;
export function utf8(value: string | Uint8Array | null): Uint8Array | null {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (value === null || value instanceof Uint8Array) return value;
  throw notText(value);
}

/**
 * Reads bytes as UTF-8; a string and null are returned as they are.
 *
 * @throws CodedError ERR_ARGUMENT_RANGE for bytes that are not UTF-8
 */
export function toUnicode(value: string | Uint8Array): string;
export function toUnicode(value: string | Uint8Array | null): string | null;
export function toUnicode(value: string | Uint8Array | null): string | null {
  if (typeof value === "string" || value === null) return value;
  if (!(value instanceof Uint8Array)) throw notText(value);
  if (!isUtf8(value)) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `${value.length} bytes that were to be a text are not UTF-8; decode them first`,
    );
  }
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
}

/** Replaces each run of spaces and ASCII controls by one space, and takes it off both ends. */
export function squeeze(value: string): string {
  return value.replace(BLANKS, " ").trim();
}

/** The character of "#60", "#60;", "#x3c" or "#x3c;". */
function numberedCharacter(reference: string): string {
  const isHex = reference.charAt(1) === "x" || reference.charAt(1) === "X";
  const code = isHex
    ? Number.parseInt(reference.slice(2), 16)
    : Number.parseInt(reference.slice(1), 10);
  if (code === 0 || code > LAST_CODE_POINT || (code >= 0xd800 && code <= 0xdfff)) {
    return REPLACEMENT;
  }
  const index = code - FIRST_OF_1252;
  if (index >= 0 && index < WINDOWS_1252.length) {
    return String.fromCharCode(WINDOWS_1252[index] || code);
  }
  const character = String.fromCodePoint(code);
  return NOT_REFERABLE.test(character) ? "" : character;
}

function escapedBytes(plain: RegExp, space: string): string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (character === " ") return space;
    if (plain.test(character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** As toUnicode(), of what must be there. */
function textOf(value: string | Uint8Array): string {
  const text: string | null = toUnicode(value);
  if (text !== null) return text;
  throw new CodedError("ERR_ARGUMENT_TYPE", "got null; allowed are a string and a Uint8Array");
}

function notText(value: unknown): CodedError {
  return new CodedError(
    "ERR_ARGUMENT_TYPE",
    `got ${describe(value)}; allowed are a string, a Uint8Array and null`,
  );
}
