/**
 * What may stand in a field line and a status line: the checks between an application and the wire.
 *
 * RequestHandler calls these on every name, value and reason it is given, so that no string of an
 * application's can end a line early and begin another (response splitting). HTTPHeaders uses them
 * for what a peer sent.
 */
import { fieldValueBytes, firstByteNotIn, isToken } from "../base/bytes.ts";
import { quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { headerCase } from "./knownfields.ts";

/** What a reason becomes that may not be sent. */
export const UNKNOWN_REASON = "Unknown";

/**
 * Names that are kept with their spelling; a peer may invent more, and then the list starts over.
 */
const MOST_CACHED_NAMES = 1024;

/** Longer names are spelled anew each time, so that the cache holds at most 64 KiB of names. */
const MOST_CACHED_CHARACTERS = 64;

const TAB = 0x09;
const SPACE = 0x20;
const TILDE = 0x7e;
const FIRST_OBS_TEXT = 0x80;
const LAST_BYTE = 0xff;

const spellings = new Map<string, string>();

/**
 * Spells a field name Http-Header-Case, as it goes on the wire.
 *
 * @hot bench/micro/httpheaders.bench.mjs: once per header that a handler sets; a name seen before
 *   allocates nothing
 * @returns null if it is not a token
 * @see RFC 9110 §5.1
 */
export function spellFieldName(name: string): string | null {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  if (!isToken(name)) return null;
  const spelling = headerCase(name);
  if (name.length <= MOST_CACHED_CHARACTERS) {
    if (spellings.size >= MOST_CACHED_NAMES) spellings.clear();
    spellings.set(name, spelling);
  }
  return spelling;
}

/**
 * Checks a field name that an application wants to send.
 *
 * @returns the name in Http-Header-Case: "content-type" → "Content-Type"
 * @throws CodedError ERR_HTTP_FIELD_NAME if it is not a token
 * @see RFC 9110 §5.1
 */
export function checkFieldName(name: string): string {
  const spelling = spellFieldName(name);
  if (spelling !== null) return spelling;
  throw new CodedError(
    "ERR_HTTP_FIELD_NAME",
    `field name ${quote(name)} is not a token; allowed are letters, digits and !#$%&'*+-.^_\`|~`,
  );
}

/**
 * Finds the first character that no field value may have: outside `[\x09\x20-\x7e\x80-\xff]`.
 *
 * @hot bench/micro/httpheaders.bench.mjs: once per header that a handler sets; allocates nothing
 * @returns its offset, or -1
 */
export function fieldValueFault(value: string): number {
  for (let at = 0; at < value.length; at++) {
    const byte = value.charCodeAt(at);
    if (byte >= SPACE && byte <= TILDE) continue;
    if (byte !== TAB && !(byte >= FIRST_OBS_TEXT && byte <= LAST_BYTE)) return at;
  }
  return -1;
}

/**
 * Checks a field value that an application wants to send; each character is one byte of latin1.
 *
 * @throws CodedError ERR_HTTP_FIELD_VALUE for a character outside `[\x09\x20-\x7e\x80-\xff]`: CR,
 *   LF, NUL and other controls, DEL, and what latin1 does not have
 * @see RFC 9110 §5.5
 */
export function checkFieldValue(value: string): void {
  const at = fieldValueFault(value);
  if (at === -1) return;
  throw new CodedError("ERR_HTTP_FIELD_VALUE", fieldValueMessage(value, at));
}

/**
 * Says which character of a field value is wrong; `at` is its offset, as fieldValueFault gives it.
 */
export function fieldValueMessage(value: string, at: number): string {
  const character = value.charCodeAt(at).toString(16).padStart(2, "0");
  const remedy =
    value.charCodeAt(at) > LAST_BYTE
      ? "encode the text first, with encodeURIComponent say"
      : "RFC 9110 §5.5 allows tab, space, visible ASCII and 0x80 to 0xff";
  return `field value ${quote(value)} has character 0x${character} at offset ${at}; ${remedy}`;
}

/**
 * Makes a reason phrase safe to stand in a status line and on an error page.
 *
 * A reason is often put together from what went wrong, so a bad one is no reason to fail a second
 * time: it becomes "Unknown", as in Tornado. `<` counts as bad: the phrase appears in HTML
 * (CVE-2025-67724).
 *
 * @returns `reason`, or "Unknown" if it is empty or has a `<` or a character outside
 *   `[\x09\x20-\x7e\x80-\xff]`
 * @see RFC 9112 §4
 */
export function checkReason(reason: string): string {
  const isPhrase = reason.length > 0 && firstByteNotIn(fieldValueBytes, reason) === -1;
  return isPhrase && !reason.includes("<") ? reason : UNKNOWN_REASON;
}

/**
 * Makes a URI reference fit for a Location field: what is not ASCII is percent-encoded as UTF-8; the rest is left alone.
 *
 * @see RFC 3987 §3.1
 */
export function encodeLocation(url: string): string {
  // What is no string is setHeader()'s to refuse.
  if (typeof url !== "string") return url;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII
  return url.replace(/[^\x00-\x7f]+/g, (text) =>
    Buffer.from(text).toString("latin1").replace(/./gs, percentEncode),
  );
}

function percentEncode(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
