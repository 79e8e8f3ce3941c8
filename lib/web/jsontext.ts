/**
 * JSON as a response: what write() sends for an object.
 *
 * The text is exactly that of JSON.stringify. Objects of the usual kind (plain, mostly strings, numbers and booleans on
 * the first level) are put together here, which takes about half the time of Node 20's own; bench/micro/jsontext.bench.mjs
 * shows both. Anything unusual goes to JSON.stringify.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/**
 * An object that may be sent as JSON, an interface of the application's as well as a literal; a list, a Map, a Set or a
 * promise, which jsonText() refuses, is a compile error.
 */
export type JSONObject =
  | Readonly<Record<string, unknown>>
  | (object & { readonly [Symbol.iterator]?: never; readonly then?: never });

/** What stands before a value: after a string its closing quote, then comma, name and colon. Names may come from a
 * peer, so the cache starts over when it is full. */
const MOST_NAMES = 1024;
const LONGEST_NAME = 64;
const MOST_REMEMBERED = 64;
const names = new Map<string, Prefixes>();

interface Prefixes {
  /** `"name":` */
  readonly first: string;
  /** `"name":"` */
  readonly firstString: string;
  /** `,"name":` */
  readonly plain: string;
  /** `","name":` */
  readonly afterString: string;
  /** `,"name":"` */
  readonly string: string;
  /** `","name":"` */
  readonly stringAfterString: string;
}

const nothing: object = {};

/** The names of the last object and what stands before their values: most objects look like the one before. */
const lastNames: string[] = [];
const lastPrefixes: Prefixes[] = [];

/** By place among the names: the last string that had nothing to escape. Many come again: states, types, literals. */
const lastClean: string[] = new Array<string>(MOST_REMEMBERED).fill("");
const LONGEST_REMEMBERED = 128;

/** What JSON escapes: quote, backslash, controls, and surrogates, of which lone ones are escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPED = /["\\\x00-\x1f\ud800-\udfff]/;

/** Up to this length a loop is cheaper than the regular expression. */
const SHORT = 24;

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_SURROGATE = 0xd800;

/**
 * Writes an object as JSON that is safe inside HTML, too: `</` is written `<\/`, as in Tornado.
 *
 * @throws CodedError ERR_HTTP_WRITE_TYPE for what is no object; for an array, whose JSON old browsers would run as a
 *   script; for what JSON makes nothing of: a promise, a Map, a Set, other bytes than a Uint8Array
 */
export function jsonText(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(value);
  const text = plainText(value as Record<string, unknown>) ?? unusualText(value);
  return text.includes("</") ? text.replaceAll("</", "<\\/") : text;
}

/** The JSON of an object that JSON.stringify must be asked about. */
function unusualText(value: object): string {
  // Each of these would be "{}" or a list of numbers, which nobody means.
  const isLost =
    value instanceof Map ||
    value instanceof Set ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    typeof (value as { then?: unknown }).then === "function";
  const text = isLost ? undefined : JSON.stringify(value);
  // toJSON() may have made anything of it.
  if (text?.startsWith("{") !== true) throw refused(value);
  return text;
}

function refused(value: unknown): CodedError {
  let remedy = "";
  if (Array.isArray(value)) remedy = "; wrap the array in an object, as {items: […]}";
  else if (typeof (value as { then?: unknown } | null)?.then === "function") remedy = "; await it";
  return new CodedError(
    "ERR_HTTP_WRITE_TYPE",
    `write() was given ${describe(value)}; allowed are strings, Uint8Arrays and plain objects${remedy}`,
  );
}

/**
 * The JSON of a plain object.
 *
 * @hot bench/run.mjs, bench/micro/jsontext.bench.mjs: once per JSON response
 * @returns null if JSON.stringify must be asked
 */
function plainText(value: Record<string, unknown>): string | null {
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) return null;
  // for-in also visits what somebody may have added to Object.prototype.
  for (const _ in nothing) return null;
  let text = "{";
  let count = 0;
  let isFirst = true;
  let isAfterString = false;
  for (const name in value) {
    const item = value[name];
    if (item === undefined) continue;
    const prefixes = lastNames[count] === name ? lastPrefixes[count] : recall(count, name);
    count++;
    if (prefixes === undefined) return null;
    if (typeof item === "string" && (item === lastClean[count - 1] || isClean(item, count - 1))) {
      text += isFirst
        ? prefixes.firstString + item
        : (isAfterString ? prefixes.stringAfterString : prefixes.string) + item;
      isFirst = false;
      isAfterString = true;
      continue;
    }
    const json = itemText(item);
    if (json === null) return null;
    text += isFirst
      ? prefixes.first + json
      : (isAfterString ? prefixes.afterString : prefixes.plain) + json;
    isFirst = false;
    isAfterString = false;
  }
  return text + (isAfterString ? '"}' : "}");
}

/** The JSON of one value; null if JSON.stringify must be asked for the whole: it tells toJSON the property's name. */
function itemText(item: unknown): string | null {
  if (typeof item === "string") return JSON.stringify(item);
  if (typeof item === "number") return Number.isFinite(item) ? `${item}` : "null";
  if (typeof item === "boolean") return item ? "true" : "false";
  if (item === null) return "null";
  return typeof item === "object" && !("toJSON" in item) ? JSON.stringify(item) : null;
}

/** Nothing in it is escaped in JSON. @param place where it stands in its object */
function isClean(text: string, place: number): boolean {
  if (text.length > SHORT) {
    if (ESCAPED.test(text)) return false;
    if (place < MOST_REMEMBERED && text.length <= LONGEST_REMEMBERED) lastClean[place] = text;
    return true;
  }
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < SPACE || unit === QUOTE || unit === BACKSLASH || unit >= FIRST_SURROGATE)
      return false;
  }
  return true;
}

function recall(index: number, name: string): Prefixes {
  const prefixes = names.get(name) ?? prefixesOf(name);
  if (index < MOST_REMEMBERED && name.length <= LONGEST_NAME) {
    lastNames[index] = name;
    lastPrefixes[index] = prefixes;
  }
  return prefixes;
}

function prefixesOf(name: string): Prefixes {
  const quoted = JSON.stringify(name);
  const prefixes = {
    first: `${quoted}:`,
    firstString: `${quoted}:"`,
    plain: `,${quoted}:`,
    afterString: `",${quoted}:`,
    string: `,${quoted}:"`,
    stringAfterString: `",${quoted}:"`,
  };
  if (name.length <= LONGEST_NAME) {
    if (names.size >= MOST_NAMES) names.clear();
    names.set(name, prefixes);
  }
  return prefixes;
}
