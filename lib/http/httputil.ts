/**
 * What Tornado's httputil and escape offer besides what has a file of its own here: for applications, and for those that
 * are ported line by line. Nothing in the framework calls it.
 */
import { CodedError } from "../base/errors.ts";
import { parseCookiePairs } from "./cookies.ts";
import { toUnicode } from "./escape.ts";
import { parseUrlEncoded } from "./forms.ts";
import { splitHost } from "./requesttarget.ts";

/** How parseQsBytes() reads. */
export interface QueryStringOptions {
  /** Keep arguments with an empty value. Default false, as in Python. */
  readonly keepBlankValues?: boolean | undefined;
  /** Throw at a pair without "=". Default false: its value is blank. */
  readonly strictParsing?: boolean | undefined;
}

/** Takes a host apart: "example.com:80" is ["example.com", 80], "[::1]" is ["[::1]", null]. */
export function splitHostAndPort(netloc: string): [host: string, port: number | null] {
  const { hostName, port } = splitHost(netloc);
  return [hostName, port];
}

/**
 * Splits a Cookie field: all of it, also what request.cookies leaves out, as a value without a name, whose name is "".
 *
 * @param cookie latin1
 * @see parseCookiePairs
 */
export function parseCookie(cookie: string): Map<string, string> {
  return parseCookiePairs(cookie);
}

/**
 * Parses a query or form whose values may be any bytes.
 *
 * @param query text, or bytes
 * @returns names as text, values as bytes, in order
 * @throws CodedError ERR_ARGUMENT_RANGE for a pair without "=" if `strictParsing` is on
 */
export function parseQsBytes(
  query: string | Uint8Array,
  { keepBlankValues = false, strictParsing = false }: QueryStringOptions = {},
): Map<string, Buffer[]> {
  const text = Buffer.from(query as string).toString("latin1");
  const bare = strictParsing ? text.split("&").find((pair) => !pair.includes("=")) : undefined;
  if (bare !== undefined) {
    throw new CodedError("ERR_ARGUMENT_RANGE", `${JSON.stringify(bare)} in a query has no "="`);
  }
  const found = new Map<string, string[]>();
  parseUrlEncoded(text, found, Number.POSITIVE_INFINITY);
  const parsed = new Map<string, Buffer[]>();
  for (const [name, values] of found) {
    const kept = keepBlankValues ? values : values.filter((value) => value !== "");
    if (kept.length > 0) {
      parsed.set(
        name,
        kept.map((value) => Buffer.from(value, "latin1")),
      );
    }
  }
  return parsed;
}

/** Turns the bytes anywhere in arrays, Maps and plain objects into text. @throws as toUnicode() */
export function recursiveUnicode(value: unknown): unknown {
  if (value instanceof Uint8Array) return toUnicode(value);
  if (Array.isArray(value)) return value.map(recursiveUnicode);
  if (value instanceof Map) {
    return new Map(
      [...value].map(([key, item]) => [recursiveUnicode(key), recursiveUnicode(item)]),
    );
  }
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, recursiveUnicode(item)]),
  );
}
