/**
 * Signed values for applications, in Tornado's order of arguments: text that a client keeps and cannot change.
 *
 *     const token = createSignedValue(secret, "reset", email);
 *     const email = decodeSignedValue(secret, "reset", token, { maxAgeDays: 1 });
 *
 * RequestHandler's signed cookies are made of the same; the format is lib/http/signedvalue.ts's, which knows no clock.
 */
import {
  type CookieSecret,
  createSignedValue as create,
  decodeSignedValue as decode,
  type SignedValueVersion,
} from "../http/signedvalue.ts";

/** How a value is signed. */
export interface SignOptions {
  /** Default 2. */
  readonly version?: SignedValueVersion | undefined;
  /** Which of several keys signs. */
  readonly keyVersion?: number | null | undefined;
  /** The time in ms since 1970; default now. */
  readonly nowMs?: number | undefined;
}

/** What is taken of a signed value. */
export interface UnsignOptions {
  /** Oldest that is taken, in days. Default 31. */
  readonly maxAgeDays?: number | undefined;
  /** Oldest version that is taken; 1 was written by Tornado before 2014. Default 2. */
  readonly minVersion?: SignedValueVersion | undefined;
  /** The time in ms since 1970; default now. */
  readonly nowMs?: number | undefined;
}

/**
 * Signs a value.
 *
 * @param name what it is for: a value signed for one name is none for another
 * @returns ASCII, safe in a cookie
 * @throws CodedError ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE
 */
export function createSignedValue(
  secret: CookieSecret,
  name: string,
  value: string | Uint8Array,
  { version, keyVersion, nowMs = Date.now() }: SignOptions = {},
): string {
  return create({ secret, name, value, version, keyVersion, nowMs });
}

/**
 * Reads a signed value.
 *
 * @returns its bytes; null if it was not signed by us for this name, or is too old
 */
export function decodeSignedValue(
  secret: CookieSecret,
  name: string,
  value: string | Uint8Array | null | undefined,
  { maxAgeDays, minVersion, nowMs = Date.now() }: UnsignOptions = {},
): Buffer | null {
  return decode({ secret, name, value, maxAgeDays, minVersion, nowMs });
}
