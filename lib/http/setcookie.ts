/**
 * The value of a Set-Cookie field, letter for letter as Tornado writes it.
 *
 * RequestHandler.setCookie() and clearCookie() call these and keep the line until the head is sent.
 * Whatever an application was given by a client and passes on, in a name, a value or an attribute,
 * cannot begin another attribute or end the field: every piece goes through checkPiece() in the
 * form in which it is sent, and there is no other way into the line (CVE-2026-35536 and its
 * successors were ways around such a check).
 */
import { everyByteIn, tokenBytes } from "../base/bytes.ts";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { nearestName } from "../base/levenshtein.ts";
import { parseCookies } from "./cookies.ts";
import { formatTimestamp } from "./httpdate.ts";

/** Whether a browser sends a cookie with requests that another site's page makes. */
export type SameSite = "Strict" | "Lax" | "None" | "strict" | "lax" | "none";

/** The attributes of a cookie. null is "without it". */
export interface CookieAttributes {
  /** The host, with its subdomains, that gets it; without it, the host alone that set it. */
  readonly domain?: string | null | undefined;
  /** When it ends: a Date, or ms since 1970. It wins over expiresDays. */
  readonly expires?: Date | number | null | undefined;
  /** When it ends, in days from now. */
  readonly expiresDays?: number | null | undefined;
  /** Keep it from scripts. Default false. */
  readonly httpOnly?: boolean | undefined;
  /** Max-Age as it is sent: whole seconds. 0 is left out, as in Tornado: clearCookie() deletes. */
  readonly maxAge?: number | null | undefined;
  /** Default "/"; "" and null leave it out. */
  readonly path?: string | null | undefined;
  /** "" and null leave it out. */
  readonly sameSite?: SameSite | "" | null | undefined;
  /** Only over TLS. Default false. */
  readonly secure?: boolean | undefined;
}

/** The attributes that tell which cookie is cleared; browsers want those it was set with. */
export type ClearCookieAttributes = Omit<CookieAttributes, "expires" | "expiresDays" | "maxAge">;

const CLEARING_NAMES: readonly string[] = ["domain", "httpOnly", "path", "sameSite", "secure"];
const NAMES: readonly string[] = [...CLEARING_NAMES, "expires", "expiresDays", "maxAge"];
const SAME_SITES: readonly string[] = ["strict", "lax", "none"];

const DAY_MS = 86_400_000;

/** How long ago a cleared cookie ended. */
const YEAR_MS = 365 * DAY_MS;

/** Python spells it so, and no other attribute. */
const EXPIRES = "expires";

/** What would end a piece or the line, or is no latin1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\x00-\x20;\x7f]|[^\x00-\xff]/;

/** The same, except that a date has spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN_IN_DATE = /[\x00-\x1f;\x7f]|[^\x00-\xff]/;

/** What a value may not have even though it could be escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN_IN_VALUE = /[\x00-\x20]|[^\x00-\xff]/;

/** Inside quotes these stand for themselves, as token characters do. */
const PLAIN_IN_QUOTES = ":()/<=>?@[]{}";

/** Each byte as it stands inside quotes. */
const QUOTED_BYTES: readonly string[] = quotedBytes();

/** One `name=value` or flag of the line. */
type Piece = readonly [name: string, value: string | null];

/**
 * Writes the value of a Set-Cookie field: `name=value; Domain=…; expires=…; HttpOnly; Max-Age=…;
 * Path=…; SameSite=…; Secure`, of which only what is set.
 *
 * A value with other than token characters and ":" is put in quotes; in them `,`, `;`, DEL and
 * 0x80 to 0xff are `\` and three octal digits, `"` and `\` have a `\` before them. parseCookies()
 * reads all of it back.
 *
 * @param value latin1 above U+0020
 * @param nowMs ms since 1970, what expiresDays counts from
 * @throws CodedError ERR_HTTP_COOKIE for a name that parseCookies() would not read; for a value with
 *   a space, a control or a character latin1 has not; for an attribute with one of these, DEL or
 *   ";", or of the wrong type. ERR_HTTP_DATE for a time that cannot be written.
 *   ERR_UNKNOWN_OPTION for an unknown attribute
 * @see RFC 6265 §4.1; http.cookies.Morsel.OutputString
 */
export function setCookieLine(
  name: string,
  value: string,
  attributes: CookieAttributes,
  nowMs: number,
): string {
  checkAttributeNames("setCookie", attributes, NAMES);
  return lineOf(name, value, attributes, expiryOf(name, attributes, nowMs));
}

/**
 * Writes the value of a Set-Cookie field that makes a browser forget a cookie: it has no value, and
 * ended a year ago.
 *
 * @param nowMs ms since 1970
 * @throws CodedError as setCookieLine(); ERR_UNKNOWN_OPTION also for expires, expiresDays and maxAge
 */
export function clearCookieLine(
  name: string,
  attributes: ClearCookieAttributes,
  nowMs: number,
): string {
  checkAttributeNames("clearCookie", attributes, CLEARING_NAMES);
  return lineOf(name, "", attributes, nowMs - YEAR_MS);
}

function lineOf(
  name: string,
  value: string,
  attributes: CookieAttributes,
  expiresMs: Date | number | null,
): string {
  checkName(name);
  checkValue(name, value);
  const { domain, httpOnly, maxAge, path = "/", sameSite, secure } = attributes;
  checkMaxAge(name, maxAge);
  checkSameSite(name, sameSite);
  // In the order of their names in lower case.
  const pieces: readonly (Piece | null)[] = [
    [name, quoteCookie(value)],
    text(name, "Domain", domain),
    expiresMs === null ? null : [EXPIRES, formatTimestamp(expiresMs)],
    flag(name, "HttpOnly", httpOnly),
    maxAge ? ["Max-Age", String(maxAge)] : null,
    text(name, "Path", path),
    text(name, "SameSite", sameSite),
    flag(name, "Secure", secure),
  ];
  return pieces
    .filter((piece) => piece !== null)
    .map((piece) => checkPiece(name, piece))
    .join("; ");
}

/** The one gate: a piece as it is sent, whatever it was made of. */
function checkPiece(cookie: string, [name, value]: Piece): string {
  const piece = value === null ? name : `${name}=${value}`;
  const forbidden = name === EXPIRES ? FORBIDDEN_IN_DATE : FORBIDDEN;
  const at = piece.search(forbidden);
  if (at === -1) return piece;
  throw fault(cookie, `${quote(piece)} has ${hex(piece, at)}; allowed is latin1 without controls`);
}

/** A name that the reader would drop or take for another is not written either. */
function checkName(name: string): void {
  if (typeof name === "string" && parseCookies(`${name}=`).has(name)) return;
  throw new CodedError(
    "ERR_HTTP_COOKIE",
    `${describe(name)} is no name for a cookie; allowed are letters, digits and ` +
      "!#$%&'*+-.^_`|~:, and none of the attributes' names",
  );
}

function checkValue(cookie: string, value: unknown): void {
  if (typeof value !== "string") {
    throw fault(cookie, `its value is ${describe(value)}; allowed is a string`);
  }
  const at = value.search(FORBIDDEN_IN_VALUE);
  if (at === -1) return;
  const remedy = "encode it first, with encodeURIComponent say";
  throw fault(cookie, `its value ${quote(value)} has ${hex(value, at)}; ${remedy}`);
}

function checkMaxAge(cookie: string, maxAge: unknown): void {
  if (maxAge === undefined || maxAge === null || Number.isSafeInteger(maxAge)) return;
  throw fault(cookie, `its maxAge is ${describe(maxAge)}; allowed is an integer, in seconds`);
}

function checkSameSite(cookie: string, sameSite: unknown): void {
  if (sameSite === undefined || sameSite === null || sameSite === "") return;
  if (typeof sameSite === "string" && SAME_SITES.includes(sameSite.toLowerCase())) return;
  throw fault(cookie, `its sameSite is ${describe(sameSite)}; allowed are Strict, Lax and None`);
}

/** Attributes by mistake unset, `httponly` say, are worse than an error. */
function checkAttributeNames(
  owner: string,
  attributes: CookieAttributes,
  names: readonly string[],
): void {
  for (const name of Object.keys(attributes)) {
    if (names.includes(name)) continue;
    const nearest = nearestName(name, names);
    const remedy = nearest === null ? `it has ${names.join(", ")}` : `did you mean "${nearest}"?`;
    throw new CodedError("ERR_UNKNOWN_OPTION", `${owner} has no option ${quote(name)}; ${remedy}`);
  }
}

function expiryOf(
  cookie: string,
  { expires, expiresDays }: CookieAttributes,
  nowMs: number,
): Date | number | null {
  if (expires !== undefined && expires !== null) {
    if (typeof expires === "number" || expires instanceof Date) return expires;
    throw fault(
      cookie,
      `its expires is ${describe(expires)}; allowed are a Date and ms since 1970`,
    );
  }
  if (expiresDays === undefined || expiresDays === null) return null;
  if (typeof expiresDays === "number") return nowMs + expiresDays * DAY_MS;
  throw fault(cookie, `its expiresDays is ${describe(expiresDays)}; allowed is a number`);
}

function text(cookie: string, name: string, value: unknown): Piece | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return [name, value];
  throw fault(cookie, `its ${name} is ${describe(value)}; allowed is a string`);
}

function flag(cookie: string, name: string, value: unknown): Piece | null {
  if (value === undefined || value === false) return null;
  if (value === true) return [name, null];
  throw fault(cookie, `its ${name} is ${describe(value)}; allowed are true and false`);
}

/** As http.cookies._quote: the empty value is quoted, too. */
function quoteCookie(value: string): string {
  if (value !== "" && [...value].every(isLegal)) return value;
  let quoted = "";
  for (let at = 0; at < value.length; at++) quoted += QUOTED_BYTES[value.charCodeAt(at)] ?? "";
  return `"${quoted}"`;
}

function isLegal(character: string): boolean {
  return character === ":" || everyByteIn(tokenBytes, character);
}

function quotedBytes(): string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") return `\\${character}`;
    if (isLegal(character) || PLAIN_IN_QUOTES.includes(character)) return character;
    return `\\${byte.toString(8).padStart(3, "0")}`;
  });
}

function hex(text: string, at: number): string {
  return `character 0x${text.charCodeAt(at).toString(16).padStart(2, "0")} at offset ${at}`;
}

function fault(cookie: string, what: string): CodedError {
  return new CodedError("ERR_HTTP_COOKIE", `cookie ${quote(cookie)} cannot be set: ${what}`);
}
