/**
 * The Cookie field of a request, read by Tornado's rule, which is the browsers' rule.
 *
 * HTTPServerRequest.cookies calls parseCookies. The rule is written here and not taken from a
 * package because packages differ in it: a server that splits cookies otherwise than browsers do
 * can be made to see one that the browser never set, and the XSRF check rests on a cookie. Each
 * character is looked at a fixed number of times (CVE-2024-52804).
 */
import { everyByteIn, tokenBytes } from "../base/bytes.ts";

const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const DIGIT_0 = 0x30;
const DIGIT_3 = 0x33;
const DIGIT_7 = 0x37;

/**
 * Names of attributes. Python's SimpleCookie takes no cookie of such a name, and so neither does
 * Tornado.
 */
const attributeNames: ReadonlySet<string> = new Set([
  "comment",
  "domain",
  "expires",
  "httponly",
  "max-age",
  "partitioned",
  "path",
  "samesite",
  "secure",
  "version",
]);

/** What a cookie's name may hold: token characters and ":". */
const nameBytes: Readonly<Uint8Array> = withColon(tokenBytes);

/**
 * Reads a Cookie field as handlers see it.
 *
 * As parseCookiePairs(), without the names that Tornado drops: those with a character other than
 * token characters and ":", the empty name, and the names of attributes ("path", "expires", … in
 * any case).
 *
 * @param field latin1; several fields joined with ";"
 * @returns values by name, latin1
 */
export function parseCookies(field: string): Map<string, string> {
  const cookies = parseCookiePairs(field);
  for (const name of cookies.keys()) {
    const isAllowed = name !== "" && everyByteIn(nameBytes, name);
    if (!isAllowed || attributeNames.has(name.toLowerCase())) cookies.delete(name);
  }
  return cookies;
}

/**
 * Splits a Cookie field the way browsers put it together.
 *
 * Always at ";", inside quotes too; spaces and tabs around names and values do not count; the last
 * of several cookies of one name wins, in the place of the first; a piece without "=" is a value
 * with the name ""; a value wholly in quotes is unquoted.
 *
 * @param field latin1
 * @returns values by name, latin1
 * @see RFC 6265 §5.4; tornado.httputil.parse_cookie
 */
export function parseCookiePairs(field: string): Map<string, string> {
  const cookies = new Map<string, string>();
  let start = 0;
  while (start <= field.length) {
    const semicolon = field.indexOf(";", start);
    const end = semicolon === -1 ? field.length : semicolon;
    addCookie(trimmed(field.slice(start, end)), cookies);
    start = end + 1;
  }
  return cookies;
}

/**
 * Takes a value out of its quotes: `\` and three octal digits (000 to 377) are that byte, `\` and
 * another character is that character.
 *
 * @returns the value itself if it does not both begin and end with a quote
 * @see RFC 2109 §4.1, which is how set_cookie writes such values
 */
export function unquoteCookie(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  const end = value.length - 1;
  let text = "";
  // Stretches without a backslash are taken whole.
  let start = 1;
  for (let at = 1; at < end - 1; at++) {
    if (value.charCodeAt(at) !== BACKSLASH) continue;
    text += value.slice(start, at);
    if (at + 3 < end && isOctalByte(value, at + 1)) {
      text += String.fromCharCode(Number.parseInt(value.slice(at + 1, at + 4), 8));
      at += 3;
    } else {
      text += value.charAt(at + 1);
      at += 1;
    }
    start = at + 1;
  }
  return text + value.slice(start, end);
}

function addCookie(piece: string, cookies: Map<string, string>): void {
  if (piece === "") return;
  const equals = piece.indexOf("=");
  const name = equals === -1 ? "" : trimmed(piece.slice(0, equals));
  const value = trimmed(piece.slice(equals + 1));
  if (name !== "" || value !== "") cookies.set(name, unquoteCookie(value));
}

function isOctalByte(text: string, at: number): boolean {
  return (
    isBetween(text.charCodeAt(at), DIGIT_0, DIGIT_3) &&
    isBetween(text.charCodeAt(at + 1), DIGIT_0, DIGIT_7) &&
    isBetween(text.charCodeAt(at + 2), DIGIT_0, DIGIT_7)
  );
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** Spaces and tabs only: U+00A0 and the like are bytes of the value, and browsers keep them. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(character: number): boolean {
  return character === SPACE || character === TAB;
}

function withColon(table: Readonly<Uint8Array>): Uint8Array {
  const extended = Uint8Array.from(table as Uint8Array);
  extended[0x3a] = 1;
  return extended;
}
