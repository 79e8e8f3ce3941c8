/**
 * Signed values: texts that a client keeps and cannot forge, in Tornado's formats.
 *
 * RequestHandler.setSignedCookie() and getSignedCookie() call these; an application may sign other
 * things with them. What is signed can be read by anybody. Everything is a function of its
 * arguments, the time too, and values go between here and Tornado in both directions.
 *
 * Version 2: `2|<length>:<key version>|<length>:<unix time>|<length>:<name>|<length>:<base64>|<mac>`
 * with lengths in bytes, and in hexadecimal the HMAC-SHA256 of everything up to the last "|".
 * Version 1: `<base64>|<unix time>|<mac>` with the HMAC-SHA1 of name, base64 and time without
 * anything between them: digits can be moved from one to the next. It is read only on demand.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** One key. Not empty; 32 random bytes are plenty. */
export type SecretKey = string | Uint8Array;

/** The key, or several by number, so that they can be changed while old values are still read. */
export type CookieSecret = SecretKey | Readonly<Record<number, SecretKey>>;

/** The versions of the format. */
export type SignedValueVersion = 1 | 2;

/** What is signed, and how. */
export interface SignedValueInit {
  readonly secret: CookieSecret;
  /** What the value is for, the cookie's name: a value signed for one name is none for another. */
  readonly name: string;
  /** A text, which is signed as UTF-8, or bytes. */
  readonly value: string | Uint8Array;
  /** Ms since 1970; whole seconds of it are written. */
  readonly nowMs: number;
  /** Default 2. */
  readonly version?: SignedValueVersion | undefined;
  /** Which of the keys; needed exactly where there are several. */
  readonly keyVersion?: number | null | undefined;
}

/** What a signed value must be to be believed. */
export interface SignedValueRequest {
  readonly secret: CookieSecret;
  readonly name: string;
  /** As the client sent it; null and "" are no value. */
  readonly value: string | Uint8Array | null | undefined;
  /** Ms since 1970. */
  readonly nowMs: number;
  /** Oldest that is taken, in days. Default 31. */
  readonly maxAgeDays?: number | undefined;
  /** Oldest version that is taken. Default DEFAULT_SIGNED_VALUE_MIN_VERSION. */
  readonly minVersion?: SignedValueVersion | undefined;
}

export const MIN_SUPPORTED_SIGNED_VALUE_VERSION = 1;
export const MAX_SUPPORTED_SIGNED_VALUE_VERSION = 2;

/** The version that is written unless another is asked for. */
export const DEFAULT_SIGNED_VALUE_VERSION = 2;

/**
 * The oldest version that is read unless another is asked for. 1 in Tornado, for cookies that were
 * set before 2014; here nobody has any.
 */
export const DEFAULT_SIGNED_VALUE_MIN_VERSION = 2;

const DEFAULT_MAX_AGE_DAYS = 31;
const DAY_MS = 86_400_000;
const SECOND_MS = 1000;

/** Furthest that a version 1 may be ahead; digits moved from value to time put it far beyond. */
const MOST_AHEAD_MS = 31 * DAY_MS;

/** The number before the first "|". The base64 of a version 1 can look like one of four digits. */
const VERSION = /^([1-9][0-9]*)\|/;
const LAST_VERSION = 999;

/** Without leading zeros, and safe as a number. */
const DECIMAL = /^(?:0|[1-9][0-9]{0,14})$/;
const MOST_DIGITS = 15;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A version 2 taken apart; nothing in it is believed yet. Texts are latin1, a character a byte. */
interface Fields {
  readonly keyVersion: number;
  readonly time: string;
  readonly name: string;
  readonly base64: string;
  /** What the signature signs. */
  readonly signed: string;
  readonly signature: string;
}

/**
 * Signs a value for a name.
 *
 * @returns text that decodeSignedValue() takes, ASCII if the name is
 * @throws CodedError ERR_ARGUMENT_RANGE for a version other than 1 and 2, an empty secret, a time
 *   before 1970, or a keyVersion that is missing or not among the secret's
 */
export function createSignedValue(init: SignedValueInit): string {
  const { secret, name, value, nowMs, version = DEFAULT_SIGNED_VALUE_VERSION } = init;
  if (typeof value !== "string" && !(value instanceof Uint8Array)) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `the value to be signed for ${quote(name)} is ${describe(value)}; allowed are a string and bytes`,
    );
  }
  checkVersion("version", version);
  const key = writingKey(secret, version, init.keyVersion ?? null);
  const time = unixTime(nowMs);
  const base64 = Buffer.from(value as Uint8Array).toString("base64");
  if (version === 1) return `${base64}|${time}|${signatureV1(key, name, base64, time)}`;
  const fields = [String(init.keyVersion ?? 0), time, name, base64];
  const signed = `2|${fields.map(withLength).join("|")}|`;
  return signed + signatureV2(key, Buffer.from(signed));
}

/**
 * Takes a value out of its signature, if it was signed for this name with this secret and is not
 * too old. Signatures are compared in constant time.
 *
 * @returns the bytes that were signed; null for anything else, whatever is wrong with it
 * @throws CodedError ERR_ARGUMENT_RANGE for a minVersion other than 1 and 2, or an empty secret
 */
export function decodeSignedValue(request: SignedValueRequest): Buffer | null {
  const { secret, value, minVersion = DEFAULT_SIGNED_VALUE_MIN_VERSION } = request;
  checkVersion("minVersion", minVersion);
  if (isKey(secret)) checkKey(secret);
  if (value === null || value === undefined || value.length === 0) return null;
  const text = latin1(value);
  const version = versionOf(text);
  if (version < minVersion) return null;
  if (version === 1) return decodeV1(text, request);
  return version === 2 ? decodeV2(text, request) : null;
}

/**
 * Says which key a value claims to be signed with. Nothing is verified.
 *
 * @returns null if it is no value of version 2
 */
export function getSignatureKeyVersion(value: string | Uint8Array): number | null {
  const text = latin1(value);
  return versionOf(text) === 2 ? (fieldsOf(text)?.keyVersion ?? null) : null;
}

function decodeV2(text: string, request: SignedValueRequest): Buffer | null {
  const fields = fieldsOf(text);
  if (fields === null) return null;
  const key = readingKey(request.secret, fields.keyVersion);
  if (key === null) return null;
  const expected = signatureV2(key, Buffer.from(fields.signed, "latin1"));
  if (!isSame(fields.signature, expected)) return null;
  if (fields.name !== latin1(request.name)) return null;
  return isFresh(fields.time, request) ? bytesOf(fields.base64) : null;
}

function decodeV1(text: string, request: SignedValueRequest): Buffer | null {
  const { secret, name, nowMs } = request;
  if (!isKey(secret)) return null; // a version 1 does not say which
  const [base64 = "", time = "", signature, ...more] = text.split("|", 4);
  if (signature === undefined || more.length > 0) return null;
  if (!isSame(signature, signatureV1(secret, name, base64, time))) return null;
  // A zero in front is a digit that was moved, too.
  if (time.startsWith("0") || !isFresh(time, request)) return null;
  if (!(Number(time) * SECOND_MS <= nowMs + MOST_AHEAD_MS)) return null;
  return bytesOf(base64);
}

/** Not older than maxAgeDays; the comparison is such that NaN is too old. */
function isFresh(
  time: string,
  { nowMs, maxAgeDays = DEFAULT_MAX_AGE_DAYS }: SignedValueRequest,
): boolean {
  return DECIMAL.test(time) && Number(time) * SECOND_MS >= nowMs - maxAgeDays * DAY_MS;
}

function versionOf(text: string): number {
  const digits = VERSION.exec(text)?.[1];
  const version = digits === undefined ? 1 : Number(digits);
  return version > LAST_VERSION ? 1 : version;
}

function fieldsOf(text: string): Fields | null {
  const fields: string[] = [];
  let at = "2|".length;
  while (fields.length < 4) {
    // Not indexOf(): where there is no colon it would look through the rest for each field.
    const digits = text.slice(at, at + MOST_DIGITS + 1).split(":", 1)[0] ?? "";
    const start = at + digits.length + 1;
    if (!DECIMAL.test(digits) || text.charAt(start - 1) !== ":") return null;
    const end = start + Number(digits);
    if (text.charAt(end) !== "|") return null;
    fields.push(text.slice(start, end));
    at = end + 1;
  }
  const [keyVersion = "", time = "", name = "", base64 = ""] = fields;
  if (!DECIMAL.test(keyVersion)) return null;
  return {
    keyVersion: Number(keyVersion),
    time,
    name,
    base64,
    signed: text.slice(0, at),
    signature: text.slice(at),
  };
}

function bytesOf(base64: string): Buffer | null {
  const isWhole = base64.length % 4 === 0 && BASE64.test(base64);
  return isWhole ? Buffer.from(base64, "base64") : null;
}

function withLength(field: string): string {
  return `${Buffer.byteLength(field)}:${field}`;
}

function unixTime(nowMs: number): string {
  const seconds = Math.floor(nowMs / SECOND_MS);
  if (Number.isSafeInteger(seconds) && seconds >= 0) return String(seconds);
  throw outOfRange(`nowMs is ${describe(nowMs)}; allowed is ms since 1970`);
}

function signatureV1(key: SecretKey, ...parts: readonly string[]): string {
  return createHmac("sha1", key).update(parts.join("")).digest("hex");
}

function signatureV2(key: SecretKey, signed: Buffer): string {
  return createHmac("sha256", key).update(signed).digest("hex");
}

/** In constant time; that lengths differ may be known. */
function isSame(signature: string, expected: string): boolean {
  if (signature.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(signature, "latin1"), Buffer.from(expected, "latin1"));
}

function writingKey(
  secret: CookieSecret,
  version: SignedValueVersion,
  keyVersion: number | null,
): SecretKey {
  if (isKey(secret)) return checkKey(secret);
  if (version === 1) throw outOfRange("version 1 is signed with one key; the secret has several");
  const key = keyVersion === null ? null : readingKey(secret, keyVersion);
  if (key !== null) return key;
  const known = Object.keys(secret).join(", ");
  throw outOfRange(`keyVersion is ${describe(keyVersion)}; allowed are the secret's: ${known}`);
}

function readingKey(secret: CookieSecret, keyVersion: number): SecretKey | null {
  if (isKey(secret)) return secret;
  const key = Object.hasOwn(secret, keyVersion) ? secret[keyVersion] : undefined;
  return key === undefined ? null : checkKey(key);
}

function isKey(secret: CookieSecret): secret is SecretKey {
  return typeof secret === "string" || secret instanceof Uint8Array;
}

/** With an empty key anybody can sign. */
function checkKey(key: SecretKey): SecretKey {
  if (isKey(key) && key.length > 0) return key;
  throw outOfRange("a secret is empty; 32 random bytes are a good one");
}

function checkVersion(name: string, version: number): void {
  if (version === 1 || version === 2) return;
  throw outOfRange(`${name} is ${describe(version)}; allowed are 1 and 2`);
}

function latin1(value: string | Uint8Array): string {
  return Buffer.from(value as Uint8Array).toString("latin1");
}

function outOfRange(message: string): CodedError {
  return new CodedError("ERR_ARGUMENT_RANGE", message);
}
