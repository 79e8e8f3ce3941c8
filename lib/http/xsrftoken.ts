/**
 * The tokens of the XSRF check, in Tornado's formats.
 *
 * RequestHandler.xsrfToken and checkXSRFCookie() call these: a page carries the token, a cookie
 * carries it, too, and a form that comes back must have the one of its cookie, which a page of
 * another site cannot read.
 *
 * A token is random bytes. As version 2 it is written `2|<mask>|<bytes XOR mask>|<unix time>`, in
 * hexadecimal, with a new mask each time: the text of one token is never twice the same, so that
 * nobody can guess it letter by letter from the length of a compressed page (BREACH, CVE-2014-9720).
 * As version 1 it is its bytes in hexadecimal.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { xhtmlEscape } from "./escape.ts";

/** A token without its mask. */
export interface XSRFToken {
  /** At least 1 byte; 16 if it was made here. */
  readonly bytes: Buffer;
  /** Ms since 1970, whole seconds; of a token read from a version 1, when it was read. */
  readonly issuedAtMs: number;
}

/** How a token is written. */
export interface XSRFEncoding {
  /** The setting xsrfCookieVersion. Default 2. */
  readonly version?: 1 | 2 | undefined;
  /** 4 bytes, for tests; default random. */
  readonly mask?: Uint8Array | undefined;
}

const TOKEN_BYTES = 16;
const MASK_BYTES = 4;
const SECOND_MS = 1000;

const HEX = /^(?:[0-9a-fA-F]{2})+$/;

/** The number that stands before a "|" at the beginning; a version 1 has none. */
const VERSION = /^([1-9][0-9]*)\|/;

/** mask, masked bytes, unix time; the time is safe as ms. */
const VERSION_2 = /^2\|([0-9a-fA-F]{8})\|((?:[0-9a-fA-F]{2})+)\|([0-9]{1,12})$/;

/**
 * Makes a new token.
 *
 * @param nowMs ms since 1970
 * @param bytes 16 random bytes, for tests
 */
export function makeXSRFToken(
  nowMs: number,
  bytes: Uint8Array = randomBytes(TOKEN_BYTES),
): XSRFToken {
  return { bytes: Buffer.from(bytes), issuedAtMs: Math.floor(nowMs / SECOND_MS) * SECOND_MS };
}

/**
 * Writes a token for a page or a cookie.
 *
 * @returns ASCII, safe in HTML and in a cookie
 * @throws CodedError ERR_ARGUMENT_RANGE for another version, or a mask of another length
 */
export function encodeXSRFToken(
  token: XSRFToken,
  { version = 2, mask }: XSRFEncoding = {},
): string {
  if (version === 1) return token.bytes.toString("hex");
  if (version !== 2) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the version of an XSRF token is ${describe(version)}; allowed are 1 and 2`,
    );
  }
  const key = Buffer.from(mask ?? randomBytes(MASK_BYTES));
  if (key.length !== MASK_BYTES) {
    throw new CodedError("ERR_ARGUMENT_RANGE", `a mask has 4 bytes; this one has ${key.length}`);
  }
  const masked = maskXSRFToken(token.bytes, key).toString("hex");
  return `2|${key.toString("hex")}|${masked}|${Math.floor(token.issuedAtMs / SECOND_MS)}`;
}

/**
 * Reads a token, from a cookie or as a client sent it.
 *
 * What has no version is read as hexadecimal, and if it is not, as the bytes that it is.
 *
 * @param nowMs ms since 1970, for tokens that do not say when they were made
 * @returns null if there is no token in it: for a form, "invalid format"; for a cookie, as if there
 *   were none
 */
export function decodeXSRFToken(text: string, nowMs: number): XSRFToken | null {
  if (text === "") return null;
  if (!VERSION.test(text)) {
    return makeXSRFToken(nowMs, Buffer.from(text, HEX.test(text) ? "hex" : "utf8"));
  }
  const [, mask, masked, time] = VERSION_2.exec(text) ?? [];
  if (mask === undefined || masked === undefined) return null;
  const bytes = maskXSRFToken(Buffer.from(masked, "hex"), Buffer.from(mask, "hex"));
  return { bytes, issuedAtMs: Number(time) * SECOND_MS };
}

/** Tells whether two tokens are one, however they were written; in constant time. */
export function isSameXSRFToken(a: XSRFToken, b: XSRFToken): boolean {
  return a.bytes.length === b.bytes.length && timingSafeEqual(a.bytes, b.bytes);
}

/** Puts a mask on, or takes it off: byte i XOR byte i modulo 4 of the mask. A copy. */
export function maskXSRFToken(bytes: Uint8Array, mask: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte, at) => byte ^ (mask[at % MASK_BYTES] ?? 0)));
}

/**
 * Writes the form's field that carries a token, for templates.
 *
 * @param token as encodeXSRFToken() wrote it
 */
export function xsrfFormHTML(token: string): string {
  return `<input type="hidden" name="_xsrf" value="${xhtmlEscape(token)}"/>`;
}
