/**
 * Addresses and credentials put together, after the functions of tornado.httputil.
 *
 * Applications and RedirectHandler call urlConcat() to add arguments to an address, whatever it
 * already has; clients call encodeUsernamePassword(). splitHost() in requesttarget.ts is Tornado's
 * split_host_and_port.
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { urlEscape } from "./escape.ts";
import { percentDecode } from "./forms.ts";

/** The value of an argument; a string is written as UTF-8, bytes as they are. */
export type URLArgument = string | number | Uint8Array;

/** Arguments to add: by name, or as pairs where a name comes more than once. */
export type URLArguments =
  | Readonly<Record<string, URLArgument>>
  | Iterable<readonly [name: string, value: URLArgument]>;

/** Who someone says they are, with the proof. */
export interface Credentials {
  /** Without ":". */
  readonly username: string | Uint8Array;
  readonly password: string | Uint8Array;
}

const COLON = 0x3a;

/**
 * Adds arguments to an address, after those that it has and before its fragment.
 *
 *     urlConcat("http://example.com/foo?a=b", [["c", "d"], ["c", "d2"]])
 *     // http://example.com/foo?a=b&c=d&c=d2
 *
 * The arguments it has are written anew, in the same order and byte for byte of the same meaning:
 * "?x" becomes "?x=", "%20" becomes "+".
 *
 * @param args null = the address is returned as it is
 * @throws CodedError ERR_ARGUMENT_TYPE for arguments that are neither an object nor pairs
 */
export function urlConcat(url: string, args: URLArguments | null): string {
  if (args === null) return url;
  const hash = url.indexOf("#");
  const address = hash === -1 ? url : url.slice(0, hash);
  const fragment = hash === -1 ? "" : url.slice(hash);
  const mark = address.indexOf("?");
  const pairs = mark === -1 ? [] : rewritten(address.slice(mark + 1));
  for (const [name, value] of entriesOf(args)) {
    pairs.push(`${urlEscape(name)}=${escapedValue(name, value)}`);
  }
  const base = mark === -1 ? address : address.slice(0, mark);
  return pairs.length === 0 ? base + fragment : `${base}?${pairs.join("&")}${fragment}`;
}

/**
 * Lists each value of a parsed query with its name, as urlConcat() takes them.
 *
 * Values stay what they are. Those of a request's queryArguments are latin1 texts of bytes: make
 * each a Buffer, with Buffer.from(value, "latin1"), before it goes into another address.
 */
export function* qsToQsl<Value>(
  query: ReadonlyMap<string, readonly Value[]> | Readonly<Record<string, readonly Value[]>>,
): Generator<[name: string, value: Value]> {
  const entries = query instanceof Map ? query.entries() : Object.entries(query);
  for (const [name, values] of entries) {
    for (const value of values) yield [name, value];
  }
}

/**
 * Writes a user's name and password as HTTP's Basic scheme has them before base64:
 * `username:password`, as UTF-8, texts in Unicode's form NFC.
 *
 * @throws CodedError ERR_ARGUMENT_RANGE for a name with a colon: what follows it would be read as
 *   the password
 * @see RFC 7617 §2, §2.1
 */
export function encodeUsernamePassword(credentials: Credentials): Buffer;
/** As Tornado has it. */
export function encodeUsernamePassword(
  username: string | Uint8Array,
  password: string | Uint8Array,
): Buffer;
export function encodeUsernamePassword(
  given: Credentials | string | Uint8Array,
  last: string | Uint8Array = "",
): Buffer {
  const isWhole = typeof given === "object" && "username" in given;
  const { username, password } = isWhole ? given : { username: given, password: last };
  const name = normalised(username);
  if (name.includes(COLON)) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `username ${describe(username)} has a colon, which ends a user's name; RFC 7617 §2`,
    );
  }
  return Buffer.concat([name, Buffer.of(COLON), normalised(password)]);
}

/** The pairs of a query, each decoded to its bytes and escaped again. */
function rewritten(query: string): string[] {
  // As latin1, a character a byte: bytes that are no UTF-8 stay what they are.
  const bytes = Buffer.from(query.replaceAll("+", " "), "utf8").toString("latin1");
  const pairs: string[] = [];
  for (const pair of bytes.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? "" : pair.slice(equals + 1);
    pairs.push(`${escapedAnew(name)}=${escapedAnew(value)}`);
  }
  return pairs;
}

function escapedAnew(text: string): string {
  return urlEscape(Buffer.from(percentDecode(text), "latin1"));
}

function entriesOf(args: URLArguments): Iterable<readonly [string, URLArgument]> {
  if (typeof args !== "object") {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `urlConcat() was given ${describe(args)}; allowed are an object, pairs and null`,
    );
  }
  return isIterable(args) ? args : Object.entries(args);
}

function isIterable(
  args: URLArguments,
): args is Iterable<readonly [name: string, value: URLArgument]> {
  return Symbol.iterator in args;
}

function escapedValue(name: string, value: URLArgument): string {
  if (typeof value === "number") return urlEscape(String(value));
  if (typeof value === "string" || value instanceof Uint8Array) return urlEscape(value);
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `argument ${quote(name)} is ${describe(value)}; allowed are strings, numbers and bytes`,
  );
}

function normalised(value: string | Uint8Array): Buffer {
  return typeof value === "string"
    ? Buffer.from(value.normalize("NFC"), "utf8")
    : Buffer.from(value);
}
