/**
 * Preconditions of a GET or HEAD: whether the client has what it asks for already, or asks for something that is no more.
 *
 * StaticFileHandler calls these with the validators of a file, which are those of the response it is about to send.
 */
import { matchesIfNoneMatch } from "./conditional.ts";
import { parseHTTPDate } from "./httpdate.ts";

/** What identifies the state of a representation. */
export interface Validators {
  /** With its quotes, "W/" before it if it is weak; null = none. */
  readonly etag: string | null;
  /** Of Last-Modified: ms since 1970, whole seconds; null = none. */
  readonly modifiedMs: number | null;
}

/** The fields of a request, by name. */
export interface RequestFields {
  get(name: string): string | null;
}

const TAG = /(?:W\/)?"[^"]*"/g;

/**
 * Tells whether If-Match or, without it, If-Unmodified-Since fails: the answer is 412 then. Dates that are none are
 * ignored.
 *
 * @see RFC 9110 §13.1.1, §13.1.4, §13.2.2
 */
export function preconditionFails(fields: RequestFields, validators: Validators): boolean {
  const wanted = fields.get("If-Match");
  if (wanted !== null) return !matchesIfMatch(wanted, validators.etag);
  const sinceMs = dateOf(fields.get("If-Unmodified-Since"));
  return sinceMs !== null && validators.modifiedMs !== null && validators.modifiedMs > sinceMs;
}

/**
 * Tells whether the client has the representation already, by If-None-Match or, without it, If-Modified-Since: the
 * answer is 304 then. Dates that are none are ignored.
 *
 * @see RFC 9110 §13.1.2, §13.1.3, §13.2.2
 */
export function isNotModified(fields: RequestFields, validators: Validators): boolean {
  const known = fields.get("If-None-Match");
  if (known !== null) {
    // "*" stands for any representation, one without a tag among them.
    return (
      known.trim() === "*" ||
      (validators.etag !== null && matchesIfNoneMatch(known, validators.etag))
    );
  }
  const sinceMs = dateOf(fields.get("If-Modified-Since"));
  return sinceMs !== null && validators.modifiedMs !== null && validators.modifiedMs <= sinceMs;
}

/**
 * Tells whether the Range field counts: If-Range is missing, or names exactly what there is. A weak tag names nothing.
 *
 * @see RFC 9110 §13.1.5
 */
export function isRangeWanted(fields: RequestFields, validators: Validators): boolean {
  const condition = fields.get("If-Range");
  if (condition === null) return true;
  const text = condition.trim();
  if (text.startsWith('"')) return text === validators.etag;
  const dateMs = parseHTTPDate(text);
  return dateMs !== null && dateMs === validators.modifiedMs;
}

/** Strong comparison: a weak tag on either side is not the same. @see RFC 9110 §8.8.3.2 */
function matchesIfMatch(field: string, etag: string | null): boolean {
  if (field.trim() === "*") return true;
  if (etag === null || etag.startsWith("W/")) return false;
  return field.match(TAG)?.includes(etag) ?? false;
}

function dateOf(field: string | null): number | null {
  return field === null ? null : parseHTTPDate(field);
}
