/**
 * Arguments of a request: application/x-www-form-urlencoded, in a query or in a body.
 *
 * HTTPServerRequest calls these when arguments are first asked for. What is parsed came from a
 * peer: the count of arguments is limited while scanning (a form of a million fields stalls
 * nobody), and each character is looked at a fixed number of times.
 *
 * Values are latin1 texts in which each character is one byte as it was sent, like the bytes that
 * Tornado gives: which encoding a client meant is for RequestHandler.decodeArgument to decide.
 */
import { isUtf8 } from "node:buffer";
import { hexValues, NO_VALUE } from "../base/bytes.ts";
import { HTTPInputError } from "../base/errors.ts";

/** Most arguments of one query or one form, as in Tornado 6.5.8. */
export const MOST_ARGUMENTS = 1000;

/** Arguments by name; all values of a name, in the order they came. */
export type Arguments = ReadonlyMap<string, readonly string[]>;

const AMPERSAND = 0x26;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const EQUALS = 0x3d;
const LAST_ASCII = 0x7f;

/**
 * Parses `name=value&name=value` and adds what it finds to `into`.
 *
 * Pairs are split on `&` only. `+` is a space, `%XX` a byte; a `%` without two hexadecimal digits
 * stands for itself. A name without `=` has the value "". Names are decoded as UTF-8 where they are
 * UTF-8 (Tornado leaves their bytes).
 *
 * @param body a latin1 text or bytes
 * @param into gets values as latin1 texts, one character a byte, after those it already has
 * @param maxArguments most pairs; an empty pair (`&&`) counts, so that its length is limited too
 * @throws HTTPInputError 400 ERR_HTTP_TOO_MANY_ARGUMENTS over maxArguments; `into` then has some of
 *   them
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function parseUrlEncoded(
  body: Buffer | string,
  into: Map<string, string[]>,
  maxArguments: number = MOST_ARGUMENTS,
): void {
  const text = typeof body === "string" ? body : body.toString("latin1");
  let count = 0;
  let start = 0;
  while (start < text.length) {
    if (++count > maxArguments) throw tooManyArguments(maxArguments);
    start = addPair(text, start, into) + 1;
  }
}

/**
 * Parses a query, without its "?".
 *
 * @param query latin1, as in the head
 * @returns values as latin1 texts, one character a byte
 * @throws HTTPInputError 400 ERR_HTTP_TOO_MANY_ARGUMENTS over maxArguments
 */
export function parseQuery(
  query: string,
  maxArguments: number = MOST_ARGUMENTS,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  parseUrlEncoded(query, found, maxArguments);
  return found;
}

/**
 * Replaces each `%XX` in a latin1 text by its byte; a `%` without two hexadecimal digits stands for
 * itself.
 *
 * @returns a latin1 text, one character a byte
 */
export function percentDecode(text: string): string {
  return text.includes("%") ? decode(text, { start: 0, end: text.length, plus: PLUS }) : text;
}

/**
 * Adds the pair that begins at `start`.
 * @returns the offset of the `&` after it, or the text's length
 */
function addPair(text: string, start: number, into: Map<string, string[]>): number {
  let equals = -1;
  let nameIsPlain = true;
  let valueIsPlain = true;
  let end = start;
  // One pass finds everything: indexOf("=") would run past this pair, and be quadratic where there
  // is no "=" at all.
  for (; end < text.length; end++) {
    const byte = text.charCodeAt(end);
    if (byte === AMPERSAND) break;
    if (byte === EQUALS && equals === -1) equals = end;
    else if (byte === PERCENT || byte === PLUS) {
      if (equals === -1) nameIsPlain = false;
      else valueIsPlain = false;
    } else if (byte > LAST_ASCII && equals === -1) nameIsPlain = false;
  }
  if (end === start) return end;
  const nameEnd = equals === -1 ? end : equals;
  const name = nameIsPlain ? text.slice(start, nameEnd) : decodeName(text, start, nameEnd);
  const valueStart = equals === -1 ? end : equals + 1;
  const value = valueIsPlain
    ? text.slice(valueStart, end)
    : decode(text, { start: valueStart, end, plus: SPACE });
  const values = into.get(name);
  if (values === undefined) into.set(name, [value]);
  else values.push(value);
  return end;
}

function decodeName(text: string, start: number, end: number): string {
  const name = decode(text, { start, end, plus: SPACE });
  const bytes = Buffer.from(name, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : name;
}

/** What to decode: text[start, end), and the byte that "+" stands for. */
interface Encoded {
  readonly start: number;
  readonly end: number;
  readonly plus: typeof PLUS | typeof SPACE;
}

function decode(text: string, { start, end, plus }: Encoded): string {
  const bytes = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    let byte = text.charCodeAt(at);
    if (byte === PLUS) byte = plus;
    else if (byte === PERCENT && at + 2 < end) {
      const high = hexValues[text.charCodeAt(at + 1)] ?? NO_VALUE;
      const low = hexValues[text.charCodeAt(at + 2)] ?? NO_VALUE;
      if (high !== NO_VALUE && low !== NO_VALUE) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    bytes[length++] = byte;
  }
  return bytes.toString("latin1", 0, length);
}

function tooManyArguments(maxArguments: number): HTTPInputError {
  return new HTTPInputError(
    400,
    "ERR_HTTP_TOO_MANY_ARGUMENTS",
    `more than ${maxArguments} arguments; send them in another form, as JSON say`,
  );
}
